"""What people do not want from the desk: surveys (process.md S13), their letters bundled into digests (S14), keys that act at once in the console."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.session import insert
from activities.database.tables import preferences
from emails.links import NO_DIGESTS, NO_SURVEYS

# Not by a link, but on the page of their account: no single keys in the console.
NO_KEYS = "no_keys"


async def wants_no_surveys(connection: AsyncConnection, person: str) -> bool:
    """Whether this person has asked never to be sent a survey."""
    return await declines(connection, person, NO_SURVEYS)


async def wants_no_digests(connection: AsyncConnection, person: str) -> bool:
    """Whether this person gets every letter by itself, however many come at once."""
    return await declines(connection, person, NO_DIGESTS)


async def declines(connection: AsyncConnection, person: str, purpose: str) -> bool:
    """Whether this person has declined what links of that purpose decline."""
    wish = select(preferences.c.since).where(preferences.c.person == person, preferences.c.declines == purpose)
    return (await connection.execute(wish)).first() is not None


async def decline(engine: AsyncEngine, person: str, purpose: str, now: datetime) -> None:
    """Notes the wish; a second time changes nothing."""
    wish = insert(engine, preferences).values(person=person, declines=purpose, since=now).on_conflict_do_nothing()
    async with engine.begin() as connection:
        await connection.execute(wish)


async def want_again(engine: AsyncEngine, person: str, purpose: str) -> None:
    """Takes the wish back."""
    wish = delete(preferences).where(preferences.c.person == person, preferences.c.declines == purpose)
    async with engine.begin() as connection:
        await connection.execute(wish)
