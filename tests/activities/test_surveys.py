"""One survey an incident, and nobody asked too often, whatever closes at once (process.md S13)."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.session import open_database
from activities.database.tables import letters, people, surveys
from activities.mail.preferences import decline
from activities.records import Records
from activities.surveys import admit_survey, keep_survey
from emails.links import NO_SURVEYS
from tests.process.life import ASHA, CARLA, Life
from tests.process.test_surveys import EDITION, WEDNESDAY
from workflows.messages import Confirm, Rate, Report, Resolve
from workflows.policies.book import HOLDFAST
from workflows.publication import Surveyed, Surveying
from workflows.surveys import take_admission
from workflows.vocabulary import Impact, SurveyState, Urgency, Withheld

RULES = HOLDFAST.edition(EDITION).survey
MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
DAY = timedelta(days=1)
_numbers = count(1)


async def known(engine: AsyncEngine, *persons: str, email: str | None = "x@example.org") -> None:
    """These people stand in the directory."""
    async with engine.begin() as connection:
        for person in persons:
            row = {"id": person, "name": person, "email": email, "language": "en", "zone": "UTC", "roles": []}
            await connection.execute(people.insert().values(row))


async def closes(engine: AsyncEngine, person: str, at: datetime, *, is_grave: bool = False, asked_after: timedelta | None = None) -> bool:
    """An incident of this person closes; whether its survey gets a place, and then goes out so late, or not yet."""
    number = f"INC-{next(_numbers)}"
    async with engine.begin() as connection:
        answer = await admit_survey(connection, number, Surveying(person, at, RULES.caps_on(always_asked=is_grave)))
    if answer.why_not is None and asked_after is not None:
        facts = replace(Life(at=at).facts, number=number, survey=SurveyState.ASKED, surveyed_at=at + asked_after)
        async with engine.begin() as connection:
            await keep_survey(connection, facts)
    return answer.why_not is None


async def test_one_in_fourteen_days_and_three_in_thirty(database: AsyncEngine) -> None:
    """Drawn ones keep the first cap, towards grave ones too, grave ones only the second; both to the second (S13)."""
    await known(database, "carla")
    at_once = timedelta(0)
    assert await closes(database, "carla", MONDAY, asked_after=at_once)
    assert not await closes(database, "carla", MONDAY + 14 * DAY - timedelta(seconds=1))
    assert await closes(database, "carla", MONDAY + DAY, is_grave=True, asked_after=at_once)
    assert not await closes(database, "carla", MONDAY + 15 * DAY - timedelta(seconds=1))
    assert await closes(database, "carla", MONDAY + 15 * DAY, asked_after=at_once)
    assert not await closes(database, "carla", MONDAY + 29 * DAY, is_grave=True)
    assert await closes(database, "carla", MONDAY + 30 * DAY, is_grave=True)


async def test_other_people_have_their_own_caps(database: AsyncEngine) -> None:
    """What one person was asked leaves the next one alone."""
    await known(database, "carla", "dora")
    assert await closes(database, "carla", MONDAY, asked_after=timedelta(0))
    assert await closes(database, "dora", MONDAY, asked_after=timedelta(0))


async def test_who_is_never_asked(database: AsyncEngine) -> None:
    """Whoever declined surveys, has no address, or is no longer known; the reason is told (S13)."""
    await known(database, "carla")
    await known(database, "paul", email=None)
    await decline(database, "carla", NO_SURVEYS, MONDAY)
    for number, (person, why) in enumerate(
        [("carla", Withheld.DECLINED), ("paul", Withheld.NO_ADDRESS), ("nobody", Withheld.NO_ADDRESS)], start=1
    ):
        async with database.begin() as connection:
            assert (await admit_survey(connection, f"INC-{number}", Surveying(person, MONDAY, ()))).why_not is why
    async with database.connect() as connection:
        assert (await connection.execute(select(surveys))).all() == []


async def test_the_same_question_again_has_the_same_answer(database: AsyncEngine) -> None:
    """A publication that is repeated finds the place it took, and takes no second one (S13, S21)."""
    await known(database, "carla")
    question = Surveying("carla", MONDAY, RULES.caps_on(always_asked=False))
    for _ in range(3):
        async with database.begin() as connection:
            assert await admit_survey(connection, "INC-1", question) == Surveyed(question)
    async with database.connect() as connection:
        assert len((await connection.execute(select(surveys))).all()) == 1


async def test_many_incidents_that_close_at_once(database: AsyncEngine) -> None:
    """Of twelve closures of one person at the same moment, on connections of their own, one is asked about, or three where all are grave."""
    await known(database, "carla", "dora")
    drawn = await asyncio.gather(*(closes(database, "carla", MONDAY) for _ in range(12)))
    grave = await asyncio.gather(*(closes(database, "dora", MONDAY, is_grave=True) for _ in range(12)))
    assert (sum(drawn), sum(grave)) == (1, 3)


@dataclass(frozen=True)
class Closing:
    """One closure: of whom, when, how grave, and how many hours after its time the question goes out."""

    person: int
    hours: int
    is_grave: bool
    late: int


@dataclass(frozen=True)
class Outstanding:
    """A survey that has its place, and when it really goes out."""

    at: datetime
    number: str
    person: str
    is_grave: bool


CLOSINGS = st.lists(
    st.builds(Closing, st.integers(0, 1), st.integers(0, 24 * 50), st.booleans(), st.one_of(st.just(0), st.integers(0, 24 * 40))),
    min_size=2,
    max_size=14,
)


async def _never_more_than_the_caps(engine: AsyncEngine, closings: list[Closing]) -> None:
    names = [f"p{next(_numbers)}" for _ in range(2)]
    await known(engine, *names)
    outstanding: list[Outstanding] = []
    for closing in sorted(closings, key=lambda each: each.hours):
        now = MONDAY + timedelta(hours=closing.hours)
        await _send_out(engine, outstanding, now)
        number, drawn = f"INC-{next(_numbers)}", Surveying(names[closing.person], now, RULES.caps_on(always_asked=closing.is_grave))
        async with engine.begin() as connection:
            answer = await admit_survey(connection, number, drawn)
        if answer.why_not is None:
            outstanding.append(Outstanding(now + timedelta(hours=closing.late), number, names[closing.person], closing.is_grave))
    for name in names:
        theirs = [each for each in outstanding if each.person == name]
        asked = [each.at for each in theirs]
        assert all(sum(begin <= at < begin + 30 * DAY for at in asked) <= 3 for begin in asked)
        # A grave one may come between a drawn one and its late question; what had its place before a drawn one, of whatever sort, lies behind it.
        drawn = [(place, each) for place, each in enumerate(theirs) if not each.is_grave]
        assert all(each.at - earlier.at >= 14 * DAY for place, each in drawn for earlier in theirs[:place])


async def _send_out(engine: AsyncEngine, outstanding: list["Outstanding"], now: datetime) -> None:
    """What should have gone out by now has."""
    for each in outstanding:
        if each.at <= now:
            facts = replace(Life(at=MONDAY).facts, number=each.number, survey=SurveyState.ASKED, surveyed_at=each.at)
            async with engine.begin() as connection:
                await keep_survey(connection, facts)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_never_more_than_the_caps(database_url: str, data: st.DataObject) -> None:
    """Over people and closures, also when questions go out late or not at all, nobody is asked too often (S13)."""
    asyncio.run(_lives(database_url, data.draw(CLOSINGS)))


async def _lives(url: str, closings: list[Closing]) -> None:
    engine = open_database(url)
    try:
        await _never_more_than_the_caps(engine, closings)
    finally:
        await engine.dispose()


async def _published(engine: AsyncEngine, life: Life) -> None:
    while life.incident.is_ahead_of_record:
        answer = await Records(engine).publish(life.incident.publication())
        life.incident.published(answer, life.now)
        take_admission(life.incident, answer.surveyed, life.now)


async def test_from_closure_to_the_answer_in_the_record(database: AsyncEngine) -> None:
    """The row follows the incident: its place, the question with its letter, the answer; a repeated old publication takes nothing back (S13)."""
    await known(database, "carla")
    life = Life(Report("Printer is on fire", category="printing", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH), at=WEDNESDAY)
    life.says(ASHA, Resolve("fixed", "done"))
    life.says(CARLA, Confirm())
    life.passes(timedelta(minutes=10))
    closing = life.incident.publication()
    await _published(database, life)
    assert [(row.state, row.asked_at, row.score) for row in await _rows(database)] == [("drawn", None, None)]
    life.passes(timedelta(hours=1))
    await _published(database, life)
    life.says(CARLA, Rate(2, "Slow."))
    await _published(database, life)
    await Records(database).publish(closing)
    assert [(row.state, row.asked_at, row.answered_at, row.score, row.comment) for row in await _rows(database)] == [
        ("answered", life.facts.surveyed_at, life.now, 2, "Slow.")
    ]
    async with database.connect() as connection:
        sent = [row.letter for row in await connection.execute(select(letters).order_by(letters.c.cause))]
    assert sent.count("survey") == 1


async def _rows(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        return list((await connection.execute(select(surveys))).all())


@pytest.mark.parametrize("percent", [0, 30, 50, 100])
def test_the_lot_falls_as_often_as_the_policy_says(percent: int) -> None:
    """Of 4,000 incidents about so many are drawn, and the same ones every time (S13)."""
    rules = replace(RULES, percent=percent)
    drawn = [rules.is_drawn(f"INC-{number}") for number in range(4000)]
    assert abs(sum(drawn) - 40 * percent) <= 120
    assert drawn == [rules.is_drawn(f"INC-{number}") for number in range(4000)]
