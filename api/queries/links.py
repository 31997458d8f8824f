"""What the page behind a link needs beside the incident."""

from sqlalchemy import select

from activities.database.tables import intake, people
from api.queries import Database, reading
from workflows.vocabulary import Channel


async def follow_up_of(database: Database, key: str) -> str | None:
    """The number of the incident that was opened through the link under this key, if one was (S12)."""
    query = select(intake.c.number).where(intake.c.channel == Channel.LINK.value, intake.c.key == key)
    async with reading(database).connect() as connection:
        return (await connection.execute(query)).scalar_one_or_none()


async def zone_of(database: Database, person: str) -> str:
    """The IANA zone in which this person reads times; UTC for somebody the directory no longer knows."""
    async with reading(database).connect() as connection:
        return (await connection.execute(select(people.c.zone).where(people.c.id == person))).scalar_one_or_none() or "UTC"
