"""People, groups, levels and rotas: who is meant right now (process.md S5, S10, S14). Functions take the connection of a transaction that is open."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import groups, memberships, people, rotas
from activities.directory.attendance import ATTENDANCE, OF_THE_HOUSE, has_role, is_away
from activities.directory.on_call import Absences, Rota
from activities.directory.rota_entries import readable_rota
from workflows.publication import LetterOwed
from workflows.vocabulary import Audience, Role

log = structlog.get_logger("holdfast.directory")
GROUP_MAILBOX = "group:"
FOREVER = datetime.max.replace(tzinfo=UTC)
# To whom a letter can go at all.
_REACHABLE = (people.c.email.is_not(None), OF_THE_HOUSE)


@dataclass(frozen=True)
class Person:
    """A person as far as letters need one."""

    id: str
    has_address: bool
    is_absent: bool


async def recipients(connection: AsyncConnection, owed: LetterOwed, now: datetime) -> tuple[str, ...]:
    """Ids of everybody the letter is for: people, or ``group:ID`` for a group with a mailbox. Empty if the directory has nobody to reach."""
    if owed.to is Audience.INCIDENT_MANAGER:
        return await _with_role(connection, Role.INCIDENT_MANAGER)
    named = owed.addressees[0] if owed.addressees else None
    if named is None:
        return ()
    if owed.to is Audience.FALLBACK_OWNER:
        return await _last_resort(connection, named)
    if owed.to is Audience.ON_CALL:
        on_call = await who_is_on_call(connection, named, now)
        return await _if_there(connection, on_call, now) if on_call else ()
    if owed.to is Audience.NAMED_PERSON:
        return await _if_there(connection, named, now)
    if owed.to is Audience.GROUP:
        return await _group(connection, named, now)
    if owed.to is Audience.GROUP_LEAD:
        return await _lead(connection, named)
    person = await _person(connection, named, now)
    if owed.to is Audience.CALLER:
        return (named,) if person is not None and person.has_address else ()
    # The person; if absent, unknown or without address: the group behind them (S5).
    if person is not None and person.has_address and not person.is_absent:
        return (named,)
    return await _group(connection, owed.addressees[-1], now)


async def who_is_on_call(connection: AsyncConnection, rota_id: str, now: datetime) -> str | None:
    """The person on call for that rota at an aware instant (S10); who is absent is passed over. Nobody, or no such rota: None."""
    definition = (await connection.execute(select(rotas.c.definition).where(rotas.c.id == rota_id))).scalar_one_or_none()
    if definition is None:
        return None
    entry = readable_rota(definition)
    if entry is None:
        # Nobody on call, so that the ladder goes on and the record is written.
        log.error("rota unreadable", rota=rota_id)
        return None
    rota = entry.rota(rota_id)
    return rota.on_call(now, await absences(connection, rota.people))


@dataclass(frozen=True)
class Rotas:
    """All rotas that can be read, and the names of those that cannot: one of those must not hide the others."""

    known: tuple[Rota, ...]
    unreadable: tuple[str, ...]


async def all_rotas(connection: AsyncConnection) -> Rotas:
    """Every rota of the directory, by name (S10)."""
    found = (await connection.execute(select(rotas.c.id, rotas.c.definition).order_by(rotas.c.id))).all()
    entries = [(each.id, readable_rota(each.definition)) for each in found]
    known = tuple(entry.rota(rota) for rota, entry in entries if entry)
    return Rotas(known, tuple(rota for rota, entry in entries if not entry))


async def absences(connection: AsyncConnection, named: Collection[str]) -> Absences:
    """When these people are away, UTC (S5); whom the directory does not know, or only as somebody who left, is away for ever."""
    known = (await connection.execute(select(people.c.id, *ATTENDANCE).where(people.c.id.in_(named), OF_THE_HOUSE))).all()
    until = dict.fromkeys(named, FOREVER) | {each.id: each.absent_until for each in known}
    since = {each.id: each.absent_from for each in known if each.absent_from is not None}
    return Absences({person: end for person, end in until.items() if end is not None}, since)


async def _person(connection: AsyncConnection, person: str, now: datetime) -> Person | None:
    known = select(people.c.email, *ATTENDANCE).where(people.c.id == person, OF_THE_HOUSE)
    found = (await connection.execute(known)).one_or_none()
    return None if found is None else Person(person, bool(found.email), is_away(found, now))


async def _group(connection: AsyncConnection, group: str, now: datetime) -> tuple[str, ...]:
    """The group's mailbox, else its members; absent ones only if nobody else is left."""
    if (await connection.execute(select(groups.c.email).where(groups.c.id == group))).scalar_one_or_none():
        return (f"{GROUP_MAILBOX}{group}",)
    members = select(people.c.id, *ATTENDANCE).join(memberships, memberships.c.person == people.c.id)
    reachable = members.where(memberships.c.group == group, *_REACHABLE).order_by(people.c.id)
    found = (await connection.execute(reachable)).all()
    present = tuple(each.id for each in found if not is_away(each, now))
    return present or tuple(each.id for each in found)


async def _lead(connection: AsyncConnection, group: str) -> tuple[str, ...]:
    lead = select(people.c.id).join(groups, groups.c.lead == people.c.id).where(groups.c.id == group, *_REACHABLE)
    return tuple((await connection.execute(lead)).scalars())


async def _with_role(connection: AsyncConnection, role: Role) -> tuple[str, ...]:
    found = select(people.c.id).where(has_role(role), *_REACHABLE).order_by(people.c.id)
    return tuple((await connection.execute(found)).scalars())


async def _if_there(connection: AsyncConnection, person: str, now: datetime) -> tuple[str, ...]:
    """Only that person, or nobody: a step of a ladder that meets an absent person goes on to the next one."""
    found = await _person(connection, person, now)
    return (person,) if found is not None and found.has_address and not found.is_absent else ()


async def _last_resort(connection: AsyncConnection, owner: str) -> tuple[str, ...]:
    """The fallback owner, absent or not; else the incident managers, the administrators, everybody with an address (S10)."""
    has_address = select(people.c.id).where(*_REACHABLE).order_by(people.c.id)
    if (await connection.execute(has_address.where(people.c.id == owner))).first():
        return (owner,)
    for role in (Role.INCIDENT_MANAGER, Role.ADMIN):
        if found := await _with_role(connection, role):
            return found
    return tuple((await connection.execute(has_address)).scalars())
