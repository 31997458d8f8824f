"""The audit, newest first: a page of it, or as much as a file takes (process.md S21, S22). Only read here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, literal, or_, select, tuple_

from activities.access.security_log import SecurityEvent
from activities.database.tables import security_events
from api.queries import Database, reading

PAGE = 50
# So many lines a file has at most; the filters lead to the others.
MOST_IN_A_FILE = 20_000


@dataclass(frozen=True)
class Place:
    """Where a page ended: the last line on it."""

    at: datetime
    id: str


@dataclass(frozen=True)
class Sought:
    """Which lines: by whom, about what or whom, of which kind, within which instants (UTC, the end not included)."""

    actor: str = ""
    about: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: Place | None = None


async def audit_lines(database: Database, sought: Sought, most: int = PAGE) -> tuple[list[SecurityEvent], Place | None]:
    """Lines, newest first, and where the next ones begin, if there are any."""
    columns = [security_events.c[name] for name in SecurityEvent.__dataclass_fields__]
    newest_first = (security_events.c.at.desc(), security_events.c.id.desc())
    query = select(*columns).where(*_conditions(sought)).order_by(*newest_first).limit(most + 1)
    async with reading(database).connect() as connection:
        found = [SecurityEvent(*row) for row in await connection.execute(query)]
    lines = found[:most]
    return lines, Place(lines[-1].at, lines[-1].id) if len(found) > most else None


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    line = security_events.c
    found: list[ColumnElement[bool]] = []
    if sought.actor:
        # Whoever signs in does so themselves.
        found.append(or_(line.actor == sought.actor, line.actor.is_(None) & (line.person == sought.actor) & line.subject.is_(None)))
    if sought.about:
        found.append(or_(line.person == sought.about, line.subject.contains(sought.about, autoescape=True)))
    if sought.kind:
        found.append(line.kind == sought.kind)
    if sought.since:
        found.append(line.at >= sought.since)
    if sought.until:
        found.append(line.at < sought.until)
    if sought.before:
        place = tuple_(literal(sought.before.at, line.at.type), literal(sought.before.id))
        found.append(tuple_(line.at, line.id) < place)
    return found
