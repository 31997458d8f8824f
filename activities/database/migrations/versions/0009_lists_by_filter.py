"""The index of long lists also tells what to leave out."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ORDER = ("status", sa.text("(promised_by IS NULL)"), "promised_by", sa.text("changed_at DESC"), "number")


def upgrade() -> None:
    """Forward."""
    op.drop_index("ix_incidents_in_line", "incidents")
    op.create_index("ix_incidents_in_line", "incidents", [*_ORDER, "priority", "group", "category", "person"])
