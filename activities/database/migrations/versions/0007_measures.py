"""What figures are made of, and indexes for them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LOST = "state IN ('failed', 'unknown')"


def _key(name: str, *, nullable: bool = False) -> Any:
    return sa.Column(name, sa.String(length=100), nullable=nullable)


def _number(name: str, *, nullable: bool = True) -> Any:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _claim(name: str, *, nullable: bool = False) -> Any:
    return sa.Column(name, sa.Boolean(), nullable=nullable)


def upgrade() -> None:
    """Forward. Incidents that were over before are measured by ``holdfast migrate`` itself."""
    op.create_table(
        "measures",
        _key("number"),
        _number("version", nullable=False),
        sa.Column("over_on", sa.Date(), nullable=False),
        _claim("is_cancelled"),
        _key("priority"),
        _key("category", nullable=True),
        _key("group", nullable=True),
        _number("acknowledged"),
        _number("responded"),
        _number("resolved"),
        _number("resolved_wall"),
        _claim("response_met", nullable=True),
        _number("response_over"),
        _claim("resolution_met", nullable=True),
        _number("resolution_over"),
        _number("downgraded_after_breach", nullable=False),
        _claim("at_first_contact"),
        _claim("at_first_level"),
        _number("reassignments", nullable=False),
        _number("reopenings", nullable=False),
        _number("rejections", nullable=False),
        _claim("is_confirmed"),
        _number("timers", nullable=False),
        sa.Column("late", sa.JSON(), nullable=True),
        _number("letters", nullable=False),
        _key("survey", nullable=True),
        _number("score"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_measures")),
    )
    op.create_index(
        op.f("ix_measures_is_cancelled_over_on_priority_category_group"),
        "measures",
        ["is_cancelled", "over_on", "priority", "category", "group"],
    )
    op.create_index(
        op.f("ix_incidents_reported_at_kind_priority_category_group"),
        "incidents",
        ["reported_at", "kind", "priority", "category", "group"],
    )
    op.create_index("ix_letters_lost", "letters", ["state", "number"], sqlite_where=sa.text(_LOST), postgresql_where=sa.text(_LOST))
