"""What an incident manager looks at (process.md S5, S8, S10): everything that is open, who works, who is on call. A fixed number of looks, however much is open."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from activities.database.tables import groups, incidents, memberships, people
from activities.directory.attendance import OF_THE_HOUSE
from activities.directory.on_call import Absences, Rota
from activities.directory.who_is_meant import absences, all_rotas
from api.queries import Database, reading
from api.queries.queues import OPEN
from workflows.vocabulary import Kind


@dataclass(frozen=True)
class Open:
    """One incident that somebody has to solve. ``promised_by``: the earliest promise that stands, or was missed and is still owed."""

    number: str
    priority: str
    status: str
    group: str | None
    person: str | None
    reported_at: datetime
    promised_by: datetime | None


async def everything_open(database: Database) -> list[Open]:
    """All of it, what is due first in front; service requests are no incidents."""
    columns = [incidents.c[name] for name in Open.__dataclass_fields__]
    query = select(*columns).where(incidents.c.status.in_(OPEN), incidents.c.kind != Kind.SERVICE_REQUEST.value)
    async with reading(database).connect() as connection:
        found = [Open(*row) for row in await connection.execute(query)]
    return sorted(found, key=lambda each: (each.promised_by is None, each.promised_by or each.reported_at, each.number))


async def titles_of(database: Database, numbers: Collection[str]) -> dict[str, str]:
    """What these incidents are about."""
    query = select(incidents.c.number, incidents.c.title).where(incidents.c.number.in_(sorted(numbers)))
    async with reading(database).connect() as connection:
        return {row.number: row.title for row in await connection.execute(query)}


@dataclass(frozen=True)
class Worker:
    """Somebody who works in a group, or holds an incident. ``absent_until`` may lie in the past, ``absent_from`` in the future."""

    id: str
    name: str
    absent_until: datetime | None
    absent_from: datetime | None = None


async def workers(database: Database, holders: Collection[str]) -> list[Worker]:
    """Everybody in a group, and whoever else holds something, by name."""
    member = (people.c.id.in_(select(memberships.c.person)) & OF_THE_HOUSE) | people.c.id.in_(sorted(holders))
    query = (
        select(people.c.id, people.c.name, people.c.absent_until, people.c.absent_from)
        .where(member)
        .order_by(func.lower(people.c.name), people.c.id)
    )
    async with reading(database).connect() as connection:
        return [Worker(*row) for row in await connection.execute(query)]


async def all_groups(database: Database) -> list[tuple[str, str]]:
    """Id and name of every group, first level first."""
    async with reading(database).connect() as connection:
        query = select(groups.c.id, groups.c.name).order_by(groups.c.level, groups.c.name)
        return [(row.id, row.name) for row in await connection.execute(query)]


@dataclass(frozen=True)
class Rotas:
    """All rotas that can be read, who of their people is away, and the names of those that cannot be read."""

    known: tuple[Rota, ...]
    away: Absences
    unreadable: tuple[str, ...]


async def on_call_rotas(database: Database) -> Rotas:
    """The rotas by name (S10), and who of their people is away."""
    async with reading(database).connect() as connection:
        found = await all_rotas(connection)
        away = await absences(connection, sorted({person for rota in found.known for person in rota.people}))
    return Rotas(found.known, away, found.unreadable)
