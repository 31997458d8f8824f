"""The audit of signing in: who came in how, who was turned away, what was changed (process.md S21, S22). Append-only."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from ulid import ULID

from activities.database.tables import security_events
from activities.throttle import FOREIGN_FORMS_FROM_AN_ADDRESS, count


class Seen(StrEnum):
    """What can have happened at the door, in the past tense."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SLOWED_DOWN = "slowed_down"
    LINK_ASKED = "link_asked"
    LINK_MADE = "link_made"
    PASSWORD_SET = "password_set"  # noqa: S105 -- a name, no password
    SIGNED_OUT = "signed_out"
    SESSIONS_ENDED = "sessions_ended"
    FOREIGN_FORM = "foreign_form"
    IDENTITY_BOUND = "identity_bound"
    IDENTITIES_FORGOTTEN = "identities_forgotten"
    PROVIDER_DOUBTED = "provider_doubted"


@dataclass(frozen=True)
class SecurityEvent:
    """One line of the audit. ``person`` is who it is about, if known; ``address`` where it came from, none for the command line."""

    at: datetime
    kind: Seen
    person: str | None
    address: str | None
    detail: str


async def write_down(engine: AsyncEngine, kind: Seen, *, person: str | None = None, address: str | None = None, detail: str = "") -> None:
    """Adds a line. What people typed never stands in it: a password typed into the wrong field would be kept."""
    line = {"id": str(ULID()), "at": datetime.now(UTC), "kind": kind.value, "person": person, "address": address, "detail": detail}
    async with engine.begin() as connection:
        await connection.execute(security_events.insert().values(line))


async def note_foreign_form(engine: AsyncEngine, address: str, now: datetime) -> None:
    """A form that another site sent. Of many from one address within an hour only the first are written down, then how many they have become."""
    seen = await count(engine, FOREIGN_FORMS_FROM_AN_ADDRESS, address, now)
    if seen <= FOREIGN_FORMS_FROM_AN_ADDRESS.tries:
        await write_down(engine, Seen.FOREIGN_FORM, address=address)
    elif is_round(seen):
        await write_down(engine, Seen.FOREIGN_FORM, address=address, detail=f"{seen} within an hour")


def is_round(number: int) -> bool:
    """Ten, a hundred, a thousand and so on: lines that never become many."""
    return str(number).rstrip("0") == "1"


async def latest(engine: AsyncEngine, limit: int) -> tuple[SecurityEvent, ...]:
    """The last lines, newest first."""
    columns = [security_events.c[name] for name in SecurityEvent.__dataclass_fields__]
    query = select(*columns).order_by(security_events.c.at.desc(), security_events.c.id.desc()).limit(limit)
    async with engine.execution_options(read_only=True).connect() as connection:
        rows = (await connection.execute(query)).all()
    return tuple(SecurityEvent(row.at, Seen(row.kind), row.person, row.address, row.detail) for row in rows)
