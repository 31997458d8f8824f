"""Digests, headers as they went out, second deliveries, and what people do not want."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("letters", sa.Column("digest", sa.String(length=300)))
    op.add_column("letters", sa.Column("headers", sa.Text()))
    op.add_column("letters", sa.Column("envelope_sender", sa.String(length=400)))
    op.add_column("letters", sa.Column("resent_by", sa.String(length=100)))
    op.drop_index("ix_letters_recipient", table_name="letters")
    op.create_index("ix_letters_recipient_at", "letters", ["recipient", "at"])
    op.create_index("ix_letters_digest", "letters", ["digest"])
    op.create_table(
        "preferences",
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("declines", sa.String(length=100), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", "declines", name=op.f("pk_preferences")),
    )
