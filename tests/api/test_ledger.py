"""What the front door writes and reads, on both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.keys import digest_of, issue_key, list_keys
from activities.database.tables import letters
from activities.front_door import TurnedAway, accept, note_start, turn_away
from activities.incident_numbers import check_digit_fits, number_of
from activities.policy_book import UnusableBookError, load_book
from activities.records import Records
from api.queries.callers import holder_of, level_of, person_exists
from api.queries.incidents import Standing, Wanted, facts_of, intake_key, listed, standing_of
from api.queries.letters import PAGE, Search, newest, one
from api.queries.links import follow_up_of, reads_in
from api.queries.outcomes import answer_to, version_of
from api.queries.readiness import what_is_wrong_with
from api.queries.timelines import timeline_of
from tests.api.house import fill_directory
from workflows.decisions import receive
from workflows.intake import categorise, log, prioritise
from workflows.messages import Actor, Intake, Note, Report, Sent
from workflows.policies.book import HOLDFAST
from workflows.publication import Result
from workflows.record import Incident
from workflows.vocabulary import ActorKind, Role, Status

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CARLA = Actor(ActorKind.PERSON, "carla", (Role.CALLER,))
ASHA = Actor(ActorKind.PERSON, "asha", (Role.AGENT,), ("service-desk",))


@given(st.integers(1001, 10**9))
def test_a_check_digit_finds_slips(sequence: int) -> None:
    """A wrong digit, or two neighbours swapped, never gives another valid number; the right one fits."""
    number = number_of(sequence)
    assert check_digit_fits(number)
    digits = number.removeprefix("INC-").replace("-", "")
    slips = [
        digits[:place] + wrong + digits[place + 1 :] for place in range(len(digits)) for wrong in "0123456789" if wrong != digits[place]
    ]
    slips += [digits[:place] + right + left + digits[place + 2 :] for place, (left, right) in enumerate(pairwise(digits)) if left != right]
    assert not any(check_digit_fits(f"INC-{slip[:-1]}-{slip[-1]}") for slip in slips)


async def test_one_number_for_a_key(database: AsyncEngine) -> None:
    """Twenty at once with the same key get the same number; twenty with their own get their own; no number is left out."""
    same = await asyncio.gather(*(accept(database, "api", "k", "f", NOON) for _ in range(20)))
    other = await asyncio.gather(*(accept(database, "api", f"k{each}", "f", NOON) for each in range(20)))
    elsewhere = await accept(database, "link", "k", "f", NOON)
    assert len({accepted.number for accepted in same}) == 1
    assert {accepted.number for accepted in (*same, *other, elsewhere)} == {number_of(sequence) for sequence in range(1001, 1023)}


async def test_a_start_is_noted_once(database: AsyncEngine) -> None:
    """When the process was started stays as it was first noted."""
    number = (await accept(database, "api", "person/carla/k", "f", NOON)).number
    assert await standing_of(database, number) is None
    await note_start(database, number, NOON)
    await note_start(database, number, NOON + timedelta(hours=1))
    assert (await accept(database, "api", "person/carla/k", "f", NOON)).started_at == NOON
    assert await standing_of(database, number) == Standing(None, None, frozenset({"carla"}))


async def test_turned_away_once(database: AsyncEngine) -> None:
    """The first refusal under an id stands, with who sent it."""
    refused = TurnedAway("INC-1001-9", "c1", "note", "person", "asha", NOON, "f", "closed-is-final")
    await turn_away(database, refused)
    await turn_away(database, replace(refused, fingerprint="g"))
    answer = await answer_to(database, "INC-1001-9", "c1")
    assert answer is not None
    assert (answer.result, answer.rule, answer.fingerprint, answer.at) == (Result.REFUSED, "closed-is-final", "f", NOON)


async def _published(database: AsyncEngine, sequence: int, category: str = "network") -> str:
    """An incident of carla in the record, with a work note of asha."""
    number, at = number_of(sequence), NOON + timedelta(minutes=sequence % 3)
    intake = Intake(number, Report(title=f"No. {sequence}", category=category), CARLA, at, at, "2026-01-01")
    incident = Incident.reported(intake)
    for step in (log, categorise, prioritise):
        step(incident, intake)
    receive(incident, Sent(f"note-{sequence}", ASHA, at, Note("hush"), "f"), at)
    await Records(database).publish(incident.publication())
    return number


async def test_reading(database: AsyncEngine) -> None:
    """Facts, timeline, standing, outcome, sender and version of an incident, as published."""
    await fill_directory(database)
    number = await _published(database, 1042)
    facts = await facts_of(database, number)
    assert facts is not None
    assert (facts["title"], facts["version"]) == ("No. 1042", 4)
    whole = (await timeline_of(database, number, public_only=False)).events
    public = (await timeline_of(database, number, public_only=True)).events
    assert [event["seq"] for event in whole] == [1, 2, 3, 4]
    assert "hush" in str(whole)
    assert "hush" not in str(public)
    assert whole[0]["at"].endswith("Z")
    standing = await standing_of(database, number)
    assert standing == Standing(Status.NEW, "2026-01-01", frozenset({"carla"}), 4)
    answer = await answer_to(database, number, "note-1042")
    assert answer is not None
    assert (answer.result, answer.version, answer.message) == (Result.APPLIED, 4, "note")
    assert await version_of(database, number) == 4
    for nothing in (facts_of, standing_of, version_of):
        assert await nothing(database, "INC-1-1") is None
    assert await answer_to(database, number, "x") is None


async def test_lists(database: AsyncEngine) -> None:
    """Both orders are complete and stable over pages, also where many changed at the same instant; filters and ownership narrow."""
    await fill_directory(database)
    numbers = {await _published(database, 1001 + each, "network" if each % 2 else "printing") for each in range(7)}
    for oldest_first in (True, False):
        wanted, seen = Wanted(oldest_first=oldest_first, limit=2), []
        while True:
            page = await listed(database, wanted)
            seen += [(facts["changed_at"], facts["number"]) for facts in page.items]
            if page.ends_at is None:
                break
            wanted = replace(wanted, after=page.ends_at)
        assert {number for _, number in seen} == numbers
        assert seen == sorted(seen, reverse=not oldest_first)
    assert len((await listed(database, Wanted({"category": ("network",), "status": ("new", "closed")}))).items) == 3
    assert len((await listed(database, Wanted(changed_since=NOON + timedelta(minutes=1)))).items) == 5
    assert (await listed(database, Wanted(only_of="dora"))).items == []
    assert len((await listed(database, Wanted(only_of="carla"))).items) == 7


async def test_callers(database: AsyncEngine) -> None:
    """A key leads to its person with the roles and groups of now, or to its integration; a person who left the directory has none."""
    keys = await fill_directory(database)
    asha, monitor = await holder_of(database, keys["asha"]), await holder_of(database, keys["monitor"])
    assert asha is not None
    assert monitor is not None
    assert asha.actor == Actor(ActorKind.PERSON, "asha", (Role.AGENT, Role.CALLER), ("service-desk",))
    assert monitor.actor == Actor(ActorKind.INTEGRATION, "monitor", (Role.AGENT,), ())
    gone = await issue_key(database, person="gone")
    assert await holder_of(database, gone.secret) is None
    assert await holder_of(database, "hf_nothing") is None
    assert all(gone.secret not in str(record) and digest_of(gone.secret) not in str(record) for record in await list_keys(database))
    assert (await level_of(database, "network"), await level_of(database, "nowhere")) == (2, None)
    assert (await person_exists(database, "carla"), await person_exists(database, "gone")) == (True, False)
    assert (await reads_in(database, "carla"), await reads_in(database, "gone")) == (("en", "Europe/Paris"), ("en", "UTC"))


async def test_keys_have_one_owner(database: AsyncEngine) -> None:
    """A key for nobody, for two, or with roles for a person is refused."""
    for wrong in ({}, {"person": "a", "integration": "b"}, {"person": "a", "roles": (Role.ADMIN,)}):
        with pytest.raises(ValueError, match=r"key|roles"):
            await issue_key(database, **wrong)  # type: ignore[arg-type]


async def test_the_outbox_turns_pages(database: AsyncEngine) -> None:
    """Letters newest first, page by page, each with the name of its reader; a group has its own."""
    await fill_directory(database)
    known = {"number": "INC-1001-9", "letter": "received", "cycle": 1, "cause": 1, "facts": {}, "state": "planned", "attempts": 0}
    lines = [
        known
        | {
            "key": f"l{each:03}",
            "recipient": "carla" if each else "group:network",
            "at": NOON,
            "next_attempt_at": NOON,
            "unknown_outcomes": 0,
        }
        for each in range(PAGE + 5)
    ]
    async with database.begin() as connection:
        await connection.execute(letters.insert(), lines)
    first, more = await newest(database, Search())
    rest, none = await newest(database, Search(before=(first[-1].at, first[-1].key)))
    assert (len(first), more, len(rest), none) == (PAGE, True, 5, False)
    assert [letter.key for letter in first + rest] == sorted((line["key"] for line in lines), reverse=True)
    assert (first[0].recipient_name, rest[-1].recipient_name) == ("Carla", "Network")
    found = await one(database, "l001")
    assert found is not None
    assert found.recipient_email == "carla@example.org"
    assert await one(database, "nothing") is None


async def test_a_follow_up_is_found_by_its_key(database: AsyncEngine) -> None:
    """The incident opened through a link is found again through the same link, and through no other."""
    reader = Actor(ActorKind.LINK, "carla")
    key = intake_key(reader, "INC-1001-9:1")
    number = (await accept(database, "link", key, "f", NOON)).number
    assert await follow_up_of(database, key) == number
    assert await follow_up_of(database, intake_key(reader, "INC-1001-9:2")) is None


async def test_a_migrated_database_is_ready(database: AsyncEngine) -> None:
    """Nothing is wrong with it."""
    assert await what_is_wrong_with(database) is None


def test_a_desks_own_policies(tmp_path: Path) -> None:
    """A file with a BOOK is loaded; a missing one, one without a BOOK, and one that cannot run are refused with what to do."""
    good, empty, broken = (tmp_path / f"{name}.py" for name in ("good", "empty", "broken"))
    good.write_text("from workflows.policies.book import HOLDFAST\nBOOK = HOLDFAST\n")
    empty.write_text("x = 1\n")
    broken.write_text("1 / 0\n")
    assert load_book(good) is HOLDFAST
    for wrong, said in (
        (tmp_path / "none.py", "does not exist"),
        (tmp_path, "does not exist"),
        (empty, "BOOK"),
        (broken, "ZeroDivisionError"),
    ):
        with pytest.raises(UnusableBookError, match=said):
            load_book(wrong)
