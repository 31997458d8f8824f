"""Incidents of the record can be played again: the rehearsal gives them the fate they had (process.md S21)."""

import asyncio
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.recorded_lives import Period, period, recorded_lives
from activities.records import Records
from tests.process.newer_edition import works_by
from tests.replay.scenarios import DESKS, REPORTED_UNDER, SCENARIOS, TO_THE_END, spoken
from tests.replay.test_engine import NUMBER, intake
from workflows.messages import Sent
from workflows.policies.book import HOLDFAST, book
from workflows.publication import Publication, Published
from workflows.rehearsal.engine import Engine, written
from workflows.rehearsal.fates import Fate, Seen, fate
from workflows.rehearsal.playing import fates

TUESDAY = datetime(2026, 11, 24, 7, tzinfo=UTC)
MONTH = Period(date(2026, 11, 1), date(2026, 12, 1))


def lived(name: str) -> tuple[list[Publication], Fate]:
    """One incident of a scenario: what it published, and its fate."""
    seen, published = Seen(), list[Publication]()

    def publish(publication: Publication) -> Published:
        published.append(publication)
        seen.facts = publication.snapshot
        seen.events += publication.events
        seen.letters += publication.letters
        seen.outcomes += publication.outcomes
        return written(publication)

    engine = Engine(TUESDAY, publish)
    engine.start(intake(TUESDAY, REPORTED_UNDER[name]))
    for place, step in enumerate(SCENARIOS[name]):
        engine.advance_to(engine.now + step.after)
        for turn, (who, words) in enumerate(step.messages):
            engine.send(NUMBER, Sent(f"{place}-{turn}", who, engine.now, spoken(words, TUESDAY)))
            engine.advance_to(engine.now + timedelta(seconds=1))
    engine.advance_to(engine.now + TO_THE_END)
    engine.close()
    return published, fate(seen, book().edition(REPORTED_UNDER[name]), engine.now, Counter(), Counter())


def comparable(of: Fate) -> dict[str, object]:
    """What must be the same again: refusals cannot be, what they said is not kept."""
    return {name: value for name, value in of.as_compared.items() if name not in ("refused", "hours")}


@pytest.mark.parametrize("name", SCENARIOS)
async def test_what_was_lived_is_played_again(database: AsyncEngine, name: str) -> None:
    """Every scenario, published and read back from the record, has the same fate as the first time."""
    with works_by(DESKS.get(name, HOLDFAST)):
        # The engine is a loop of its own, so it runs beside the one of the test.
        published, first = await asyncio.to_thread(lived, name)
        for publication in published:
            await Records(database).publish(publication)
        found = await recorded_lives(database, MONTH)
        line = json.dumps(found.lives[0], default=str)
        (again,) = await asyncio.to_thread(lambda: list(fates([line], REPORTED_UNDER[name])))
    assert comparable(again) == comparable(first)
    refused = sum(first.refused.values())
    assert sum(found.unreadable.values()) == refused


async def test_no_text_leaves_the_record(database: AsyncEngine) -> None:
    """What people wrote is not taken over (design rule 10)."""
    for publication in (await asyncio.to_thread(lived, "refused"))[0]:
        await Records(database).publish(publication)
    text = json.dumps((await recorded_lives(database, MONTH)).lives)
    assert not any(said in text for said in ("Printer", "paper", "board meets", "Fuser"))


async def test_only_incidents_of_the_period_are_taken(database: AsyncEngine) -> None:
    """The period decides by when an incident was reported."""
    for publication in (await asyncio.to_thread(lived, "silence"))[0]:
        await Records(database).publish(publication)
    assert not (await recorded_lives(database, Period(date(2026, 12, 1), date(2027, 1, 1)))).lives


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-07", date(2026, 7, 1), date(2026, 8, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-07-01..2026-07-01", date(2026, 7, 1), date(2026, 7, 2)),
    ],
)
def test_a_period_is_a_month_a_quarter_or_days(text: str, first: date, after: date) -> None:
    """Periods as people say them; the last day belongs to it."""
    assert period(text) == Period(first, after)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-Q5", "2026-07-02..2026-07-01", "last quarter"])
def test_no_period_is_refused_with_how_it_is_written(text: str) -> None:
    """A slip of the pen is told, never taken for everything."""
    with pytest.raises(ValueError, match="2026-Q3"):
        period(text)
