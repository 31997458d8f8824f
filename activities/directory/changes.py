"""Changes of the directory, each with its line in the audit and whatever follows from it, in one transaction (process.md S5, S10, S22).

A change that was decided on another state than the present one is refused with ChangedMeanwhileError, one that breaks a rule with ChangeRefusedError, one
of something that is not there with UnknownEntryError, one after which nobody could administer the desk with LastAdminError.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.access.security_log import Change, Hand, Seen, differing, write_changes
from activities.database.tables import api_keys, groups, people
from activities.directory import rows
from activities.directory.attendance import OF_THE_HOUSE
from activities.directory.entries import GroupEntry, PersonEntry, ServiceEntry, mark_of, plain
from activities.directory.leaving import LastAdminError, end_sessions, end_ways_in, somebody_administers
from activities.directory.lock import changing
from activities.directory.rota_entries import OverrideEntry, RotaEntry
from activities.erasure.marks import is_pseudonym
from workflows.vocabulary import Role

# What a form for a person holds; absence and leaving have their own.
OF_THE_FORM = frozenset({"name", "email", "language", "zone", "roles"})


EntryT = TypeVar("EntryT", bound=BaseModel)


@dataclass(frozen=True)
class _Kind(Generic[EntryT]):
    """What becomes of entries of one kind: how they are written, and what the audit calls it."""

    name: str
    put: Callable[[AsyncConnection, Mapping[str, EntryT]], Awaitable[None]]
    added: Seen
    changed: Seen


_GROUP = _Kind("group", rows.put_groups, Seen.GROUP_ADDED, Seen.GROUP_CHANGED)
_ROTA = _Kind("rota", rows.put_rotas, Seen.ROTA_ADDED, Seen.ROTA_CHANGED)
_SERVICE = _Kind("service", rows.put_services, Seen.SERVICE_ADDED, Seen.SERVICE_CHANGED)


class ChangedMeanwhileError(Exception):
    """Somebody else changed this since the form was shown."""


class UnknownEntryError(Exception):
    """There is nothing of that id."""


@dataclass
class ChangeRefusedError(Exception):
    """A rule of the directory is against it: what to say, and at which field."""

    field: str
    says: str


def mark_of_person(person: PersonEntry, of: Collection[str]) -> str:
    """Tells whether a form for this person still shows what is."""
    return mark_of({name: value for name, value in plain(person).items() if name in OF_THE_FORM}, sorted(of))


async def add_person(engine: AsyncEngine, person: str, entry: PersonEntry, of: Collection[str], by: Hand) -> None:
    """Somebody new."""
    async with changing(engine) as connection:
        if await rows.person_entry(connection, person):
            raise ChangeRefusedError("id", "Somebody has this id already.")
        if is_pseudonym(person):
            raise ChangeRefusedError("id", "This stands for somebody who was erased. Choose another id.")
        if (
            await connection.execute(select(api_keys.c.id).where(api_keys.c.integration == person, api_keys.c.revoked_at.is_(None)))
        ).first():
            raise ChangeRefusedError("id", "An integration has a key under this name, and would act as this person. Choose another id.")
        await _check_address(connection, person, entry.email)
        await _check_groups(connection, of)
        await rows.put_people(connection, {person: entry}, datetime.now(UTC))
        await rows.put_memberships(connection, person, of)
        after = _told(entry) | {"groups": sorted(of)}
        await write_changes(connection, by, Change(Seen.PERSON_ADDED, f"person {person}", None, after, person))


async def change_person(engine: AsyncEngine, person: str, entry: PersonEntry, of: Collection[str], seen: str, by: Hand) -> bool:
    """What the form for a person holds, and their groups; whether anything changed. Whose roles change is signed out."""
    async with changing(engine) as connection:
        before, was_in = await _person(connection, person), await rows.groups_of(connection, person)
        if seen != mark_of_person(before, was_in):
            raise ChangedMeanwhileError
        after = before.model_copy(update={name: getattr(entry, name) for name in OF_THE_FORM})
        if after.email != before.email:
            await _check_address(connection, person, after.email)
        await _check_groups(connection, set(of) - set(was_in))
        changed = differing(plain(before) | {"groups": was_in}, plain(after) | {"groups": sorted(of)})
        if changed[1]:
            await rows.put_memberships(connection, person, of)
            await _keep_person(connection, person, before, after)
            await write_changes(connection, by, Change(Seen.PERSON_CHANGED, f"person {person}", *changed, person))
        return bool(changed[1])


async def change_absence(engine: AsyncEngine, person: str, since: datetime | None, until: datetime | None, by: Hand) -> bool:
    """When somebody is away (S5), from (none: from now on) and until; neither: they are there. Whether anything changed."""
    async with changing(engine) as connection:
        before = await _person(connection, person)
        after = before.model_copy(update={"absent_from": since, "absent_until": until})
        changed = differing(plain(before), plain(after))
        if changed[1]:
            await _keep_person(connection, person, before, after)
            await write_changes(connection, by, Change(Seen.ABSENCE_CHANGED, f"person {person}", *changed, person))
        return bool(changed[1])


async def disable_person(engine: AsyncEngine, person: str, by: Hand) -> bool:
    """Somebody left: no sign-in, no work, no letters, and no session, link or key opens anything. Whether anything changed."""
    return await _set_disabled(engine, person, True, by)


async def enable_person(engine: AsyncEngine, person: str, by: Hand) -> bool:
    """Somebody is back. Their keys stay closed. Whether anything changed."""
    return await _set_disabled(engine, person, None, by)


async def _set_disabled(engine: AsyncEngine, person: str, disabled: bool | None, by: Hand) -> bool:
    async with changing(engine) as connection:
        before = await _person(connection, person)
        if before.disabled == disabled:
            return False
        await _keep_person(connection, person, before, before.model_copy(update={"disabled": disabled}))
        kind = Seen.PERSON_DISABLED if disabled else Seen.PERSON_ENABLED
        changed = {"disabled": not disabled}, {"disabled": bool(disabled)}
        await write_changes(connection, by, Change(kind, f"person {person}", *changed, person))
        return True


async def _keep_person(connection: AsyncConnection, person: str, before: PersonEntry, after: PersonEntry) -> None:
    now = datetime.now(UTC)
    await rows.put_people(connection, {person: after}, now)
    if {*before.roles} != {*after.roles}:
        await end_sessions(connection, [person])
    if after.disabled and not before.disabled:
        await end_ways_in(connection, [person], now)
    if Role.ADMIN in before.roles and not await somebody_administers(connection):
        raise LastAdminError


async def keep_group(engine: AsyncEngine, group: str, entry: GroupEntry, seen: str | None, by: Hand) -> bool:
    """A group with its members; ``seen`` is the mark of what the form showed, none for a new one. Whether anything changed."""
    async with changing(engine) as connection:
        before = await rows.group_entry(connection, group)
        _check_mark(before, seen)
        await _check_people(connection, "members", entry.members)
        await _check_people(connection, "lead", [entry.lead] if entry.lead else [])
        after = entry.model_copy(update={"members": sorted(set(entry.members))})
        return await _keep(connection, by, _GROUP, group, before, after)


async def keep_rota(engine: AsyncEngine, rota: str, entry: RotaEntry, seen: str | None, by: Hand) -> bool:
    """A rota (S10); ``seen`` as in ``keep_group``. Whether anything changed."""
    async with changing(engine) as connection:
        before = await rows.rota_entry(connection, rota)
        _check_mark(before, seen)
        return await _keep_rota(connection, rota, before, entry, by)


async def add_override(engine: AsyncEngine, rota: str, override: OverrideEntry, by: Hand) -> bool:
    """Somebody steps in for everybody in the layers (S10). Of two that are added at once both stand. Whether anything changed."""
    async with changing(engine) as connection:
        before = await _rota(connection, rota)
        after = before.model_copy(update={"overrides": [*(each for each in before.overrides if each != override), override]})
        return await _keep_rota(connection, rota, before, after, by)


async def take_override(engine: AsyncEngine, rota: str, mark: str, by: Hand) -> bool:
    """Takes the override of that mark away. Whether there was one."""
    async with changing(engine) as connection:
        before = await _rota(connection, rota)
        after = before.model_copy(update={"overrides": [each for each in before.overrides if mark_of(each) != mark]})
        return await _keep_rota(connection, rota, before, after, by)


async def _keep_rota(connection: AsyncConnection, rota: str, before: RotaEntry | None, after: RotaEntry, by: Hand) -> bool:
    await _check_people(connection, "definition", after.rota(rota).people)
    return await _keep(connection, by, _ROTA, rota, before, after)


async def keep_service(engine: AsyncEngine, service: str, entry: ServiceEntry, seen: str | None, by: Hand) -> bool:
    """A service of the catalogue; ``seen`` as in ``keep_group``. Whether anything changed."""
    async with changing(engine) as connection:
        before = await rows.service_entry(connection, service)
        _check_mark(before, seen)
        await _check_people(connection, "owner", [entry.owner_person] if entry.owner_person else [])
        await _check_groups(connection, [entry.owner_group] if entry.owner_group else [], "owner")
        return await _keep(connection, by, _SERVICE, service, before, entry)


async def _keep(connection: AsyncConnection, by: Hand, kind: _Kind[EntryT], key: str, before: EntryT | None, after: EntryT) -> bool:
    """Writes the entry with its line of the audit; nothing of either where it is as it was. Whether anything changed."""
    was, will = differing(plain(before), plain(after)) if before is not None else (None, _told(after))
    if before is not None and not will:
        return False
    await kind.put(connection, {key: after})
    await write_changes(connection, by, Change(kind.added if before is None else kind.changed, f"{kind.name} {key}", was, will))
    return True


def _told(entry: BaseModel) -> dict[str, Any]:
    return {name: value for name, value in plain(entry).items() if value is not None}


def _check_mark(before: BaseModel | None, seen: str | None) -> None:
    if before is not None and seen is None:
        raise ChangeRefusedError("id", "There is one of this id already.")
    if seen is not None and before is None:
        raise UnknownEntryError
    if before is not None and seen != mark_of(before):
        raise ChangedMeanwhileError


async def _person(connection: AsyncConnection, person: str) -> PersonEntry:
    found = await rows.person_entry(connection, person)
    if found is None:
        raise UnknownEntryError
    return found


async def _rota(connection: AsyncConnection, rota: str) -> RotaEntry:
    found = await rows.rota_entry(connection, rota)
    if found is None:
        raise UnknownEntryError
    return found


async def _check_address(connection: AsyncConnection, person: str, email: str | None) -> None:
    """Two with one address could neither sign in by it nor ask for a link."""
    taken = select(people.c.id).where(func.lower(people.c.email) == (email or "").lower(), people.c.id != person, OF_THE_HOUSE)
    if (found := (await connection.execute(taken.limit(1))).scalar_one_or_none()) is not None:
        raise ChangeRefusedError("email", f"{found} has this address already, and neither could sign in by it.")


async def _check_people(connection: AsyncConnection, field: str, ids: Collection[str]) -> None:
    await _check_known(connection, people, field, ids)


async def _check_groups(connection: AsyncConnection, ids: Collection[str], field: str = "groups") -> None:
    await _check_known(connection, groups, field, ids)


async def _check_known(connection: AsyncConnection, table: Table, field: str, ids: Collection[str]) -> None:
    if strangers := await rows.unknown_among(connection, table, ids):
        raise ChangeRefusedError(field, f"The directory does not know {', '.join(strangers[:5])}.")
