"""Incidents of a running desk whose survey is out, without waiting for an hour."""

from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import delete

from activities.database.tables import surveys
from activities.incident_numbers import number_of
from activities.records import Records
from tests.api.house import RunningDesk
from tests.process.life import ASHA, Life
from workflows.incident import IncidentWorkflow
from workflows.messages import Actor, Confirm, Report, Resolve
from workflows.record import HandedOver
from workflows.surveys import take_admission
from workflows.vocabulary import ActorKind, Impact, Role, Urgency

# Far from those that the front door gives.
_NUMBERS = count(700_001)


def survey_is_out(desk: RunningDesk, person: str = "carla") -> str:
    """The number of a closed P1 incident of this person, asked about just now; its process goes on where such a life would be."""
    number, caller = number_of(next(_NUMBERS)), Actor(ActorKind.PERSON, person, (Role.CALLER,))
    report = Report("Printer is on fire", category="printing", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH)
    life = Life(report, caller, datetime.now(UTC) - timedelta(hours=2), number)
    life.says(ASHA, Resolve("fixed", "Extinguished it."))
    life.says(caller, Confirm())
    desk.run(_live(desk, life.passes(timedelta(minutes=10)), person))
    return number


async def _live(desk: RunningDesk, life: Life, person: str) -> None:
    async with desk.engine.begin() as connection:
        # Each test has a person who was never asked before.
        await connection.execute(delete(surveys).where(surveys.c.person == person))
    await _publish(desk, life)
    await _publish(desk, life.passes(timedelta(hours=1)))
    opening = HandedOver(life.intake, life.incident)
    number = life.facts.number
    await desk.client.start_workflow(IncidentWorkflow.run, opening, id=number, task_queue=desk.settings.task_queue)


async def _publish(desk: RunningDesk, life: Life) -> None:
    while life.incident.is_ahead_of_record:
        answer = await Records(desk.engine).publish(life.incident.publication())
        life.incident.published(answer, life.now)
        take_admission(life.incident, answer.surveyed, life.now)
