"""Administration: services, people who left, absences with a beginning, keys with an end, an audit of changes."""

import sqlalchemy as sa
from alembic import op

from activities.database import tables

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "services",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=True),
        sa.Column("owner_group", sa.String(length=100), nullable=True),
        sa.Column("owner_person", sa.String(length=100), nullable=True),
        sa.Column("category", sa.String(length=100), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    op.add_column("people", sa.Column("absent_from", tables.Instant(timezone=True), nullable=True))
    op.add_column("people", sa.Column("disabled_at", tables.Instant(timezone=True), nullable=True))
    op.add_column("api_keys", sa.Column("ends_at", tables.Instant(timezone=True), nullable=True))
    op.add_column("security_events", sa.Column("actor", sa.String(length=100), nullable=True))
    op.add_column("security_events", sa.Column("subject", sa.String(length=200), nullable=True))
    op.add_column("security_events", sa.Column("before", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("security_events", sa.Column("after", sa.JSON(none_as_null=True), nullable=True))
    op.drop_index("ix_security_events_at", "security_events")
    op.create_index(op.f("ix_security_events_at_id"), "security_events", ["at", "id"])
