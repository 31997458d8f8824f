"""What happened in a period is found by an index, however long the record is."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_index("ix_events_in_time", "events", ["at", "number", "seq"])
