"""Incidents as the record shows them: one, its timeline, lists (process.md S21, S22)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, or_, select, tuple_

from activities.database.tables import events, incidents, intake
from api.queries import Database, reading
from api.queries.search import found_by
from workflows.event_kinds import NOTICES
from workflows.messages import Actor
from workflows.vocabulary import FINAL, EventKind, Status

# What lists can be filtered by, as columns of the record.
FILTERS = ("status", "group", "person", "priority", "category", "affected")
_NOTICED = sorted(kind.value for kind in NOTICES | {EventKind.REFUSED})


@dataclass(frozen=True)
class Standing:
    """What a front door must know of an incident before it passes a command on. Without ``status``: accepted, not yet in the record."""

    status: Status | None
    edition: str | None
    people: frozenset[str]
    version: int | None = None

    @property
    def is_over(self) -> bool:
        """Final in the record; its process has ended, or waits for nothing but the answer to a survey (S12, S13)."""
        return self.status in FINAL


async def standing_of(database: Database, number: str) -> Standing | None:
    """How the incident stands and whose it is, or none if nobody ever reported it under this number."""
    columns = (
        incidents.c.status,
        incidents.c.facts["edition"].as_string(),
        incidents.c.affected,
        incidents.c.reporter,
        incidents.c.version,
    )
    async with reading(database).connect() as connection:
        row = (await connection.execute(select(*columns).where(incidents.c.number == number))).one_or_none()
        if row is not None:
            return Standing(Status(row[0]), row[1], frozenset(row[2:4]), row[4])
        begun = select(intake.c.key).where(intake.c.number == number, intake.c.started_at.is_not(None))
        key = (await connection.execute(begun)).scalar_one_or_none()
    return Standing(None, None, frozenset({reporter_in(key)})) if key else None


def intake_key(reporter: Actor, key: str) -> str:
    """The key of the intake ledger: an Idempotency-Key counts for the one who used it only. No id contains a slash."""
    return f"{reporter.kind}/{reporter.id}/{key}"


def reporter_in(key: str) -> str:
    """Whose key of the intake ledger it is."""
    return key.split("/", 2)[1]


async def is_news_to(database: Database, number: str, actor: Actor, seen: int) -> bool:
    """Whether somebody else has moved the incident since that version, as the record shows it (S4)."""
    is_theirs = (events.c.actor_kind == actor.kind.value) & (events.c.actor == actor.id)
    moves = select(events.c.seq).where(events.c.number == number, events.c.seq > seen, events.c.kind.not_in(_NOTICED), ~is_theirs)
    async with reading(database).connect() as connection:
        return (await connection.execute(moves.limit(1))).first() is not None


async def facts_of(database: Database, number: str) -> dict[str, Any] | None:
    """All facts of one incident (publication.Snapshot as JSON), or none."""
    async with reading(database).connect() as connection:
        found = (await connection.execute(select(incidents.c.facts).where(incidents.c.number == number))).scalar_one_or_none()
    return dict(found) if found is not None else None


def as_text(instant: datetime) -> str:
    """RFC 3339 in UTC, as everywhere in the API."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Place:
    """Where a page of a list ended: the last incident on it."""

    changed_at: datetime
    number: str


@dataclass(frozen=True)
class Wanted:
    """Which incidents, in which order. ``said``: with these words in them.

    ``only_of``: those this person reported or is affected by, found by what callers may read (S22).
    """

    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changed_since: datetime | None = None
    said: str = ""
    only_of: str | None = None
    oldest_first: bool = False
    after: Place | None = None
    limit: int = 50


@dataclass(frozen=True)
class Page:
    """One page of a list, and the place where the next one begins, if there is one."""

    items: list[dict[str, Any]]
    ends_at: Place | None


async def listed(database: Database, wanted: Wanted) -> Page:
    """Incidents by the time of their last change, then number: an order in which no page repeats or skips what did not change."""
    async with reading(database).connect() as connection:
        rows = (await connection.execute(_query(database, wanted))).all()
    page, more = rows[: wanted.limit], len(rows) > wanted.limit
    ends_at = Place(page[-1].changed_at, page[-1].number) if more else None
    return Page([dict(row.facts) for row in page], ends_at)


def _query(database: Database, wanted: Wanted) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [incidents.c[name].in_(values) for name, values in wanted.filters.items() if values]
    if wanted.said.strip():
        conditions += found_by(database, wanted.said, public_only=wanted.only_of is not None)
    if wanted.changed_since:
        conditions.append(incidents.c.changed_at >= wanted.changed_since)
    if wanted.only_of:
        conditions.append(or_(incidents.c.affected == wanted.only_of, incidents.c.reporter == wanted.only_of))
    order = (incidents.c.changed_at, incidents.c.number)
    if wanted.after:
        place = tuple_(literal(wanted.after.changed_at, incidents.c.changed_at.type), literal(wanted.after.number))
        conditions.append(tuple_(*order) > place if wanted.oldest_first else tuple_(*order) < place)
    sorted_by = order if wanted.oldest_first else tuple(column.desc() for column in order)
    columns = (incidents.c.number, incidents.c.changed_at, incidents.c.facts)
    return select(*columns).where(*conditions).order_by(*sorted_by).limit(wanted.limit + 1)
