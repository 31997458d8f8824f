"""The directory as a TOML file: people, groups, levels, leads, rotas (process.md S5, S10, S22). All of a file is imported, or nothing of it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, ValidationError, model_validator
from sqlalchemy import Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.tables import api_keys, groups, memberships, people, rotas
from activities.rota_entries import Entry, RotaEntry, Zone
from workflows.fields import Key, Line
from workflows.vocabulary import Role

Email = Annotated[str, Field(pattern=r"^[^@\s<>\"',;]+@[^@\s<>\"',;]+$", max_length=320)]


class DirectoryFileError(ValueError):
    """The file is no usable directory; the message names the entry that is wrong."""


class PersonEntry(Entry):
    """One person. ``zone`` is an IANA name; ``absent_until`` an instant with offset."""

    name: Line
    email: Email | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    zone: Zone = "UTC"
    roles: list[Role] = [Role.CALLER]
    absent_until: AwareDatetime | None = None


# The ledger names a group's mailbox "group:ID", in a hundred characters.
GroupId = Annotated[Key, Field(max_length=90)]


class GroupEntry(Entry):
    """One support group. Level 1 is the service desk; a group with an e-mail address gets its letters there."""

    name: Line
    level: Annotated[int, Field(ge=1, le=9)]
    lead: Key | None = None
    email: Email | None = None
    members: list[Key] = []


class DirectoryFile(Entry):
    """The file as a whole; ids are the names of its tables. Without a table of rotas it says nothing about them."""

    people: dict[Key, PersonEntry]
    groups: dict[GroupId, GroupEntry]
    rotas: dict[Key, RotaEntry] | None = None

    @model_validator(mode="after")
    def _names_only_people_it_has(self) -> "DirectoryFile":
        strangers = dict.fromkeys(each for each in self._names() if each[1] not in self.people)
        if strangers:
            told = (f"{place} names {person!r}, who is not among the people of this file" for place, person in strangers)
            raise ValueError("; ".join(told))
        return self

    def _names(self) -> Iterator[tuple[str, str]]:
        """Every name of a person outside the table of people, and where it stands."""
        for group, entry in self.groups.items():
            yield from ((f"groups.{group}", person) for person in (*entry.members, *([entry.lead] if entry.lead else [])))
        for rota, described in (self.rotas or {}).items():
            for number, layer in enumerate(described.layers):
                yield from ((f"rotas.{rota}.layers.{number}", person) for person in layer.people)
            yield from ((f"rotas.{rota}.overrides.{number}", each.person) for number, each in enumerate(described.overrides))


@dataclass(frozen=True)
class ImportReport:
    """What an import did."""

    people: int
    groups: int
    rotas: int
    not_in_file: tuple[str, ...]

    def __str__(self) -> str:
        kept = f" Kept although not in the file: {', '.join(self.not_in_file)}." if self.not_in_file else ""
        return f"Imported {self.people} people, {self.groups} groups and {self.rotas} rota{'' if self.rotas == 1 else 's'}.{kept}"


def read_directory(text: str) -> DirectoryFile:
    """Reads and checks a file. Raises DirectoryFileError with one line for each thing that is wrong."""
    try:
        return DirectoryFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise DirectoryFileError(f"not TOML: {error}") from None
    except ValidationError as error:
        raise DirectoryFileError("; ".join(_told(each) for each in error.errors(include_input=False, include_url=False))) from None


def _told(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "[key]")
    told = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {told}" if place else told


async def load_directory(engine: AsyncEngine, text: str) -> ImportReport:
    """Imports a file in one transaction; the same file twice changes nothing. Who is no longer in it stays, and is reported.

    A table of rotas replaces the rotas there were.
    """
    file = read_directory(text)
    async with engine.begin() as connection:
        await _refuse_names_of_integrations(connection, file)
        await _put(connection, people, [_person_row(person, entry) for person, entry in file.people.items()])
        await _put(connection, groups, [_group_row(group, entry) for group, entry in file.groups.items()])
        await connection.execute(delete(memberships).where(memberships.c.group.in_(file.groups)))
        members = [{"group": group, "person": person} for group, entry in file.groups.items() for person in dict.fromkeys(entry.members)]
        if members:
            await connection.execute(memberships.insert(), members)
        if file.rotas is not None:
            await connection.execute(delete(rotas).where(rotas.c.id.not_in(file.rotas)))
            await _put(connection, rotas, [{"id": rota, "definition": entry.definition()} for rota, entry in file.rotas.items()])
        known = (await connection.execute(select(people.c.id).order_by(people.c.id))).scalars()
        not_in_file = tuple(person for person in known if person not in file.people)
        return ImportReport(len(file.people), len(file.groups), len(file.rotas or {}), not_in_file)


async def _refuse_names_of_integrations(connection: AsyncConnection, file: DirectoryFile) -> None:
    """An integration that has the id of a person would act as them (S22)."""
    named = select(api_keys.c.integration).where(api_keys.c.integration.in_(file.people), api_keys.c.revoked_at.is_(None))
    if taken := sorted(set((await connection.execute(named)).scalars())):
        raise DirectoryFileError(
            f"{', '.join(taken)}: an integration has a key under this name; give the person another id, or revoke the key"
        )


def _person_row(person: str, entry: PersonEntry) -> dict[str, Any]:
    absent = entry.absent_until.astimezone(UTC) if entry.absent_until else None
    return entry.model_dump(mode="json") | {"id": person, "absent_until": absent}


def _group_row(group: str, entry: GroupEntry) -> dict[str, Any]:
    return entry.model_dump(exclude={"members"}) | {"id": group}


async def _put(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    insert = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table)
    changed = {column.name: insert.excluded[column.name] for column in table.columns if column.name != "id"}
    await connection.execute(insert.on_conflict_do_update(index_elements=[table.c.id], set_=changed), rows)
