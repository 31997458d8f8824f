"""What the page of a survey needs beside the incident."""

from dataclasses import dataclass

from sqlalchemy import select

from activities.database.tables import people
from api.queries import Database, reading


@dataclass(frozen=True)
class PageReader:
    """How somebody reads: language as two letters, IANA zone."""

    language: str
    zone: str


async def reader_of(database: Database, person: str) -> PageReader:
    """How this person reads; English and UTC for somebody the directory no longer knows."""
    query = select(people.c.language, people.c.zone).where(people.c.id == person)
    async with reading(database).connect() as connection:
        row = (await connection.execute(query)).one_or_none()
    return PageReader(*row) if row else PageReader("en", "UTC")
