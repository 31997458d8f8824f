"""Accounts of people in browsers: passwords, one-time links, requests for them (process.md S22). Secrets are kept as hashes only."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from ulid import ULID

from activities.access.keys import digest_of
from activities.access.passwords import check_strength, fits, hash_of, is_outdated
from activities.access.security_log import Change, Hand, Seen, write_changes
from activities.database.session import insert
from activities.database.tables import accounts, link_requests, one_time_links, people
from activities.directory.attendance import OF_THE_HOUSE
from activities.directory.leaving import end_links, end_sessions
from workflows.counting import counted


class Purpose(StrEnum):
    """What a one-time link is good for: to sign in, or to choose a password and sign in."""

    SIGN_IN = "sign_in"
    INVITE = "invite"


LASTS = {Purpose.SIGN_IN: timedelta(minutes=10), Purpose.INVITE: timedelta(days=3)}
_KEPT_AFTER_THE_END = timedelta(days=1)


@dataclass(frozen=True)
class OneTimeLink:
    """A link that still works, and who it is for."""

    person: str
    name: str
    purpose: Purpose


async def who_is(engine: AsyncEngine, typed: str) -> str | None:
    """The person with this id or address; none if nobody has it, several share it, or it is of somebody disabled."""
    wanted = typed.strip()
    is_theirs = or_(people.c.id == wanted, func.lower(people.c.email) == wanted.lower())
    query = select(people.c.id).where(is_theirs, OF_THE_HOUSE).limit(2)
    async with engine.execution_options(read_only=True).connect() as connection:
        found = (await connection.execute(query)).scalars().all()
    return found[0] if len(found) == 1 else None


async def set_password(engine: AsyncEngine, person: str, password: str) -> None:
    """Sets or changes the password. Raises WeakPasswordError for one that is easy to guess."""
    async with engine.execution_options(read_only=True).connect() as connection:
        known = (await connection.execute(select(people.c.name, people.c.email).where(people.c.id == person))).one_or_none()
    await asyncio.to_thread(check_strength, password, person, *(known or ()))
    await _keep(engine, person, await hash_of(password))


async def _keep(engine: AsyncEngine, person: str, password_hash: str) -> None:
    line = {"person": person, "password_hash": password_hash, "changed_at": datetime.now(UTC)}
    changed = insert(engine, accounts).values(line).on_conflict_do_update(index_elements=[accounts.c.person], set_=line)
    async with engine.begin() as connection:
        await connection.execute(changed)


async def password_fits(engine: AsyncEngine, person: str | None, password: str) -> bool:
    """Whether this is the person's password. Takes as long for nobody as for somebody."""
    async with engine.execution_options(read_only=True).connect() as connection:
        query = select(accounts.c.password_hash).where(accounts.c.person == (person or ""))
        known = (await connection.execute(query)).scalar_one_or_none()
    if not await fits(known, password):
        return False
    if person is not None and known is not None and is_outdated(known):
        await _keep(engine, person, await hash_of(password))
    return True


async def make_link(engine: AsyncEngine, person: str, purpose: Purpose, now: datetime, by: Hand | None = None) -> str:
    """A new token of 256 random bits that works once; never to be shown again. ``by``: who makes it for somebody else, for the audit."""
    token = secrets.token_urlsafe(32)
    line = {"hash": digest_of(token), "person": person, "purpose": purpose.value, "ends_at": now + LASTS[purpose]}
    async with engine.begin() as connection:
        await connection.execute(delete(one_time_links).where(one_time_links.c.ends_at < now - _KEPT_AFTER_THE_END))
        await connection.execute(one_time_links.insert().values(line))
        if by is not None:
            await write_changes(connection, by, Change(Seen.LINK_MADE, f"person {person}", person=person, detail=purpose.value))
    return token


async def read_link(engine: AsyncEngine, token: str, now: datetime) -> OneTimeLink | None:
    """What the link is good for, or none: unknown, used and expired ones look the same."""
    links = one_time_links.c
    still_works = (links.hash == digest_of(token), links.used_at.is_(None), links.ends_at > now, OF_THE_HOUSE)
    query = select(links.person, people.c.name, links.purpose).join(people, people.c.id == links.person).where(*still_works)
    async with engine.execution_options(read_only=True).connect() as connection:
        row = (await connection.execute(query)).one_or_none()
    return OneTimeLink(row[0], row[1], Purpose(row[2])) if row else None


async def use_link(engine: AsyncEngine, token: str, now: datetime) -> bool:
    """Uses the link up; whether it was us who did."""
    links = one_time_links.c
    mine = update(one_time_links).where(links.hash == digest_of(token), links.used_at.is_(None), links.ends_at > now).values(used_at=now)
    async with engine.begin() as connection:
        return (await connection.execute(mine)).rowcount == 1


async def forget_link(engine: AsyncEngine, token: str) -> None:
    """A link that reached nobody works no more."""
    async with engine.begin() as connection:
        await connection.execute(delete(one_time_links).where(one_time_links.c.hash == digest_of(token)))


async def ask_for_link(engine: AsyncEngine, person: str | None, now: datetime) -> None:
    """Puts a request before the mail room. For nobody too: whoever asks cannot tell the difference, not by the time it takes either."""
    line = {"id": str(ULID()), "person": person, "asked_at": now, "next_attempt_at": now}
    async with engine.begin() as connection:
        await connection.execute(link_requests.insert().values(line))


async def sign_out_everywhere(engine: AsyncEngine, person: str, by: Hand) -> int:
    """Ends all sessions and links of a person, for somebody else; how many sessions that were."""
    async with engine.begin() as connection:
        ended = await end_sessions(connection, [person])
        await end_links(connection, [person])
        change = Change(Seen.SESSIONS_ENDED, f"person {person}", person=person, detail=counted(ended, "session"))
        await write_changes(connection, by, change)
    return ended
