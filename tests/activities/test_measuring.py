"""What figures are made of: one row for each incident that is over, from facts and events alone (process.md S23)."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import measures
from activities.measuring import measure_what_is_missing
from activities.records import Records
from tests.process.life import ASHA, CARLA, TUESDAY, Life
from workflows.messages import (
    Acknowledge,
    Cancel,
    Confirm,
    Escalate,
    Hold,
    Message,
    Note,
    OverridePriority,
    Reject,
    Report,
    Resolve,
    Resume,
)
from workflows.publication import Published
from workflows.vocabulary import CancelReason, HoldReason, Impact, Kind, Priority, Urgency

HOUR = timedelta(hours=1)
PRINTER = {"category": "printing", "impact": Impact.SIGNIFICANT, "urgency": Urgency.MEDIUM}


async def publish(engine: AsyncEngine, life: Life) -> None:
    """Everything the incident has to say goes into the record."""
    while life.incident.is_ahead_of_record:
        answer = await Records(engine).publish(life.incident.publication())
        life.incident.published(Published(answer.up_to), life.now)


async def rows(engine: AsyncEngine) -> list[dict[str, Any]]:
    """All measures, by number."""
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(select(measures).order_by(measures.c.number))).mappings()]


async def lived(engine: AsyncEngine, *words: tuple[timedelta, Any, Message], kind: Kind = Kind.INCIDENT, at: datetime = TUESDAY) -> Life:
    """An incident of P3 through these words, each after a while, then two weeks in which nobody speaks."""
    life = Life(Report("Printer is jammed", kind=kind, **PRINTER), at=at)
    for after, who, message in words:
        life.passes(after).says(who, message)
        await publish(engine, life)
    await publish(engine, life.passes(timedelta(days=14)))
    return life


async def test_how_long_it_took_and_how_it_went(database: AsyncEngine) -> None:
    """Working time of the clocks, wall time beside it, and the promises: a hold for the caller is left out of the working time only (S6, S23)."""
    held = Hold(HoldReason.CALLER, "Which printer?")
    await lived(database, (HOUR, ASHA, Acknowledge()), (HOUR, ASHA, held), (2 * HOUR, ASHA, Resume()), (HOUR, ASHA, Resolve("fixed", "x")))
    (row,) = await rows(database)
    assert (row["acknowledged"], row["responded"], row["resolved"], row["resolved_wall"]) == (3600, 3600, 3 * 3600, 5 * 3600)
    assert (row["response_met"], row["resolution_met"], row["resolution_over"]) == (True, True, None)
    assert (row["priority"], row["category"], row["group"], row["is_cancelled"]) == ("P3", "printing", "service-desk", False)
    assert (row["at_first_level"], row["at_first_contact"], row["is_confirmed"]) == (True, False, False)
    # Five office days after Tuesday: closed by silence, after two reminders.
    assert (row["over_on"], row["timers"], row["late"]) == (date(2026, 12, 1), 3, None)


async def test_one_contact_and_a_caller_who_confirms(database: AsyncEngine) -> None:
    """Solved at once by the first level, and confirmed."""
    await lived(database, (timedelta(minutes=5), ASHA, Resolve("advice", "x")), (HOUR, CARLA, Confirm()))
    (row,) = await rows(database)
    assert (row["at_first_level"], row["at_first_contact"], row["is_confirmed"], row["rejections"]) == (True, True, True, 0)
    assert (row["acknowledged"], row["responded"], row["over_on"]) == (None, 300, date(2026, 11, 24))


async def test_a_missed_promise_says_by_how_much(database: AsyncEngine) -> None:
    """Breach depth is working time beyond the budget, not time on the wall: Friday to Monday adds nothing (S23)."""
    friday = TUESDAY + timedelta(days=3)
    await lived(database, (timedelta(days=7), ASHA, Resolve("fixed", "x")), at=friday)
    (row,) = await rows(database)
    # Four hours were promised for the answer, 24 for the solution; five working days went by.
    assert (row["response_met"], row["response_over"]) == (False, 36 * 3600)
    assert (row["resolution_met"], row["resolution_over"]) == (False, 16 * 3600)
    assert row["resolved_wall"] == 7 * 24 * 3600


async def test_handed_on_rejected_and_solved_again(database: AsyncEngine) -> None:
    """Reassignments, reopenings and rejections count; a rejection that is taken back does not."""
    solved = Resolve("fixed", "x")
    path = [(HOUR, ASHA, Escalate("Not here.")), (HOUR, ASHA, solved), (HOUR, CARLA, Reject("Still jammed.")), (HOUR, ASHA, solved)]
    await lived(database, *path, (HOUR, CARLA, Reject("No.")), (timedelta(minutes=1), CARLA, Confirm()))
    (row,) = await rows(database)
    assert (row["reassignments"], row["reopenings"], row["rejections"]) == (1, 1, 1)
    assert (row["at_first_level"], row["at_first_contact"], row["is_confirmed"]) == (False, False, True)


async def test_a_question_nobody_answered_solves_nothing(database: AsyncEngine) -> None:
    """Closed without an answer is no resolution at the first level."""
    await lived(database, (HOUR, ASHA, Hold(HoldReason.CALLER, "Which printer?")), (timedelta(days=8), ASHA, Note("Still nothing.")))
    (row,) = await rows(database)
    assert (row["is_cancelled"], row["at_first_level"]) == (False, False)


async def test_what_is_not_measured(database: AsyncEngine) -> None:
    """Service requests and incidents that are not over; a cancelled one is, as cancelled, on the day it was called off (S1, S23)."""
    await lived(database, (HOUR, ASHA, Resolve("fixed", "x")), kind=Kind.SERVICE_REQUEST)
    await publish(database, Life(number="INC-1002-4").passes(HOUR))
    assert await rows(database) == []
    await lived(database, (HOUR, ASHA, Cancel(CancelReason.DUPLICATE)))
    (row,) = await rows(database)
    assert (row["is_cancelled"], row["resolved"], row["over_on"]) == (True, None, date(2026, 11, 24))


async def test_timers_that_were_late(database: AsyncEngine) -> None:
    """After an outage each lateness of a second or more stands in the row, in milliseconds (S9)."""
    life = Life(Report("Printer is jammed", **PRINTER))
    life.says(ASHA, Resolve("fixed", "x"))
    life.sleeps(timedelta(days=8))
    await publish(database, life)
    (row,) = await rows(database)
    assert row["timers"] == len(row["late"]) == 3
    assert min(row["late"]) > 1000


async def test_it_can_be_written_again_from_the_record(database: AsyncEngine) -> None:
    """Measures that are missing are made from facts and events, the same as the publication made them; then none is missing."""
    await lived(
        database, (HOUR, ASHA, Acknowledge()), (HOUR, ASHA, OverridePriority(Priority.P1, "x")), (HOUR, ASHA, Resolve("fixed", "x"))
    )
    before = await rows(database)
    async with database.begin() as connection:
        await connection.execute(delete(measures))
    assert await measure_what_is_missing(database) == 1
    assert await rows(database) == before
    assert await measure_what_is_missing(database) == 0


async def test_what_went_on_without_measures_is_measured_again(database: AsyncEngine) -> None:
    """A row that is older than its incident, because a build without measures went on with it, is written anew; then none is."""
    await lived(database, (HOUR, ASHA, Acknowledge()), (HOUR, ASHA, Resolve("fixed", "x")))
    before = await rows(database)
    async with database.begin() as connection:
        await connection.execute(update(measures).values(version=measures.c.version - 1, reopenings=7))
    assert await measure_what_is_missing(database) == 1
    assert await rows(database) == before
    assert await measure_what_is_missing(database) == 0
