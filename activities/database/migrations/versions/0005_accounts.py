"""People who sign in, and by when each incident is promised."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from activities.database.tables import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _key(name: str, *, nullable: bool = False) -> Any:
    return sa.Column(name, sa.String(length=100), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> Any:
    return sa.Column(name, Instant(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Forward. Incidents on record show their promise from their next change on."""
    op.add_column("incidents", _instant("promised_by", nullable=True))
    op.create_index(op.f("ix_incidents_status_promised_by"), "incidents", ["status", "promised_by"])
    op.create_table(
        "accounts",
        _key("person"),
        sa.Column("password_hash", sa.String(length=300), nullable=False),
        _instant("changed_at"),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_accounts")),
    )
    op.create_table(
        "sessions",
        _key("hash"),
        _key("person"),
        _key("way"),
        _instant("began_at"),
        _instant("seen_at"),
        _instant("ends_at"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_person"), "sessions", ["person"])
    op.create_table(
        "one_time_links",
        _key("hash"),
        _key("person"),
        _key("purpose"),
        _instant("ends_at"),
        _instant("used_at", nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_one_time_links")),
    )
    op.create_index(op.f("ix_one_time_links_ends_at"), "one_time_links", ["ends_at"])
    _requests_throttles_and_audit()


def _requests_throttles_and_audit() -> None:
    op.create_table(
        "link_requests",
        _key("id"),
        _key("person", nullable=True),
        _instant("asked_at"),
        _instant("next_attempt_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_requests")),
    )
    op.create_index(op.f("ix_link_requests_next_attempt_at"), "link_requests", ["next_attempt_at"])
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(length=200), nullable=False),
        _instant("began_at"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_table(
        "security_events",
        _key("id"),
        _instant("at"),
        _key("kind"),
        _key("person", nullable=True),
        _key("address", nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_events")),
    )
    op.create_index(op.f("ix_security_events_at"), "security_events", ["at"])
