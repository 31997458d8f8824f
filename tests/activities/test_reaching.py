"""Whom an escalation reaches, with real directories in the record (process.md S5, S8 to S10)."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from activities.database.tables import events, letters
from activities.directory.file import load_directory
from activities.directory.who_is_meant import recipients
from activities.records import Records
from tests.process.life import ASHA, Life
from tests.process.test_ladders import P1_REPORT
from workflows.house_messages import ReportUndeliverable
from workflows.messages import SYSTEM, Reopen, Report, Resolve
from workflows.publication import LetterFacts, LetterOwed
from workflows.vocabulary import Audience, EventKind, Impact, LetterName, Priority, Status, Urgency

NOW = datetime.now(UTC).replace(microsecond=0)
PEOPLE = ("asha", "ines", "mei", "noah", "carla")


def a_directory(chance: Random) -> tuple[str, dict[str, bool]]:
    """People who are there, away or without an address; groups with and without members, leads and mailboxes; a rota or none.

    And which addresses there are, of people and of groups, with whether somebody is there who reads what comes to it.
    """
    told, can_be_reached, is_there = [], {}, {}
    absence, addresses = chance.choice((0.3, 0.5, 0.8)), chance.choice((0.2, 0.7, 0.9))
    for person in PEOPLE:
        away, has_address = chance.random() < absence, chance.random() < addresses
        is_there[person] = not away
        can_be_reached |= {person: not away} if has_address else {}
        told.append(f'[people.{person}]\nname = "{person}"')
        told += [f'email = "{person}@example.org"'] if has_address else []
        told += [f"absent_until = {(NOW + timedelta(days=30)).isoformat()}"] if away else []
        told.append(f'roles = ["caller", "{chance.choice(("agent", "agent", "incident_manager", "admin"))}"]')
    for group in ("service-desk", "network"):
        members = [person for person in PEOPLE if chance.random() < 0.3]
        told.append(f'[groups.{group}]\nname = "{group}"\nlevel = 1\nmembers = {members}')
        told += [f'lead = "{chance.choice(PEOPLE)}"'] if chance.random() < 0.5 else []
        if chance.random() < 0.3:
            told.append(f'email = "{group}@example.org"')
            can_be_reached[f"group:{group}"] = not members or any(is_there[each] for each in members)
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


async def escalations(engine: AsyncEngine) -> tuple[list[str], list[dict[str, str]]]:
    """To whom letters of escalation went, and what the timeline says of the steps."""
    async with engine.connect() as connection:
        told = await connection.execute(select(letters.c.recipient).where(letters.c.letter == LetterName.ESCALATION))
        steps = await connection.execute(select(events.c.after).where(events.c.kind == EventKind.ESCALATION_STEPPED).order_by(events.c.seq))
        return list(told.scalars()), list(steps.scalars())


async def unheard(engine: AsyncEngine) -> list[dict[str, str]]:
    """What the timeline says of letters that found nobody."""
    async with engine.connect() as connection:
        return list((await connection.execute(select(events.c.after).where(events.c.kind == EventKind.NOBODY_REACHED))).scalars())


@pytest.mark.parametrize("seed", range(40))
async def test_somebody_is_always_reached(ledger: AsyncEngine, seed: int) -> None:
    """Absent people, people without an address, empty groups, gaps in the rota: an escalation is told to somebody who is there, if anybody is; else to whoever has an address; and the timeline shows each step."""
    chance = Random(seed)  # noqa: S311 -- no secret
    directory, can_be_reached = a_directory(chance)
    await load_directory(ledger, directory)
    life = await climbs(ledger, f"INC-{seed}")
    told, steps = await escalations(ledger)
    assert set(told) <= set(can_be_reached)
    assert bool(told) == bool(can_be_reached)
    if any(there for reader, there in can_be_reached.items() if not reader.startswith("group:")):
        assert any(can_be_reached[reader] for reader in told)
        # Whoever is away is not written to in place of somebody who is there.
        assert all(can_be_reached[reader] for reader in told)
    assert [step["to"] for step in steps if "ladder" in step][-1] == "fallback_owner"
    assert bool(told) == (not [missed for missed in await unheard(ledger) if missed["to"] == "fallback_owner"])
    assert life.facts.climb is not None
    assert life.facts.climb.at is None


AWAY = f"absent_until = {(NOW + timedelta(days=30)).isoformat()}"
# Everybody whom the ladder names is away; one administrator is there.
A_QUIET_AUGUST = f"""
[people.ines]
name = "Ines"
email = "ines@example.org"
roles = ["caller", "incident_manager"]
{AWAY}
[people.asha]
name = "Asha"
email = "asha@example.org"
roles = ["caller", "agent"]
{AWAY}
[people.ada]
name = "Ada"
email = "ada@example.org"
roles = ["caller", "admin"]
[groups.network]
name = "Network"
level = 1
lead = "asha"
members = ["asha"]
"""


@pytest.mark.parametrize("mailbox", ["", 'email = "network@example.org"\n'])
async def test_an_escalation_is_not_told_to_the_absent_alone(ledger: AsyncEngine, mailbox: str) -> None:
    """Group, lead, incident manager and fallback owner away: each step is skipped at once in the open, and the administrator who is there hears of it."""
    await load_directory(ledger, A_QUIET_AUGUST + mailbox)
    await climbs(ledger, "INC-1")
    told, steps = await escalations(ledger)
    assert set(told) == {"ada"}
    called = [step["to"] for step in steps if "ladder" in step]
    assert called == ["group", "on_call", "group_lead", "incident_manager", "fallback_owner"]
    assert {missed["to"] for missed in await unheard(ledger) if missed["letter"] == "escalation"} == set(called) - {"fallback_owner"}


async def test_a_breach_is_not_told_to_the_absent_alone(ledger: AsyncEngine) -> None:
    """Without a ladder too: what assignee, lead and managers are not there to read is told to the last resort."""
    await load_directory(ledger, A_QUIET_AUGUST)
    life, records = Life(Report("Slow", category="network", impact=Impact.LIMITED, urgency=Urgency.LOW), at=NOW), Records(ledger)
    life.passes(timedelta(days=21))
    while life.incident.is_ahead_of_record:
        publication = life.incident.publication()
        life.takes_note(publication, await records.publish(publication))
    told, steps = await escalations(ledger)
    assert set(told) == {"ada"}
    assert {step["why"] for step in steps} == {"nobody was told of the breach"}


async def test_a_letter_that_can_wait_waits_for_the_absent(ledger: AsyncEngine) -> None:
    """A warning to a lead who is away lies in their mailbox: nobody else would be told of it."""
    await load_directory(ledger, A_QUIET_AUGUST)
    owed = LetterOwed(
        LetterName.THRESHOLD, Audience.GROUP_LEAD, 1, 1, NOW, None, ("network",), LetterFacts("Slow", Status.NEW, Priority.P3)
    )
    async with ledger.connect() as connection:
        assert await recipients(connection, owed, NOW) == ("asha",)
        assert await recipients(connection, owed, NOW, is_call=True) == ()


async def test_the_last_resort_passes_over_whose_letter_came_back(ledger: AsyncEngine) -> None:
    """The fallback owner's letter is refused: the administrator hears of it; theirs as well, and the log cries out, once, instead of writing on for ever (S10, S14)."""
    desk = '[people.ines]\nname = "Ines"\nemail = "i@example.org"\nroles = ["caller", "incident_manager"]\n'
    await load_directory(ledger, desk + '[people.ada]\nname = "Ada"\nemail = "a@example.org"\nroles = ["caller", "admin"]\n[groups]')
    life, records = await climbs(ledger, "INC-1"), Records(ledger)
    for recipient in ("ines", "ada"):
        async with ledger.begin() as connection:
            last = select(letters).where(letters.c.letter == LetterName.ESCALATION).order_by(letters.c.cause.desc()).limit(1)
            row = (await connection.execute(last)).one()
            assert row.recipient == recipient
        life.says(SYSTEM, ReportUndeliverable(row.letter, 1, row.recipient, cause=row.cause, owed_at=row.at, nobody_else=True))
        with capture_logs() as logged:
            while life.incident.is_ahead_of_record:
                publication = life.incident.publication()
                life.takes_note(publication, await records.publish(publication))
        async with ledger.begin() as connection:
            # The sender tells the incident first, and the ledger then.
            await connection.execute(update(letters).where(letters.c.key == row.key).values(state="failed"))
    assert [line["event"] for line in logged] == ["nobody in the directory can be told of an escalation"]
    assert [missed["to"] for missed in await unheard(ledger)][-1] == "fallback_owner"


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
