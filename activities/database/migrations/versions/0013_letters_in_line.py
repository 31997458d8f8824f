"""Whose turn it is to be sent is found by an index, however many letters wait."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_RANKED = """
UPDATE letters SET priority = (SELECT incidents.priority FROM incidents WHERE incidents.number = letters.number)
WHERE state IN ('planned', 'handed_over') AND number IN (SELECT incidents.number FROM incidents)
"""


def upgrade() -> None:
    """Forward."""
    op.add_column("letters", sa.Column("priority", sa.String(length=100), server_default="none", nullable=False))
    op.execute(_RANKED)
    op.drop_index("ix_letters_state_next_attempt_at", "letters")
    op.create_index("ix_letters_in_line", "letters", ["state", "priority", "next_attempt_at", "cause"])
