"""The queues of the console: what is mine, my groups', nobody's, soon late; and what a search finds (process.md S5, S8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select, union_all

from activities.database.tables import groups, incidents, memberships, people, services
from activities.directory.attendance import OF_THE_HOUSE
from activities.erasure.marks import NOBODY, is_pseudonym
from api.queries import Database, reading
from api.queries.search import found_by
from workflows.messages import Actor
from workflows.vocabulary import Role, Status

PAGE = 50
SOON = timedelta(hours=2)
# No id contains a slash.
SERVICE = "service/"
OPEN = tuple(status.value for status in (Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD))


class Queue(StrEnum):
    """What an agent looks at."""

    MINE = "mine"
    GROUPS = "groups"
    UNASSIGNED = "unassigned"
    SOON = "soon"
    ALL = "all"


@dataclass(frozen=True)
class Spot:
    """Where a page of a queue ended: the last line on it. ``promised_by`` is none also where a search put it there."""

    promised_by: datetime | None
    changed_at: datetime
    number: str


@dataclass(frozen=True)
class Asked:
    """Which incidents, for whom, and which of them: those after a spot, or the first ones."""

    queue: Queue
    actor: Actor
    words: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: Spot | None = None


@dataclass(frozen=True)
class Waiting:
    """One line of a queue. ``promised_by``: the earliest promise that stands or was missed."""

    number: str
    title: str
    status: str
    priority: str
    group: str | None
    person: str | None
    promised_by: datetime | None
    changed_at: datetime
    version: int


async def waiting(database: Database, asked: Asked, now: datetime) -> tuple[list[Waiting], Spot | None]:
    """A page of a queue, what is due first in front, or of a search, the latest change in front; and where the next page begins, if there is one."""
    columns = [incidents.c[name] for name in Waiting.__dataclass_fields__]
    conditions = _conditions(database, asked, now)
    if asked.after:
        conditions.append(_further_than(asked.after, is_search=bool(asked.words)))
    order = [incidents.c.changed_at.desc(), incidents.c.number]
    in_time = [] if asked.words else [incidents.c.promised_by.is_(None), incidents.c.promised_by]
    async with reading(database).connect() as connection:
        rows = (await connection.execute(select(*columns).where(*conditions).order_by(*in_time, *order).limit(PAGE + 1))).all()
    lines = [Waiting(*row) for row in rows[:PAGE]]
    return lines, Spot(lines[-1].promised_by, lines[-1].changed_at, lines[-1].number) if len(rows) > PAGE else None


def _further_than(spot: Spot, *, is_search: bool) -> ColumnElement[bool]:
    """What comes after a spot. A line that changed meanwhile may have moved to another page; the others are neither repeated nor left out."""
    changed_at, number, promised_by = (incidents.c[name] for name in ("changed_at", "number", "promised_by"))
    older = or_(changed_at < spot.changed_at, and_(changed_at == spot.changed_at, number > spot.number))
    if is_search:
        return older
    if spot.promised_by is None:
        return and_(promised_by.is_(None), older)
    return or_(promised_by.is_(None), promised_by > spot.promised_by, and_(promised_by == spot.promised_by, older))


async def lines_of(database: Database, numbers: list[str]) -> dict[str, Waiting]:
    """These incidents as lines, by number, whatever queue they are in; those that are not on record are missing."""
    columns = [incidents.c[name] for name in Waiting.__dataclass_fields__]
    async with reading(database).connect() as connection:
        rows = await connection.execute(select(*columns).where(incidents.c.number.in_(numbers)))
        return {row.number: Waiting(*row) for row in rows}


async def lengths(database: Database, actor: Actor, now: datetime) -> dict[Queue, int]:
    """How many wait in each queue, in one look."""
    counts = [func.count().filter(*_of_queue(queue, actor, now)).label(queue.value) for queue in Queue]
    async with reading(database).connect() as connection:
        row = (await connection.execute(select(*counts).where(incidents.c.status.in_(OPEN)))).one()
    return dict(zip(Queue, row, strict=True))


def _conditions(database: Database, asked: Asked, now: datetime) -> list[ColumnElement[bool]]:
    found = [incidents.c[name].in_(values) for name, values in asked.filters.items() if values]
    if asked.words:
        return [*found, *found_by(database, asked.words, public_only=False)]
    return found + ([] if "status" in asked.filters else [incidents.c.status.in_(OPEN)]) + _of_queue(asked.queue, asked.actor, now)


def _of_queue(queue: Queue, actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    match queue:
        case Queue.MINE:
            return [incidents.c.person == actor.id]
        case Queue.GROUPS:
            return [incidents.c.group.in_(actor.groups) if actor.groups else false()]
        case Queue.UNASSIGNED:
            return [incidents.c.person.is_(None)]
        case Queue.SOON:
            return [incidents.c.promised_by <= now + SOON]
        case Queue.ALL:
            return []


async def names_of(database: Database, ids: Iterable[str]) -> dict[str, str]:
    """What the directory calls these people and groups; a service stands under ``service/`` and its key, since a group may have the same."""
    wanted = sorted(set(ids))
    services_wanted = [each.removeprefix(SERVICE) for each in wanted if each.startswith(SERVICE)]
    each = [select(table.c.id, table.c.name).where(table.c.id.in_(wanted)) for table in (groups, people)]
    each += [select(literal(SERVICE) + services.c.id, services.c.name).where(services.c.id.in_(services_wanted))] if services_wanted else []
    async with reading(database).connect() as connection:
        known = {row[0]: row[1] for row in await connection.execute(union_all(*each))}
    return {person: NOBODY for person in wanted if is_pseudonym(person)} | known


Choices = list[tuple[str, str]]
_GROUPS = select(groups.c.id, groups.c.name).order_by(groups.c.level, groups.c.name)


@dataclass(frozen=True)
class DeskChoices:
    """What can be chosen, as id and name. ``teams``: each group and after it the agents of it, as group/person. Without services the desk keeps no catalogue."""

    groups: Choices
    teams: Choices
    services: Choices


async def desk_groups(database: Database) -> Choices:
    """The groups of the desk, the first level in front."""
    async with reading(database).connect() as connection:
        return [(row.id, row.name) for row in await connection.execute(_GROUPS)]


async def desk_choices(database: Database) -> DeskChoices:
    """Groups, whom of them work can be given to, and the services in use."""
    who = and_(people.c.id == memberships.c.person, OF_THE_HOUSE)
    with_members = _GROUPS.add_columns(people.c.id.label("person"), people.c.name.label("called"), people.c.roles)
    with_members = with_members.outerjoin_from(groups, memberships, memberships.c.group == groups.c.id).outerjoin(people, who)
    in_use = select(services.c.id, services.c.name).where(services.c.retired.is_(False)).order_by(services.c.name)
    async with reading(database).connect() as connection:
        found = (await connection.execute(with_members.order_by(groups.c.id, people.c.name))).all()
        services_found = [(row.id, row.name) for row in await connection.execute(in_use)]
    teams: dict[str, str] = {}
    for row in found:
        teams[row.id] = row.name
        if Role.AGENT.value in (row.roles or ()):
            teams[f"{row.id}/{row.person}"] = f"{row.name}: {row.called}"
    return DeskChoices([(each, name) for each, name in teams.items() if "/" not in each], list(teams.items()), services_found)


def spoken(facts: Mapping[str, Any], timeline: list[dict[str, Any]]) -> set[str]:
    """The ids on a page that the directory may have names for."""
    found = {facts[name] for name in ("reporter", "affected", "group", "person") if facts[name]} | {event["actor"] for event in timeline}
    found |= {str(event["after"][name]) for event in timeline for name in ("group", "person") if event["after"].get(name)}
    services_named = {facts["service"], *(event["after"].get("service") for event in timeline)} - {None}
    return found | {f"{SERVICE}{service}" for service in services_named}
