"""The queues of the console: what is mine, my groups', nobody's, soon late; and what a search finds (process.md S5, S8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, false, func, select

from activities.database.tables import groups, incidents, memberships, people
from api.queries import Database, reading
from api.queries.search import found_by
from workflows.messages import Actor
from workflows.vocabulary import Status

PAGE = 50
SOON = timedelta(hours=2)
OPEN = tuple(status.value for status in (Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD))


class Queue(StrEnum):
    """What an agent looks at."""

    MINE = "mine"
    GROUPS = "groups"
    UNASSIGNED = "unassigned"
    SOON = "soon"
    ALL = "all"


@dataclass(frozen=True)
class Asked:
    """Which incidents, for whom, and which page of them (from 0)."""

    queue: Queue
    actor: Actor
    words: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    page: int = 0


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


async def waiting(database: Database, asked: Asked, now: datetime) -> tuple[list[Waiting], bool]:
    """A page of a queue, what is due first in front, and whether there is more."""
    columns = [incidents.c[name] for name in Waiting.__dataclass_fields__]
    query = (
        select(*columns)
        .where(*_conditions(database, asked, now))
        .order_by(incidents.c.promised_by.is_(None), incidents.c.promised_by, incidents.c.changed_at.desc(), incidents.c.number)
        .limit(PAGE + 1)
        .offset(asked.page * PAGE)
    )
    async with reading(database).connect() as connection:
        rows = (await connection.execute(query)).all()
    return [Waiting(*row) for row in rows[:PAGE]], len(rows) > PAGE


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
    """What the directory calls these people and groups."""
    wanted = sorted(set(ids))
    async with reading(database).connect() as connection:
        of_people = (await connection.execute(select(people.c.id, people.c.name).where(people.c.id.in_(wanted)))).all()
        of_groups = (await connection.execute(select(groups.c.id, groups.c.name).where(groups.c.id.in_(wanted)))).all()
    return {row[0]: row[1] for row in (*of_groups, *of_people)}


async def desk_people(database: Database) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Groups and the people in them, as id and name, to choose from."""
    members = select(people.c.id, people.c.name).where(people.c.id.in_(select(memberships.c.person))).order_by(people.c.name)
    async with reading(database).connect() as connection:
        all_groups = (await connection.execute(select(groups.c.id, groups.c.name).order_by(groups.c.level, groups.c.name))).all()
        all_people = (await connection.execute(members)).all()
    return [(row[0], row[1]) for row in all_groups], [(row[0], row[1]) for row in all_people]


def spoken(facts: Mapping[str, Any], timeline: list[dict[str, Any]]) -> set[str]:
    """The ids on a page that the directory may have names for."""
    found = {facts[name] for name in ("reporter", "affected", "group", "person") if facts[name]} | {event["actor"] for event in timeline}
    return found | {str(event["after"][name]) for event in timeline for name in ("group", "person") if event["after"].get(name)}
