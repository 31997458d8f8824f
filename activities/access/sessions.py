"""Sessions of people in browsers: an opaque token in a cookie, its hash in the record (process.md S22).

A session ends at its absolute end, when nobody used it for a while, when its person signs out, changes the password, or leaves the directory.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.keys import digest_of
from activities.database.tables import sessions
from activities.directory.leaving import end_sessions

LASTS = timedelta(hours=12)
IDLE = timedelta(hours=2)
# That a session is in use is written down so often; a write for each page would cost more than it tells.
USE_IS_NOTED_EVERY = timedelta(minutes=5)


async def begin(engine: AsyncEngine, person: str, way: str, now: datetime, instead_of: str | None = None) -> str:
    """The token of a new session. One that came with the request is never gone on with: it ends here (session fixation)."""
    token = secrets.token_urlsafe(32)
    line = {"hash": digest_of(token), "person": person, "way": way, "began_at": now, "seen_at": now, "ends_at": now + LASTS}
    over = or_(sessions.c.ends_at <= now, sessions.c.seen_at <= now - IDLE)
    async with engine.begin() as connection:
        await connection.execute(delete(sessions).where(or_(over, sessions.c.hash == digest_of(instead_of or ""))))
        await connection.execute(sessions.insert().values(line))
    return token


async def note_use(engine: AsyncEngine, session_hash: str, now: datetime) -> None:
    """It is in use, so it does not run out yet."""
    async with engine.begin() as connection:
        await connection.execute(update(sessions).where(sessions.c.hash == session_hash).values(seen_at=now))


async def end(engine: AsyncEngine, token: str) -> str | None:
    """Signs out; by which way the person had come in, if there was such a session."""
    async with engine.begin() as connection:
        ended = await connection.execute(delete(sessions).where(sessions.c.hash == digest_of(token)).returning(sessions.c.way))
        return ended.scalar_one_or_none()


async def end_all(engine: AsyncEngine, person: str) -> int:
    """Signs a person out everywhere; how many sessions that were."""
    async with engine.begin() as connection:
        return await end_sessions(connection, [person])
