"""The events of one incident, or of all within a period, a stretch at a time: a trail of any length takes little memory (process.md S21). Only read here.

Between two stretches no connection is held: a slow reader keeps nobody else waiting. Each stretch is found by an index, by where the one before it ended.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, literal, select, tuple_

from activities.database.tables import events
from api.queries import Database, reading

Stretch = Sequence[Row[Any]]
# Events of a stretch; the longest that people write take four megabytes in it.
_MOST = 100
_IN_TIME = (events.c.at, events.c.number, events.c.seq)


async def trail_of(database: Database, number: str) -> AsyncIterator[Stretch]:
    """Everything that happened to an incident, in its sequence."""
    query = select(events).where(events.c.number == number).order_by(events.c.seq)
    found = await _stretch(database, query)
    while found:
        yield found
        found = await _stretch(database, query.where(events.c.seq > found[-1].seq))


async def trail_within(database: Database, since: datetime, until: datetime) -> AsyncIterator[Stretch]:
    """Everything that happened from one instant on and before another (UTC), in the order in which it happened."""
    query = select(events).where(events.c.at < until).order_by(*_IN_TIME)
    found = await _stretch(database, query.where(events.c.at >= since))
    while found:
        yield found
        found = await _stretch(database, query.where(tuple_(*_IN_TIME) > _place(found[-1])))


def _place(last: Row[Any]) -> Any:
    return tuple_(literal(last.at, events.c.at.type), literal(last.number), literal(last.seq))


async def _stretch(database: Database, query: Select[Any]) -> Stretch:
    async with reading(database).connect() as connection:
        found: Stretch = (await connection.execute(query.limit(_MOST))).all()
    return found
