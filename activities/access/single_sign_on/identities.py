"""Whom a provider means: the directory decides, and who was meant once is meant for ever (process.md S22). No account is created here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.access.security_log import Change, Hand, Seen, write_changes
from activities.access.single_sign_on.provider import Told
from activities.database.tables import identities, people
from activities.directory.attendance import OF_THE_HOUSE
from workflows.counting import counted


class Doubt(StrEnum):
    """Why nobody is let in."""

    NOT_IN_DIRECTORY = "not in the directory"
    NOT_VERIFIED = "the provider has not verified the address"
    NOTHING_TOLD = "the provider told nothing to know them by"
    SEVERAL = "several people have the address"
    ANOTHER_IS_BOUND = "the person is bound to another account there"


@dataclass(frozen=True)
class Recognised:
    """A person, or a doubt. ``is_new``: bound to this account of the provider just now."""

    person: str | None = None
    doubt: Doubt | None = None
    is_new: bool = False


async def recognise(engine: AsyncEngine, told: Told, *, by_claim: bool, now: datetime) -> Recognised:
    """Who is meant. The account of the provider counts, once it is bound; before that the claim of the settings, or the verified address."""
    async with engine.execution_options(read_only=True).connect() as connection:
        known = await _bound(connection, told)
    if known is not None:
        return known
    try:
        return await _bind(engine, told, now, by_claim=by_claim)
    except IntegrityError:  # the same person came through two browsers at once
        return await _bind(engine, told, now, by_claim=by_claim)


async def forget_identities(engine: AsyncEngine, person: str, by: Hand) -> int:
    """The next account of a provider that fits is bound anew; how many were bound."""
    async with engine.begin() as connection:
        forgotten = (await connection.execute(delete(identities).where(identities.c.person == person))).rowcount
        await write_changes(
            connection,
            by,
            Change(Seen.IDENTITIES_FORGOTTEN, f"person {person}", person=person, detail=counted(forgotten, "identity", "identities")),
        )
    return forgotten


async def _bound(connection: AsyncConnection, told: Told) -> Recognised | None:
    mine = (identities.c.issuer == told.issuer, identities.c.subject == told.subject)
    person = (await connection.execute(select(identities.c.person).where(*mine))).scalar_one_or_none()
    if person is None:
        return None
    is_known = (await connection.execute(select(people.c.id).where(people.c.id == person, OF_THE_HOUSE))).first()
    return Recognised(person) if is_known else Recognised(doubt=Doubt.NOT_IN_DIRECTORY)


async def _bind(engine: AsyncEngine, told: Told, now: datetime, *, by_claim: bool) -> Recognised:
    async with engine.begin() as connection:
        if (known := await _bound(connection, told)) is not None:
            return known
        found = await _meant(connection, told, by_claim=by_claim)
        if isinstance(found, Doubt):
            return Recognised(doubt=found)
        theirs = (identities.c.issuer == told.issuer, identities.c.person == found)
        subject = (await connection.execute(select(identities.c.subject).where(*theirs))).scalar_one_or_none()
        if subject is not None:  # our own, if another browser of ours was a moment faster
            return Recognised(found) if subject == told.subject else Recognised(doubt=Doubt.ANOTHER_IS_BOUND)
        line = {"issuer": told.issuer, "subject": told.subject, "person": found, "since": now}
        await connection.execute(identities.insert().values(line))
        return Recognised(found, is_new=True)


async def _meant(connection: AsyncConnection, told: Told, *, by_claim: bool) -> str | Doubt:
    if by_claim:
        if told.claimed is None:
            return Doubt.NOTHING_TOLD
        query = select(people.c.id).where(people.c.id == told.claimed, OF_THE_HOUSE)
    elif told.email is None:
        return Doubt.NOT_VERIFIED if told.unverified else Doubt.NOTHING_TOLD
    else:
        is_theirs = or_(people.c.email == told.email, func.lower(people.c.email) == _in_small_letters(told.email))
        query = select(people.c.id).where(is_theirs, OF_THE_HOUSE)
    found = (await connection.execute(query.limit(2))).scalars().all()
    if len(found) > 1:
        return Doubt.SEVERAL
    return found[0] if found else Doubt.NOT_IN_DIRECTORY


def _in_small_letters(address: str) -> str:
    """English letters only: the small letter of the Kelvin sign is a k, and a mailbox with that sign is another mailbox."""
    return "".join(each.lower() if each.isascii() else each for each in address)
