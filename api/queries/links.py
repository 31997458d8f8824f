"""What the page behind a link needs beside the incident."""

from sqlalchemy import select

from activities.database.tables import intake, people
from activities.mail.preferences import declines
from api.queries import Database, reading
from workflows.vocabulary import Channel


async def follow_up_of(database: Database, key: str) -> str | None:
    """The number of the incident that was opened through the link under this key, if one was (S12)."""
    return await taken_in_under(database, Channel.LINK, key)


async def taken_in_under(database: Database, channel: Channel, key: str) -> str | None:
    """The number that a report got under this key of the intake ledger, if one came (S1)."""
    query = select(intake.c.number).where(intake.c.channel == channel.value, intake.c.key == key)
    async with reading(database).connect() as connection:
        return (await connection.execute(query)).scalar_one_or_none()


async def reads_in(database: Database, person: str) -> tuple[str, str]:
    """Language and IANA zone in which this person reads; English and UTC for somebody the directory no longer knows."""
    async with reading(database).connect() as connection:
        found = (await connection.execute(select(people.c.language, people.c.zone).where(people.c.id == person))).one_or_none()
    return (found.language, found.zone) if found else ("en", "UTC")


async def is_in_directory(database: Database, person: str) -> bool:
    """Whether the directory has this person, disabled or not: nothing is noted about anybody else."""
    async with reading(database).connect() as connection:
        return (await connection.execute(select(people.c.id).where(people.c.id == person))).first() is not None


async def has_declined(database: Database, person: str, purpose: str) -> bool:
    """Whether this person has declined that."""
    async with reading(database).connect() as connection:
        return await declines(connection, person, purpose)
