"""Who has been asked how it went, and what came back (process.md S13): one survey an incident for ever, and nobody is asked too often.

Functions take the connection of the publication's transaction. All admissions of one person stand in one queue: whoever admits holds the person's row in
the directory until the place is written, so two incidents that close at once cannot both take the last one.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.session import insert
from activities.database.tables import people, surveys
from activities.directory.attendance import OF_THE_HOUSE
from activities.mail.preferences import wants_no_surveys
from workflows.policies.survey_rules import Cap
from workflows.publication import Snapshot, Surveyed, Surveying
from workflows.vocabulary import SurveyState, Withheld


async def admit_survey(connection: AsyncConnection, number: str, asked: Surveying) -> Surveyed:
    """A place for this incident's survey, or why there is none. Asked again for the same incident, the answer is the same place."""
    person = select(people.c.email).where(people.c.id == asked.person, OF_THE_HOUSE).with_for_update()
    address = (await connection.execute(person)).scalar_one_or_none()
    if await _has_a_place(connection, number):
        return Surveyed(asked)
    if not address:
        return Surveyed(asked, Withheld.NO_ADDRESS)
    if await wants_no_surveys(connection, asked.person):
        return Surveyed(asked, Withheld.DECLINED)
    for cap in asked.caps:
        if await _asked_within(connection, asked.person, asked.at, cap) >= cap.most:
            return Surveyed(asked, Withheld.CAP)
    await _take_place(connection, number, asked)
    return Surveyed(asked)


async def _has_a_place(connection: AsyncConnection, number: str) -> bool:
    return (await connection.execute(select(surveys.c.number).where(surveys.c.number == number))).first() is not None


async def _asked_within(connection: AsyncConnection, person: str, at: datetime, cap: Cap) -> int:
    """How many count against the cap. One that has its place and has not gone out yet may go out at any time, so it always counts."""
    counts = or_(surveys.c.asked_at.is_(None), surveys.c.asked_at > at - cap.within)
    withheld = SurveyState.WITHHELD.value
    query = select(func.count()).where(surveys.c.person == person, surveys.c.state != withheld, counts)
    return int((await connection.execute(query)).scalar_one())


async def _take_place(connection: AsyncConnection, number: str, asked: Surveying) -> None:
    await connection.execute(insert(connection, surveys).values(place_of(number, asked)).on_conflict_do_nothing())


def place_of(number: str, asked: Surveying) -> dict[str, Any]:
    """The row of a survey that has its place and nothing else."""
    return {"number": number, "person": asked.person, "state": SurveyState.DRAWN.value, "planned_at": asked.at, "version": 0}


async def keep_survey(connection: AsyncConnection, facts: Snapshot) -> None:
    """What became of the survey, as the incident knows it; newer versions win."""
    if facts.survey is None:
        return
    mine = (surveys.c.number == facts.number, surveys.c.version < facts.version)
    await connection.execute(update(surveys).where(*mine).values(row_of(facts)))


def row_of(facts: Snapshot) -> dict[str, Any]:
    """How the survey stands."""
    return {
        "version": facts.version,
        "state": facts.survey.value if facts.survey else None,
        "asked_at": facts.surveyed_at,
        "answered_at": facts.rated_at,
        "score": facts.score,
        "comment": facts.comment,
    }
