"""The record takes publications in any order, any number of times (design section 4, process.md S21)."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import events, incidents, letters, outcomes, people
from activities.directory.file import load_directory
from activities.records import Records
from tests.process.life import ASHA, CARLA, Life
from workflows.messages import Confirm, Hold, PublicMessage, Reject, Resolve, Take
from workflows.publication import Publication, Published, Unreached
from workflows.vocabulary import Audience, HoldReason, LetterName

DIRECTORY = """
[people.carla]
name = "Carla"
email = "carla@example.org"
[people.asha]
name = "Asha"
email = "asha@example.org"
roles = ["caller", "agent"]
[people.ines]
name = "Ines"
email = "ines@example.org"
roles = ["caller", "incident_manager"]
[groups.service-desk]
name = "Service desk"
level = 1
members = ["asha", "ines"]
[groups.workplace]
name = "Workplace"
level = 2
email = "workplace@example.org"
"""


def a_life() -> list[Publication]:
    """The publications of one incident, from report to closure."""
    life, published = Life(), []

    def publish() -> None:
        publication = life.incident.publication()
        published.append(publication)
        life.incident.published(Published(publication.up_to), life.now)

    publish()
    for who, message in [(ASHA, Take()), (ASHA, Hold(HoldReason.CALLER, "Which?")), (ASHA, Resolve("fixed", "done")), (CARLA, Confirm())]:
        life.says(who, message)
        publish()
    life.passes(timedelta(minutes=10))
    publish()
    return published


async def rows(engine: AsyncEngine) -> list[Sequence[Any]]:
    """Everything in the record, in a fixed order."""
    async with engine.connect() as connection:
        return [
            (await connection.execute(select(table).order_by(*table.primary_key.columns))).all()
            for table in (incidents, events, outcomes, letters)
        ]


async def test_a_publication_becomes_rows(database: AsyncEngine) -> None:
    """Facts, events, outcomes and letters owed stand in the record after one call."""
    await load_directory(database, DIRECTORY)
    for publication in a_life():
        assert (await Records(database).publish(publication)).unreached == ()
    facts, happened, answers, owed = await rows(database)
    assert (facts[0].status, facts[0].version) == ("closed", len(happened))
    assert {answer.result for answer in answers} == {"applied"}
    assert [row.letter for row in sorted(owed, key=lambda row: row.cause)] == ["received", "assigned", "question", "resolved", "closed"]


@pytest.mark.parametrize("order", [[5, 4, 3, 2, 1, 0], [0, 2, 1, 4, 3, 5, 0, 5], [3, 3, 0, 5, 1, 2, 4, 3], [5, 0, 1, 2, 3, 4]])
async def test_any_order_any_number_of_times(database: AsyncEngine, order: list[int]) -> None:
    """Publications repeated and shuffled leave the rows that one clean pass leaves."""
    await load_directory(database, DIRECTORY)
    clean = a_life()
    for publication in clean:
        await Records(database).publish(publication)
    expected = await rows(database)
    async with database.begin() as connection:
        for table in (incidents, events, outcomes, letters):
            await connection.execute(table.delete())
    for publication in (clean[place] for place in order):
        await Records(database).publish(publication)
    assert await rows(database) == expected


async def test_many_at_once(database: AsyncEngine) -> None:
    """Workers that publish the same at the same moment do not disturb each other."""
    await load_directory(database, DIRECTORY)
    life = a_life()
    await asyncio.gather(*(Records(database).publish(publication) for publication in life * 3))
    facts, happened, _, _ = await rows(database)
    assert facts[0].version == len(happened)


async def test_the_one_who_caused_it_gets_no_letter(database: AsyncEngine) -> None:
    """Who takes an incident is not told that it is theirs (S14)."""
    await load_directory(database, DIRECTORY)
    for publication in a_life():
        await Records(database).publish(publication)
    async with database.connect() as connection:
        assert set((await connection.execute(select(letters.c.recipient))).scalars()) == {"carla"}


async def test_a_letter_that_finds_nobody_is_reported_back(database: AsyncEngine) -> None:
    """A caller the directory does not know is named in the answer, so that the incident can say so (S10)."""
    answer = await Records(database).publish(a_life()[0])
    assert [(missed.letter, missed.to) for missed in answer.unreached] == [(LetterName.RECEIVED, Audience.CALLER)]
    assert isinstance(answer.unreached[0], Unreached)


async def test_an_absent_assignee_is_represented_by_the_group(database: AsyncEngine) -> None:
    """Letters to somebody who is away go to the group (S5)."""
    await load_directory(database, DIRECTORY.replace('name = "Asha"', 'name = "Asha"\nabsent_until = 2099-01-01T00:00:00Z'))
    life = Life()
    life.says(ASHA, Take())
    life.says(ASHA, Resolve("fixed", "done"))
    life.publishes()
    life.says(CARLA, Reject("still"))
    await Records(database).publish(life.incident.publication())
    async with database.connect() as connection:
        found = (await connection.execute(select(letters.c.recipient).where(letters.c.letter == "rejected"))).scalars().all()
    assert found == ["ines"]


async def test_the_same_directory_twice_changes_nothing(database: AsyncEngine) -> None:
    """An import is idempotent, and whoever is missing from the file stays and is named (S22)."""
    await load_directory(database, DIRECTORY)
    async with database.begin() as connection:
        await connection.execute(people.insert().values(id="old", name="Old", language="en", zone="UTC", roles=["caller"]))
    assert (await load_directory(database, DIRECTORY)).not_in_file == ("old",)
    async with database.connect() as connection:
        assert len((await connection.execute(select(people))).all()) == 4


async def _promised(engine: AsyncEngine, letter: str) -> list[str]:
    async with engine.connect() as connection:
        facts = (await connection.execute(select(letters.c.facts).where(letters.c.letter == letter))).scalar_one()
    return [promise["clock"] for promise in facts["promises"]]


async def test_a_letter_knows_what_is_promised_when_it_is_planned(database: AsyncEngine) -> None:
    """The receipt has both promises, although clocks begin after it is owed; a clock that has stopped or is paused by then promises nothing (S6, S14)."""
    await load_directory(database, DIRECTORY)
    life = Life()

    async def _publish() -> None:
        publication = life.incident.publication()
        life.takes_note(publication, await Records(database).publish(publication))

    await _publish()
    life.says(ASHA, Take())
    await _publish()
    life.says(ASHA, PublicMessage("We look into it."))
    life.says(ASHA, Hold(HoldReason.CALLER, "Which?"))
    await _publish()
    life.says(ASHA, Resolve("fixed", "done"))
    await _publish()
    assert await _promised(database, "received") == ["response", "resolution"]
    assert await _promised(database, "assigned") == ["resolution"]
    assert await _promised(database, "progress") == []
    async with database.connect() as connection:
        told = dict((await connection.execute(select(letters.c.letter, letters.c.facts))).tuples().all())
    dues = {clock.kind.value: clock.due_at for clock in Life().facts.clocks}
    assert [datetime.fromisoformat(each["due_at"]) for each in told["received"]["promises"]] == [dues["response"], dues["resolution"]]
    assert TypeAdapter(timedelta).validate_python(told["resolved"]["undo_period"]) == life.incident.rules.closure.undo_period
