"""People can be erased: which incidents nothing may come back to, and erasures that have not come to their end."""

import sqlalchemy as sa
from alembic import op

from activities.database.tables import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("incidents", sa.Column("sealed_at", Instant(timezone=True)))
    op.create_table(
        "erasures",
        sa.Column("pseudonym", sa.String(length=100), nullable=False),
        sa.Column("person", sa.String(length=100)),
        sa.Column("began_at", Instant(timezone=True), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_erasures")),
    )
