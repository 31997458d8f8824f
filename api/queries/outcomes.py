"""What became of commands: answered by the incident, or turned away after its end (design rule 3)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import incidents, outcomes, turned_away
from api.queries import Database, reading
from workflows.publication import Result


@dataclass(frozen=True)
class Answer:
    """The outcome of one command as the record shows it. ``version`` is the version of the incident that shows its effect."""

    command_id: str
    message: str
    result: Result
    at: datetime
    version: int | None
    fingerprint: str
    rule: str | None
    detail: str | None


async def incidents_answer(database: Database, number: str, command_id: str) -> Answer | None:
    """The answer of the incident itself, or none yet."""
    async with reading(database).connect() as connection:
        return await _answered(connection, number, command_id)


async def _answered(connection: AsyncConnection, number: str, command_id: str) -> Answer | None:
    columns = [outcomes.c[name] for name in Answer.__dataclass_fields__]
    query = select(*columns).where(outcomes.c.number == number, outcomes.c.command_id == command_id)
    row = (await connection.execute(query)).one_or_none()
    return Answer(row[0], row[1], Result(row[2]), *row[3:]) if row else None


async def answer_to(database: Database, number: str, command_id: str) -> Answer | None:
    """The answer under this id, from the incident or from those turned away after its end, or none yet."""
    async with reading(database).connect() as connection:
        if (answer := await _answered(connection, number, command_id)) is not None:
            return answer
        late = turned_away.c
        query = select(late.command_id, late.message, late.at, late.fingerprint, late.rule)
        row = (await connection.execute(query.where(late.number == number, late.command_id == command_id))).one_or_none()
    return Answer(row[0], row[1], Result.REFUSED, row[2], None, row[3], row[4], None) if row else None


async def version_of(database: Database, number: str) -> int | None:
    """The version of the incident that the record shows, or none."""
    async with reading(database).connect() as connection:
        return (await connection.execute(select(incidents.c.version).where(incidents.c.number == number))).scalar_one_or_none()
