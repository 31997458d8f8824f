"""What ends when somebody leaves the desk or their roles change, and that somebody must stay who administers it (process.md S22).

A session or key never outlives what it was given for. Functions take the connection of the change's transaction.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import api_keys, link_requests, one_time_links, people, sessions
from activities.directory.attendance import OF_THE_HOUSE, has_role
from workflows.vocabulary import Role


class LastAdminError(Exception):
    """After this change nobody could administer the desk any more; give somebody else the role first."""


async def end_sessions(connection: AsyncConnection, whose: Collection[str]) -> int:
    """Signs these people out everywhere; how many sessions that were."""
    return (await connection.execute(delete(sessions).where(sessions.c.person.in_(whose)))).rowcount


async def end_links(connection: AsyncConnection, whose: Collection[str]) -> None:
    """No one-time link that was made for these people works any more."""
    await connection.execute(delete(one_time_links).where(one_time_links.c.person.in_(whose)))
    await connection.execute(delete(link_requests).where(link_requests.c.person.in_(whose)))


async def end_ways_in(connection: AsyncConnection, whose: Collection[str], now: datetime) -> None:
    """No session, link or key of these people opens anything any more; a key stays closed also when they come back."""
    await end_sessions(connection, whose)
    await end_links(connection, whose)
    open_keys = (api_keys.c.person.in_(whose), api_keys.c.revoked_at.is_(None))
    await connection.execute(update(api_keys).where(*open_keys).values(revoked_at=now))


async def somebody_administers(connection: AsyncConnection) -> bool:
    """Whether anybody of the house has the role."""
    return (await connection.execute(select(people.c.id).where(has_role(Role.ADMIN), OF_THE_HOUSE).limit(1))).first() is not None
