"""The audit: who came in how, who was turned away, who changed what in directory, catalogue and keys (process.md S21, S22). Append-only.

Nothing in this house changes or takes away a line, but for an erasure, which writes one (activities/erasure); a test looks for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from ulid import ULID

from activities.access.throttle import FOREIGN_FORMS_FROM_AN_ADDRESS, REFUSALS_OF_A_PERSON, Limit, count
from activities.database.tables import security_events


class Seen(StrEnum):
    """What can have happened at the door or to the directory, in the past tense."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SLOWED_DOWN = "slowed_down"
    LINK_ASKED = "link_asked"
    LINK_MADE = "link_made"
    PASSWORD_SET = "password_set"  # noqa: S105 -- a name, no password
    SIGNED_OUT = "signed_out"
    SESSIONS_ENDED = "sessions_ended"
    FOREIGN_FORM = "foreign_form"
    ACCESS_DENIED = "access_denied"
    COMMAND_REFUSED = "command_refused"
    IDENTITY_BOUND = "identity_bound"
    IDENTITIES_FORGOTTEN = "identities_forgotten"
    PROVIDER_DOUBTED = "provider_doubted"
    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"
    PERSON_DISABLED = "person_disabled"
    PERSON_ENABLED = "person_enabled"
    PERSON_ERASED = "person_erased"
    ABSENCE_CHANGED = "absence_changed"
    GROUP_ADDED = "group_added"
    GROUP_CHANGED = "group_changed"
    ROTA_ADDED = "rota_added"
    ROTA_CHANGED = "rota_changed"
    ROTA_REMOVED = "rota_removed"
    SERVICE_ADDED = "service_added"
    SERVICE_CHANGED = "service_changed"
    DIRECTORY_IMPORTED = "directory_imported"
    DIRECTORY_EXPORTED = "directory_exported"
    AUDIT_EXPORTED = "audit_exported"
    EVENTS_EXPORTED = "events_exported"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"


@dataclass(frozen=True)
class Hand:
    """Who changes something, by id, and from which address. Without either: whoever has the command line."""

    actor: str | None = None
    address: str | None = None


COMMAND_LINE = Hand()
_COMMAND_LINE_SAID = "command line"


@dataclass(frozen=True)
class Change:
    """One change: of what (such as "group network"), and the values that differ, as JSON. ``person`` is who it is about."""

    kind: Seen
    subject: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    person: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class SecurityEvent:
    """One line of the audit. ``person`` is who it is about, if known; ``address`` where it came from, none for the command line."""

    id: str
    at: datetime
    kind: str
    person: str | None
    address: str | None
    detail: str
    actor: str | None
    subject: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


async def write_down(
    engine: AsyncEngine,
    kind: Seen,
    *,
    person: str | None = None,
    address: str | None = None,
    detail: str = "",
    actor: str | None = None,
    subject: str | None = None,
) -> None:
    """Adds a line. What people typed never stands in it: a password typed into the wrong field would be kept."""
    line = {"id": str(ULID()), "at": datetime.now(UTC), "kind": kind.value, "person": person, "address": address, "detail": detail}
    async with engine.begin() as connection:
        await connection.execute(security_events.insert().values(line | {"actor": actor, "subject": subject}))


async def write_changes(connection: AsyncConnection, by: Hand, *changes: Change) -> None:
    """Adds a line for each, in the transaction that changes it: no change without its line, no line without its change."""
    if changes:
        await connection.execute(security_events.insert(), [_line(by, each) for each in changes])


def _line(by: Hand, change: Change) -> dict[str, Any]:
    said = [change.detail, *([_COMMAND_LINE_SAID] if by == COMMAND_LINE else [])]
    return {
        "id": str(ULID()),
        "at": datetime.now(UTC),
        "kind": change.kind.value,
        "person": change.person,
        "address": by.address,
        "detail": ", ".join(each for each in said if each)[:200],
        "actor": by.actor,
        "subject": change.subject,
        "before": change.before,
        "after": change.after,
    }


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs, as it was and as it is."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


async def note_foreign_form(engine: AsyncEngine, address: str, now: datetime) -> None:
    """A form that another site sent. Of many from one address within an hour only the first are written down, then how many they have become."""
    seen = await count(engine, FOREIGN_FORMS_FROM_AN_ADDRESS, address, now)
    await _write_down_some(engine, FOREIGN_FORMS_FROM_AN_ADDRESS, seen, Seen.FOREIGN_FORM, {"address": address}, {}, "within an hour")


async def note_denial(engine: AsyncEngine, who: str, address: str, route: str) -> None:
    """Somebody asked for what none of their roles may have (S22). Of many within an hour the first hundred are written down, then how many they have become."""
    await _note_refusal(engine, Seen.ACCESS_DENIED, who, route, address=address)


async def note_refused_command(engine: AsyncEngine, who: str, number: str, command: str, rule: str) -> None:
    """A command that the front door refused by a rule, so that its incident never heard of it (S4). As many lines as for denials."""
    await _note_refusal(engine, Seen.COMMAND_REFUSED, who, f"{command}: {rule}", subject=f"incident {number}")


async def _note_refusal(
    engine: AsyncEngine, kind: Seen, who: str, what: str, address: str | None = None, subject: str | None = None
) -> None:
    seen = await count(engine, REFUSALS_OF_A_PERSON, who, datetime.now(UTC))
    always, one = {"address": address, "actor": who}, {"detail": what[:200], "subject": subject}
    await _write_down_some(engine, REFUSALS_OF_A_PERSON, seen, kind, always, one, "refusals within an hour")


async def _write_down_some(
    engine: AsyncEngine, limit: Limit, seen: int, kind: Seen, always: Mapping[str, Any], one: Mapping[str, Any], many: str
) -> None:
    """The first within the limit have a line each, that says ``one``; then a line says now and then how ``many`` they have become."""
    if seen <= limit.tries:
        await write_down(engine, kind, **always, **one)
    elif _is_round(seen):
        await write_down(engine, kind, **always, detail=f"{seen} {many}")


def _is_round(number: int) -> bool:
    """Ten, a hundred, a thousand and so on: lines that never become many."""
    return str(number).rstrip("0") == "1"


async def latest(engine: AsyncEngine, limit: int) -> tuple[SecurityEvent, ...]:
    """The last lines, newest first."""
    columns = [security_events.c[name] for name in SecurityEvent.__dataclass_fields__]
    query = select(*columns).order_by(security_events.c.at.desc(), security_events.c.id.desc()).limit(limit)
    async with engine.execution_options(read_only=True).connect() as connection:
        return tuple(SecurityEvent(*row) for row in await connection.execute(query))
