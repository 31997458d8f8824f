"""How often something may be tried: counted in the record, so that it holds over all processes (process.md S22)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.session import insert
from activities.database.tables import throttles


@dataclass(frozen=True)
class Limit:
    """So many tries within a window that begins with the first of them."""

    name: str
    tries: int
    window: timedelta


_QUARTER_OF_AN_HOUR, _HOUR = timedelta(minutes=15), timedelta(hours=1)
PASSWORDS_OF_AN_ACCOUNT = Limit("password", 10, _QUARTER_OF_AN_HOUR)
PASSWORDS_FROM_AN_ADDRESS = Limit("passwords from", 50, _QUARTER_OF_AN_HOUR)
RETURNS_FROM_AN_ADDRESS = Limit("returns from", 50, _QUARTER_OF_AN_HOUR)
FOREIGN_FORMS_FROM_AN_ADDRESS = Limit("foreign forms from", 5, _HOUR)
REFUSALS_OF_A_PERSON = Limit("refusals of", 100, _HOUR)
LINKS_FOR_A_PERSON = Limit("link", 3, _QUARTER_OF_AN_HOUR)
LINKS_FROM_AN_ADDRESS = Limit("links from", 30, _QUARTER_OF_AN_HOUR)
UPLOADS_OF_A_PERSON = Limit("uploads", 100, _QUARTER_OF_AN_HOUR)


async def count(engine: AsyncEngine, limit: Limit, subject: str, now: datetime) -> int:
    """How many tries there were in this window, this one included. Counted before the try, in one statement: nobody slips through side by side."""
    is_over = throttles.c.began_at <= now - limit.window
    counted = (
        insert(engine, throttles)
        .values(key=_key(limit, subject), began_at=now, count=1)
        .on_conflict_do_update(
            index_elements=[throttles.c.key],
            set_={"count": case((is_over, 1), else_=throttles.c.count + 1), "began_at": case((is_over, now), else_=throttles.c.began_at)},
        )
        .returning(throttles.c.count)
    )
    async with engine.begin() as connection:
        return int((await connection.execute(counted)).scalar_one())


async def is_spent(engine: AsyncEngine, limit: Limit, subject: str, now: datetime) -> bool:
    """Whether the limit was passed in this window already. Only reads: whoever goes on trying does not keep the record busy with counting."""
    mine = (throttles.c.key == _key(limit, subject), throttles.c.began_at > now - limit.window, throttles.c.count > limit.tries)
    async with engine.execution_options(read_only=True).connect() as connection:
        return (await connection.execute(select(throttles.c.key).where(*mine))).first() is not None


async def forget(engine: AsyncEngine, limit: Limit, subject: str) -> None:
    """Starts anew, for somebody who got in."""
    async with engine.begin() as connection:
        await connection.execute(delete(throttles).where(throttles.c.key == _key(limit, subject)))


async def give_back(engine: AsyncEngine, limit: Limit, subject: str) -> None:
    """The try was a good one, and does not count. The others still do: one right password must not hide many wrong ones."""
    mine = (throttles.c.key == _key(limit, subject), throttles.c.count > 0)
    async with engine.begin() as connection:
        await connection.execute(update(throttles).where(*mine).values(count=throttles.c.count - 1))


async def forget_old(engine: AsyncEngine, now: datetime) -> None:
    """Takes away counts whose window is over; addresses are personal data."""
    async with engine.begin() as connection:
        await connection.execute(delete(throttles).where(throttles.c.began_at <= now - _HOUR))


def _key(limit: Limit, subject: str) -> str:
    return f"{limit.name} {subject}"[:200]
