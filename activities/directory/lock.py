"""One change of the directory at a time, and how often it was changed: what was looked at can be told from what is (process.md S22)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.session import insert
from activities.database.tables import numbers

_NAME = "directory"


class DirectoryChangedError(Exception):
    """The directory was changed since it was looked at."""


@asynccontextmanager
async def changing(engine: AsyncEngine, seen: int | None = None) -> AsyncIterator[AsyncConnection]:
    """A transaction that no other change of the directory runs beside: rules about all of it, such as the last administrator, hold at its end.

    ``seen``: only if it still is as it was at that count; else DirectoryChangedError.
    """
    counted = (
        insert(engine, numbers)
        .values(name=_NAME, last=1)
        .on_conflict_do_update(index_elements=[numbers.c.name], set_={"last": numbers.c.last + 1})
        .returning(numbers.c.last)
    )
    async with engine.begin() as connection:
        count = (await connection.execute(counted)).scalar_one()
        if seen is not None and seen != count - 1:
            raise DirectoryChangedError
        yield connection


async def count_of_changes(connection: AsyncConnection) -> int:
    """How often the directory was changed."""
    return (await connection.execute(select(numbers.c.last).where(numbers.c.name == _NAME))).scalar_one_or_none() or 0
