"""The directory file: read, compared with the directory there is, and imported; all of a file, or nothing of it (process.md S1, S5, S10, S22)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.access.security_log import COMMAND_LINE, Change, Hand, Seen, differing, write_changes
from activities.database.tables import api_keys
from activities.directory.entries import DirectoryFile, GroupEntry, PersonEntry, plain
from activities.directory.leaving import LastAdminError, end_sessions, end_ways_in, somebody_administers
from activities.directory.lock import changing, count_of_changes
from activities.directory.rows import everything, put_groups, put_people, put_rotas, put_services, take_rotas
from activities.directory.toml import NotTomlError, read_toml
from workflows.counting import counted, listed

_ADDED = {"person": Seen.PERSON_ADDED, "group": Seen.GROUP_ADDED, "rota": Seen.ROTA_ADDED, "service": Seen.SERVICE_ADDED}
_WORDS = {"person": ("person", "people"), "group": ("group", "groups"), "rota": ("rota", "rotas"), "service": ("service", "services")}
_CHANGED = {"person": Seen.PERSON_CHANGED, "group": Seen.GROUP_CHANGED, "rota": Seen.ROTA_CHANGED, "service": Seen.SERVICE_CHANGED}


class DirectoryFileError(ValueError):
    """The file is no usable directory; the message names the entry that is wrong."""


def read_directory(text: str) -> DirectoryFile:
    """Reads and checks a file. Raises DirectoryFileError with one line for each thing that is wrong."""
    try:
        return DirectoryFile.model_validate(read_toml(text))
    except NotTomlError as error:
        raise DirectoryFileError(str(error)) from None
    except ValidationError as error:
        raise DirectoryFileError("; ".join(told(each) for each in error.errors(include_input=False, include_url=False))) from None


def told(error: Any) -> str:
    """One thing that is wrong: where it stands, and what is expected."""
    place = ".".join(str(part) for part in error["loc"] if part != "[key]")
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {said}" if place else said


@dataclass(frozen=True)
class Difference:
    """One entry that an import adds or changes: a person, group, rota or service, as it is (none: it is new) and as it will be."""

    what: str
    key: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """What the audit calls it."""
        return f"{self.what} {self.key}"

    def changes(self) -> list[tuple[str, Any, Any]]:
        """Each field that differs, as it is and as it will be."""
        before, after = differing(self.before or {}, self.after)
        return [(name, before[name], value) for name, value in after.items()]


@dataclass(frozen=True)
class Plan:
    """What an import does to the directory."""

    differences: tuple[Difference, ...]
    kept: tuple[str, ...]
    rotas_taken: tuple[str, ...]
    signed_out: tuple[str, ...]
    disabled: tuple[str, ...]

    @property
    def added(self) -> list[Difference]:
        """What is new."""
        return [each for each in self.differences if each.before is None]

    @property
    def changed(self) -> list[Difference]:
        """What is there and would be otherwise, whoever edited it meanwhile."""
        return [each for each in self.differences if each.before is not None]


@dataclass(frozen=True)
class Preview(Plan):
    """What it would do to the directory as it is at ``count`` changes."""

    count: int


@dataclass(frozen=True)
class ImportReport:
    """What stood in the file, what the import did, and whom it kept although the file does not have them."""

    in_file: Mapping[str, int]
    done: Plan
    not_in_file: tuple[str, ...]

    def __str__(self) -> str:
        kept = f" Kept although not in the file: {', '.join(self.not_in_file)}." if self.not_in_file else ""
        return f"Imported {_by_kind(self.in_file)}: {self._changes()}.{kept}"

    def _changes(self) -> str:
        found = {
            "added": Counter(each.what for each in self.done.added),
            "changed": Counter(each.what for each in self.done.changed),
            "taken away": Counter("rota" for _ in self.done.rotas_taken),
        }
        return "; ".join(f"{_by_kind(count)} {how}" for how, count in found.items() if count) or "nothing changed"


def _by_kind(count: Mapping[str, int]) -> str:
    return listed([counted(count[what], *words) for what, words in _WORDS.items() if count.get(what)]) or "nothing"


async def preview_of(engine: AsyncEngine, text: str) -> Preview:
    """What importing this file would do; changes nothing. Raises DirectoryFileError as the import would."""
    file = read_directory(text)
    async with engine.execution_options(read_only=True).connect() as connection:
        await _refuse_names_of_integrations(connection, file)
        plan = compare(await everything(connection), file)
        return Preview(**vars(plan), count=await count_of_changes(connection))


async def load_directory(engine: AsyncEngine, text: str, by: Hand = COMMAND_LINE, seen: int | None = None) -> ImportReport:
    """Imports a file in one transaction; the same file twice changes nothing. Who is no longer in it stays, and is reported.

    A table of rotas replaces the rotas there were. Whose roles change is signed out; a line of the audit for each entry that changes. ``seen``: only if
    the directory was not changed since that count, else DirectoryChangedError. LastAdminError where nobody would be left who administers.
    """
    file = read_directory(text)
    async with changing(engine, seen) as connection:
        await _refuse_names_of_integrations(connection, file)
        had_admin = await somebody_administers(connection)
        known = await everything(connection)
        plan = compare(known, file)
        await _carry_out(connection, plan, _settled(known, file), datetime.now(UTC))
        if had_admin and not await somebody_administers(connection):
            raise LastAdminError
        in_file = {
            "person": len(file.people),
            "group": len(file.groups),
            "rota": len(file.rotas or {}),
            "service": len(file.services or {}),
        }
        report = ImportReport(in_file, plan, tuple(person for person in known.people if person not in file.people))
        await write_changes(connection, by, *_lines(plan, report))
    return report


def compare(known: DirectoryFile, file: DirectoryFile) -> Plan:
    """What would be added and changed, what stays although the file does not have it, and who would lose something by it."""
    after = _settled(known, file)
    people = known.people
    changed_roles = [each for each, entry in after.people.items() if each in people and {*people[each].roles} != {*entry.roles}]
    disabled = [each for each, entry in after.people.items() if entry.disabled and (each not in people or not people[each].disabled)]
    kept = [
        f"{what} {key}"
        for what, was, will in (("person", known.people, file.people), ("group", known.groups, file.groups), ("service", known.services, file.services))
        for key in was or {}
        if will is not None and key not in will
    ]  # fmt: skip
    taken = [rota for rota in known.rotas or {} if file.rotas is not None and rota not in file.rotas]
    return Plan(tuple(_differences(known, after)), tuple(kept), tuple(taken), tuple(changed_roles), tuple(disabled))


def _settled(known: DirectoryFile, file: DirectoryFile) -> DirectoryFile:
    """The file with what it leaves open filled in from the directory, and in the order in which the record keeps it."""

    def person(key: str, entry: PersonEntry) -> PersonEntry:
        was = known.people[key].disabled if key in known.people else None
        return entry.model_copy(update={"disabled": was if entry.disabled is None else entry.disabled or None})

    def group(entry: GroupEntry) -> GroupEntry:
        return entry.model_copy(update={"members": sorted(set(entry.members))})

    people = {key: person(key, entry) for key, entry in file.people.items()}
    return file.model_copy(update={"people": people, "groups": {key: group(entry) for key, entry in file.groups.items()}})


def _differences(known: DirectoryFile, after: DirectoryFile) -> Iterator[Difference]:
    tables: tuple[tuple[str, Mapping[str, BaseModel] | None, Mapping[str, BaseModel] | None], ...] = (
        ("person", known.people, after.people),
        ("group", known.groups, after.groups),
        ("rota", known.rotas, after.rotas),
        ("service", known.services, after.services),
    )
    for what, was, will in tables:
        for key, entry in (will or {}).items():
            before, new = (plain(was[key]) if was and key in was else None), plain(entry)
            if before != new:
                yield Difference(what, key, before, new)


async def _carry_out(connection: AsyncConnection, plan: Plan, after: DirectoryFile, now: datetime) -> None:
    to_write = {(each.what, each.key) for each in plan.differences}
    await put_people(connection, {key: entry for key, entry in after.people.items() if ("person", key) in to_write}, now)
    await put_groups(connection, {key: entry for key, entry in after.groups.items() if ("group", key) in to_write})
    await put_rotas(connection, {key: entry for key, entry in (after.rotas or {}).items() if ("rota", key) in to_write})
    await put_services(connection, {key: entry for key, entry in (after.services or {}).items() if ("service", key) in to_write})
    await take_rotas(connection, plan.rotas_taken)
    await end_sessions(connection, plan.signed_out)
    await end_ways_in(connection, plan.disabled, now)


def _lines(plan: Plan, report: ImportReport) -> Iterator[Change]:
    if plan.differences or plan.rotas_taken:
        after = {many: report.in_file[what] for what, (_, many) in _WORDS.items()}
        yield Change(Seen.DIRECTORY_IMPORTED, "directory", after=after)
    for each in plan.differences:
        person = each.key if each.what == "person" else None
        if each.before is None:
            after = {name: value for name, value in each.after.items() if value is not None}
            yield Change(_ADDED[each.what], each.subject, None, after, person, "import")
        else:
            yield Change(_CHANGED[each.what], each.subject, *differing(each.before, each.after), person, "import")
    yield from (Change(Seen.ROTA_REMOVED, f"rota {rota}", detail="import") for rota in plan.rotas_taken)


async def _refuse_names_of_integrations(connection: AsyncConnection, file: DirectoryFile) -> None:
    """An integration that has the id of a person would act as them (S22)."""
    named = select(api_keys.c.integration).where(api_keys.c.integration.in_(file.people), api_keys.c.revoked_at.is_(None))
    if taken := sorted(set((await connection.execute(named)).scalars())):
        raise DirectoryFileError(
            f"{', '.join(taken)}: an integration has a key under this name; give the person another id, or revoke the key"
        )
