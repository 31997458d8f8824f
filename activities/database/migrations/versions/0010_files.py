"""Files of incidents: what is known of each, and its bytes in parts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from activities.database.tables import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _key(name: str) -> Any:
    return sa.Column(name, sa.String(length=100), nullable=False)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "files",
        _key("id"),
        _key("number"),
        _key("command_id"),
        sa.Column("name", sa.String(length=120), nullable=False),
        _key("kind"),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("inside", sa.Boolean(), nullable=False),
        _key("actor_kind"),
        _key("actor"),
        sa.Column("received_at", Instant(timezone=True), nullable=False),
        sa.Column("sent", sa.JSON(), nullable=False),
        _key("state"),
        sa.Column("seq", sa.Integer(), nullable=True),
        _key("scan"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_look_at", Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    op.create_index(op.f("ix_files_number"), "files", ["number"])
    op.create_index(op.f("ix_files_next_look_at"), "files", ["next_look_at"])
    op.create_table(
        "file_parts",
        _key("file"),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file", "part", name=op.f("pk_file_parts")),
    )
