"""Who is who in the directory, for the chapter on contacts (process.md S5, S10). Personal data: for people of the desk."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from activities.database.tables import groups, memberships, people, rotas
from activities.directory.rota_entries import readable_rota
from api.queries import Database, reading
from workflows.vocabulary import Role


@dataclass(frozen=True)
class Reachable:
    """A person or a mailbox: name as people know it, address if there is one."""

    name: str
    email: str | None

    def __str__(self) -> str:
        """For a table."""
        return f"{self.name} <{self.email}>" if self.email else self.name


@dataclass(frozen=True)
class Team:
    """A group with its support level, its mailbox, its lead and everybody in it."""

    id: str
    mailbox: Reachable
    level: int
    lead: str | None
    members: tuple[str, ...]


@dataclass(frozen=True)
class Directory:
    """Groups from the first level up, the people by role of those who answer for more than their group, and the rotas with their people."""

    teams: tuple[Team, ...]
    by_role: dict[Role, tuple[Reachable, ...]]
    rotas: dict[str, tuple[str, ...]]


_NAMED = (Role.INCIDENT_MANAGER, Role.PROCESS_OWNER, Role.AUDITOR, Role.ADMIN)


async def directory(database: Database) -> Directory:
    """The directory as it is now."""
    async with reading(database).connect() as connection:
        everybody = {row.id: row for row in await connection.execute(select(people).order_by(people.c.name))}
        everyone_in = (await connection.execute(select(memberships.c.group, memberships.c.person))).all()
        found = (await connection.execute(select(groups).order_by(groups.c.level, groups.c.name))).all()
        turns = (await connection.execute(select(rotas.c.id, rotas.c.definition).order_by(rotas.c.id))).all()
    at_work = [each for each in everybody.values() if each.disabled_at is None]
    members: dict[str, list[str]] = {}
    for row in everyone_in:
        if row.person not in everybody or everybody[row.person].disabled_at is None:
            members.setdefault(row.group, []).append(_name(row.person, everybody))
    return Directory(
        tuple(_team(row, everybody, members.get(row.id, [])) for row in found),
        {role: tuple(Reachable(each.name, each.email) for each in at_work if role in each.roles) for role in _NAMED},
        {row.id: _on_turn(row.id, row.definition, everybody) for row in turns},
    )


def _team(row: Row[Any], everybody: dict[str, Row[Any]], members: list[str]) -> Team:
    lead = _name(row.lead, everybody) if row.lead else None
    return Team(row.id, Reachable(row.name, row.email), row.level, lead, tuple(sorted(members)))


def _name(person: str, everybody: dict[str, Row[Any]]) -> str:
    return str(everybody[person].name) if person in everybody else person


def _on_turn(rota: str, definition: Any, everybody: dict[str, Row[Any]]) -> tuple[str, ...]:
    entry = readable_rota(definition)
    return tuple(sorted(_name(person, everybody) for person in entry.rota(rota).people)) if entry else ()
