"""Indexes for lists in the order in which they are shown."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index(op.f("ix_letters_at_key"), "letters", ["at", "key"])
    op.create_index(
        "ix_incidents_in_line",
        "incidents",
        ["status", sa.text("(promised_by IS NULL)"), "promised_by", sa.text("changed_at DESC"), "number"],
    )
