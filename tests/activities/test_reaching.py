"""Whom an escalation reaches, with real directories in the record (process.md S5, S8 to S10)."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from activities.database.tables import events, letters
from activities.directory.file import load_directory
from activities.records import Records
from tests.process.life import ASHA, Life
from tests.process.test_ladders import P1_REPORT
from workflows.messages import Reopen, Resolve
from workflows.vocabulary import EventKind, LetterName

NOW = datetime.now(UTC).replace(microsecond=0)
PEOPLE = ("asha", "ines", "mei", "noah", "carla")


def a_directory(chance: Random) -> tuple[str, dict[str, bool]]:
    """People who are there, away or without an address; groups with and without members and leads; a rota or none. And who can be reached."""
    told, can_be_reached = [], {}
    for person in PEOPLE:
        away, has_address = chance.random() < 0.5, chance.random() < 0.7
        can_be_reached[person] = has_address and not away
        told.append(f'[people.{person}]\nname = "{person}"')
        told += [f'email = "{person}@example.org"'] if has_address else []
        told += [f"absent_until = {(NOW + timedelta(days=30)).isoformat()}"] if away else []
        told.append('roles = ["caller", "agent"]' if chance.random() < 0.6 else 'roles = ["caller", "agent", "incident_manager"]')
    for group in ("service-desk", "network"):
        members = [person for person in PEOPLE if chance.random() < 0.3]
        told.append(f'[groups.{group}]\nname = "{group}"\nlevel = 1\nmembers = {members}')
        told += [f'lead = "{chance.choice(PEOPLE)}"'] if chance.random() < 0.5 else []
    if chance.random() < 0.7:
        turn = chance.choice(PEOPLE)
        told.append(f'[rotas.major-incidents]\nzone = "UTC"\n[[rotas.major-incidents.layers]]\npeople = ["{turn}"]')
        told.append(f'starts = "{NOW - timedelta(days=3):%Y-%m-%dT00:00}"\nturn_days = 7')
    return "\n".join(told), can_be_reached


async def climbs(engine: AsyncEngine, number: str) -> Life:
    """A P1 incident that nobody takes care of, with everything published at once, until its ladder ends."""
    life, records = Life(P1_REPORT, at=NOW), Records(engine)
    life.incident.facts = type(life.facts)(**(vars(life.facts) | {"number": number}))
    while life.now < NOW + timedelta(hours=4):
        life.passes(timedelta(minutes=5))
        while life.incident.is_ahead_of_record:
            publication = life.incident.publication()
            life.takes_note(publication, await records.publish(publication))
    return life


async def unheard(engine: AsyncEngine) -> list[dict[str, str]]:
    """What the timeline says of letters that found nobody."""
    async with engine.connect() as connection:
        return list((await connection.execute(select(events.c.after).where(events.c.kind == EventKind.NOBODY_REACHED))).scalars())


@pytest.mark.parametrize("seed", range(40))
async def test_somebody_is_always_reached(ledger: AsyncEngine, seed: int) -> None:
    """Absent people, people without an address, empty groups, gaps in the rota: an escalation ends with somebody who has an address, if anybody has one, and the timeline shows each step."""
    chance = Random(seed)  # noqa: S311 -- no secret
    directory, can_be_reached = a_directory(chance)
    await load_directory(ledger, directory)
    life = await climbs(ledger, f"INC-{seed}")
    async with ledger.connect() as connection:
        told = set((await connection.execute(select(letters.c.recipient).where(letters.c.letter == LetterName.ESCALATION))).scalars())
        steps = (await connection.execute(select(events.c.after).where(events.c.kind == EventKind.ESCALATION_STEPPED))).scalars().all()
    has_address = {person for person in PEOPLE if f"{person}@example.org" in directory}
    assert bool(told) == bool(has_address)
    assert told <= has_address
    assert any(can_be_reached[person] for person in told) or steps[-1]["to"] == "fallback_owner"
    assert [step["to"] for step in steps if "ladder" in step][-1] == "fallback_owner"
    assert bool(told) == (not [missed for missed in await unheard(ledger) if missed["to"] == "fallback_owner"])
    assert life.facts.climb is not None
    assert life.facts.climb.at is None


async def test_not_even_the_last_resort_is_seen_and_logged(ledger: AsyncEngine) -> None:
    """A directory in which nobody has an address: the timeline says so, and the log cries out."""
    await load_directory(ledger, '[people.ines]\nname = "Ines"\n[groups]')
    with capture_logs() as logged:
        await climbs(ledger, "INC-1")
    assert "fallback_owner" in {missed["to"] for missed in await unheard(ledger)}
    told = [line for line in logged if line["event"] == "nobody in the directory can be told of an escalation"]
    assert told
    assert {(line["log_level"], line["incident"], line["letter"]) for line in told} == {("error", "INC-1", "escalation")}


async def test_a_reopening_without_a_lead_goes_to_the_last_resort(ledger: AsyncEngine) -> None:
    """The second reopening tells the group's lead; where there is none, the fallback owner hears of it, and the timeline says why."""
    await load_directory(ledger, '[people.ines]\nname = "Ines"\nemail = "i@example.org"\n[groups]')
    life, records = Life(at=NOW), Records(ledger)
    for _ in range(2):
        life.says(ASHA, Resolve("fixed", "done"))
        life.says(ASHA, Reopen("it is back"))
    while life.incident.is_ahead_of_record:
        publication = life.incident.publication()
        life.takes_note(publication, await records.publish(publication))
    async with ledger.connect() as connection:
        told = (await connection.execute(select(letters.c.recipient).where(letters.c.letter == LetterName.ESCALATION))).scalars().all()
        steps = (await connection.execute(select(events.c.after).where(events.c.kind == EventKind.ESCALATION_STEPPED))).scalars().all()
    assert told == ["ines"]
    assert [(step["to"], step["why"]) for step in steps] == [("fallback_owner", "nobody was told of the reopening")]


async def test_one_person_gets_one_letter_for_all_that_is_late(ledger: AsyncEngine) -> None:
    """After an outage warnings, breaches and steps of the ladder that come together are one letter to each person, with everything in it."""
    await load_directory(ledger, '[people.ines]\nname = "Ines"\nemail = "i@example.org"\nroles = ["caller", "incident_manager"]\n[groups]')
    life = Life(P1_REPORT, at=NOW).sleeps(timedelta(hours=5))
    await Records(ledger).publish(life.incident.publication())
    async with ledger.connect() as connection:
        rows = (await connection.execute(select(letters).where(letters.c.recipient == "ines"))).all()
    # The ladder's call is the gravest, and carries what the clocks had to tell.
    assert [row.letter for row in rows] == [LetterName.ESCALATION]
    assert rows[0].facts["late_seconds"] == timedelta(hours=4, minutes=30).total_seconds()
    assert [(alert["clock"], alert["percent"]) for alert in rows[0].facts["alerts"]] == [("response", 100), ("resolution", 100)]
    assert [alert["late_seconds"] for alert in rows[0].facts["alerts"]] == [17100, 3600]


async def test_publishing_twice_writes_each_alarm_once(ledger: AsyncEngine) -> None:
    """A publication that is repeated after a crash adds no letter."""
    await load_directory(ledger, '[people.ines]\nname = "Ines"\nemail = "i@example.org"\nroles = ["caller", "incident_manager"]\n[groups]')
    publication = Life(P1_REPORT, at=NOW).sleeps(timedelta(hours=5)).incident.publication()
    for _ in range(2):
        await Records(ledger).publish(publication)
    async with ledger.connect() as connection:
        assert len((await connection.execute(select(letters))).all()) == 1
