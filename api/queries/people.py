"""The directory for those who administer it: people by name a page at a time, groups, services (process.md S5, S22)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select, tuple_

from activities.database.tables import groups, incidents, memberships, people, services
from activities.directory import rows
from activities.directory.as_text import exported
from activities.directory.attendance import OF_THE_HOUSE, has_role, is_absent
from activities.directory.entries import DirectoryFile, GroupEntry, PersonEntry, ServiceEntry
from activities.directory.rota_entries import RotaEntry
from api.queries import Database, reading
from api.queries.queues import OPEN
from workflows.vocabulary import Role

PAGE = 50


@dataclass(frozen=True)
class PersonLine:
    """One person in a list."""

    id: str
    name: str
    email: str | None
    roles: list[str]
    absent_from: datetime | None
    absent_until: datetime | None
    disabled_at: datetime | None

    def is_absent(self, now: datetime) -> bool:
        """Whether they are away at that instant."""
        return is_absent(self.absent_from, self.absent_until, now)


@dataclass(frozen=True)
class Wanted:
    """Which people: with these words in id, name or address, with that role, after a place in the list."""

    words: str = ""
    role: str = ""
    after: tuple[str, str] | None = None


async def people_page(database: Database, wanted: Wanted) -> tuple[list[PersonLine], tuple[str, str] | None]:
    """A page of people by name, and where the next one begins, if there is one."""
    by_name = func.lower(people.c.name)
    conditions = _conditions(wanted)
    if wanted.after:
        conditions.append(tuple_(by_name, people.c.id) > tuple_(literal(wanted.after[0]), literal(wanted.after[1])))
    columns = [people.c[name] for name in PersonLine.__dataclass_fields__]
    query = select(by_name.label("sorted_by"), *columns).where(*conditions).order_by(by_name, people.c.id).limit(PAGE + 1)
    async with reading(database).connect() as connection:
        found = (await connection.execute(query)).all()
    lines = [PersonLine(*row[1:]) for row in found[:PAGE]]
    return lines, (found[PAGE - 1].sorted_by, lines[-1].id) if len(found) > PAGE else None


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.words:
        # SQLite knows small and capital letters of English only, so what was typed counts as it is, too.
        places = (people.c.id, people.c.name, people.c.email)
        low = [func.lower(place).contains(wanted.words.lower(), autoescape=True) for place in places]
        found.append(or_(*low, *(place.contains(wanted.words, autoescape=True) for place in places)))
    if wanted.role:
        found.append(has_role(wanted.role))
    return found


@dataclass(frozen=True)
class Found:
    """Somebody of the house who was looked for."""

    id: str
    name: str
    email: str | None


async def people_found(database: Database, words: str, most: int) -> list[Found]:
    """People of the house with these words in id, name or address, by name; so many at most."""
    columns = [people.c[name] for name in Found.__dataclass_fields__]
    query = select(*columns).where(OF_THE_HOUSE, *_conditions(Wanted(words))).order_by(func.lower(people.c.name), people.c.id).limit(most)
    async with reading(database).connect() as connection:
        return [Found(*row) for row in await connection.execute(query)]


@dataclass(frozen=True)
class PersonRow(PersonLine):
    """One person in a file."""

    language: str
    zone: str


async def everybody(database: Database) -> list[PersonRow]:
    """All people by id, for a file."""
    columns = [people.c[name] for name in PersonRow.__dataclass_fields__]
    async with reading(database).connect() as connection:
        return [PersonRow(*row) for row in await connection.execute(select(*columns).order_by(people.c.id))]


async def staff(database: Database) -> list[tuple[str, str]]:
    """Id and name of everybody of the house who is more than a caller, by name: whom to choose from."""
    query = select(people.c.id, people.c.name, people.c.roles).where(OF_THE_HOUSE).order_by(func.lower(people.c.name), people.c.id)
    async with reading(database).connect() as connection:
        found = (await connection.execute(query)).all()
    return [(row.id, row.name) for row in found if set(row.roles) - {Role.CALLER.value}]


async def ids_of(database: Database, typed: Sequence[str]) -> dict[str, str]:
    """The id behind each of these ids or addresses, where exactly one person of the house has it."""
    wanted = {each.lower() for each in typed}
    is_meant = or_(people.c.id.in_(typed), func.lower(people.c.email).in_(wanted))
    async with reading(database).connect() as connection:
        found = (await connection.execute(select(people.c.id, people.c.email).where(is_meant, OF_THE_HOUSE))).all()
    meant = {each: [row.id for row in found if each == row.id or each.lower() == (row.email or "").lower()] for each in typed}
    return {each: ids[0] for each, ids in meant.items() if len(set(ids)) == 1}


async def whole_person(database: Database, person: str) -> tuple[PersonEntry, list[str]] | None:
    """Everything about somebody, and their groups."""
    async with reading(database).connect() as connection:
        found = await rows.person_entry(connection, person)
        return (found, await rows.groups_of(connection, person)) if found else None


async def whole_group(database: Database, group: str) -> GroupEntry | None:
    """A group with its members."""
    async with reading(database).connect() as connection:
        return await rows.group_entry(connection, group)


async def whole_rota(database: Database, rota: str) -> RotaEntry | None:
    """A rota as it is defined; one that cannot be read is none."""
    async with reading(database).connect() as connection:
        return await rows.rota_entry(connection, rota)


async def whole_service(database: Database, service: str) -> ServiceEntry | None:
    """A service of the catalogue."""
    async with reading(database).connect() as connection:
        return await rows.service_entry(connection, service)


async def whole_directory(database: Database) -> DirectoryFile:
    """The directory as a file would say it."""
    async with reading(database).connect() as connection:
        return await rows.everything(connection)


async def directory_as_toml(database: Database) -> str:
    """The directory as a file that the import reads."""
    async with reading(database).connect() as connection:
        return (await exported(connection))[0]


async def work_in_hand(database: Database, person: str) -> int:
    """How many incidents that are not over are assigned to this person."""
    query = select(func.count()).where(incidents.c.person == person, incidents.c.status.in_(OPEN))
    async with reading(database).connect() as connection:
        return int((await connection.execute(query)).scalar_one())


@dataclass(frozen=True)
class GroupLine:
    """One group in a list, with how many are in it."""

    id: str
    name: str
    level: int
    lead: str | None
    email: str | None
    members: int


async def group_lines(database: Database) -> list[GroupLine]:
    """All groups, first level first."""
    counted = select(func.count()).where(memberships.c.group == groups.c.id).scalar_subquery()
    columns: list[ColumnElement[Any]] = [groups.c[name] for name in ("id", "name", "level", "lead", "email")]
    async with reading(database).connect() as connection:
        found = await connection.execute(
            select(*columns, counted.label("members")).order_by(groups.c.level, func.lower(groups.c.name), groups.c.id)
        )
        return [GroupLine(**row) for row in found.mappings()]


async def services_to_choose(database: Database) -> list[tuple[str, str]]:
    """Id and name of every service in use, by name; none: the desk keeps no catalogue (S1)."""
    query = select(services.c.id, services.c.name).where(services.c.retired.is_(False)).order_by(func.lower(services.c.name), services.c.id)
    async with reading(database).connect() as connection:
        return [(row.id, row.name) for row in await connection.execute(query)]


async def services_in_use(database: Database) -> list[tuple[str, ServiceEntry]]:
    """Every service in use with its key, by name."""
    found = (await whole_directory(database)).services or {}
    return sorted(((key, entry) for key, entry in found.items() if not entry.retired), key=lambda each: (each[1].name.lower(), each[0]))


async def led_by(database: Database, lead: str) -> list[PersonLine]:
    """Everybody of the house in a group that this person leads, by name."""
    theirs = select(memberships.c.person).join(groups, groups.c.id == memberships.c.group).where(groups.c.lead == lead)
    columns = [people.c[name] for name in PersonLine.__dataclass_fields__]
    query = select(*columns).where(people.c.id.in_(theirs), OF_THE_HOUSE).order_by(func.lower(people.c.name), people.c.id)
    async with reading(database).connect() as connection:
        return [PersonLine(*row) for row in await connection.execute(query)]
