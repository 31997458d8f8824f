"""People, groups, levels and rotas: who is meant right now (process.md S5, S10, S14). Functions take the connection of a transaction that is open."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import groups, memberships, people, rotas
from activities.directory.attendance import ATTENDANCE, OF_THE_HOUSE, has_role, is_away
from activities.directory.on_call import Absences, Rota
from activities.directory.rota_entries import readable_rota
from workflows.publication import LetterOwed
from workflows.vocabulary import Audience, LetterName, Role

log = structlog.get_logger("holdfast.directory")
GROUP_MAILBOX = "group:"
FOREVER = datetime.max.replace(tzinfo=UTC)
# Letters that are no use in the mailbox of somebody who is away: if nobody else is meant, the process tells somebody else.
MUST_BE_HEARD = frozenset({LetterName.ESCALATION, LetterName.BREACH, LetterName.APPROVAL_WANTED, LetterName.CALLER_NOT_REACHED})
# To whom a letter can go at all.
_REACHABLE = (people.c.email != "", OF_THE_HOUSE)


async def recipients(
    connection: AsyncConnection, owed: LetterOwed, now: datetime, *, is_call: bool = False, not_to: Collection[str] = ()
) -> tuple[str, ...]:
    """Ids of everybody the letter is for: people, or ``group:ID`` for a group with a mailbox. Empty if the directory has nobody to reach.

    Who is away counts as nobody where somebody has to hear of it: a call of a ladder (``is_call``) and the letters of ``MUST_BE_HEARD``, so that the
    process goes on to somebody else. Any other letter rather waits in the mailbox of those who are away than is lost. ``not_to``: to whom
    letters of this incident could not be delivered; they are no last resort.
    """
    or_absent = not (is_call or owed.letter in MUST_BE_HEARD)
    named = owed.addressees[0] if owed.addressees else None
    if owed.to is Audience.INCIDENT_MANAGER:
        return _first_present(await _reachable(connection, has_role(Role.INCIDENT_MANAGER)), now, or_absent=or_absent)
    if named is None:
        return ()
    if owed.to is Audience.FALLBACK_OWNER:
        return await _last_resort(connection, named, now, not_to)
    if owed.to is Audience.ON_CALL:
        on_call = await who_is_on_call(connection, named, now)
        return await _if_there(connection, on_call, now) if on_call else ()
    if owed.to is Audience.NAMED_PERSON:
        return await _if_there(connection, named, now)
    if owed.to is Audience.GROUP:
        return await _group(connection, named, now, or_absent=or_absent)
    if owed.to is Audience.GROUP_LEAD:
        is_lead = people.c.id.in_(select(groups.c.lead).where(groups.c.id == named))
        return _first_present(await _reachable(connection, is_lead), now, or_absent=or_absent)
    if owed.to is Audience.CALLER:
        return _ids(await _reachable(connection, people.c.id == named))
    # The person; if absent, unknown or without address: the group behind them (S5).
    return await _if_there(connection, named, now) or await _group(connection, owed.addressees[-1], now, or_absent=or_absent)


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


async def _reachable(connection: AsyncConnection, wanted: ColumnElement[bool]) -> Sequence[Any]:
    """Who of these people has an address, there or away, in the order of their ids."""
    return (await connection.execute(select(people.c.id, *ATTENDANCE).where(wanted, *_REACHABLE).order_by(people.c.id))).all()


def _ids(found: Iterable[Any]) -> tuple[str, ...]:
    return tuple(each.id for each in found)


def _first_present(found: Sequence[Any], now: datetime, *, or_absent: bool) -> tuple[str, ...]:
    """Those of them who are there; the absent ones only if nobody else is left and the letter may wait for them."""
    present = _ids(each for each in found if not is_away(each, now))
    return present or (_ids(found) if or_absent else ())


async def _group(connection: AsyncConnection, group: str, now: datetime, *, or_absent: bool) -> tuple[str, ...]:
    """The group's mailbox, else its members. Whose members are all away has nobody who reads its mailbox."""
    of_the_group = people.c.id.in_(select(memberships.c.person).where(memberships.c.group == group))
    if not (await connection.execute(select(groups.c.email).where(groups.c.id == group))).scalar_one_or_none():
        return _first_present(await _reachable(connection, of_the_group), now, or_absent=or_absent)
    members = (await connection.execute(select(*ATTENDANCE).where(of_the_group))).all()
    is_read = not members or any(not is_away(each, now) for each in members)
    return (f"{GROUP_MAILBOX}{group}",) if is_read or or_absent else ()


async def _if_there(connection: AsyncConnection, person: str, now: datetime) -> tuple[str, ...]:
    """Only that person, or nobody: a step of a ladder that meets an absent person goes on to the next one."""
    return _first_present(await _reachable(connection, people.c.id == person), now, or_absent=False)


async def _last_resort(connection: AsyncConnection, owner: str, now: datetime, not_to: Collection[str]) -> tuple[str, ...]:
    """The fallback owner; else the incident managers, the administrators, everybody with an address: the first of these with somebody there (S10).

    With nobody there at all, the first that has somebody, or whatever mailbox there is: better one that nobody reads today than silence.
    """
    away: tuple[str, ...] = ()
    for tier in (people.c.id == owner, has_role(Role.INCIDENT_MANAGER), has_role(Role.ADMIN), true()):
        found = [each for each in await _reachable(connection, tier) if each.id not in not_to]
        if present := _first_present(found, now, or_absent=False):
            return present
        away = away or _ids(found)
    return away or tuple(each for each in await _mailboxes(connection) if each not in not_to)


async def _mailboxes(connection: AsyncConnection) -> tuple[str, ...]:
    found = await connection.execute(select(groups.c.id).where(groups.c.email != "").order_by(groups.c.id))
    return tuple(f"{GROUP_MAILBOX}{group}" for group in found.scalars())
