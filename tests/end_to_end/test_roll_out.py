"""A new build of the workers is brought out, taken back, and brought out again, with incidents in every stage: nothing is lost, every command holds once."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from emails.links import NO_DIGESTS
from tests.end_to_end.auditor import Record, lost_or_doubled, still_waited_for, unheard_of, wrongly_answered
from tests.end_to_end.clients import Clients
from tests.end_to_end.fleet import Fleet, other_build
from tests.end_to_end.stages import Staged, all_of_them
from tests.house.whole_house import House, holdfast, wait_until
from tests.replay.tree import copy

INCIDENTS = 20
OLD, NEW = "old", "new"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A desk that is open, as ``make up`` starts it."""
    place = House(tmp_path / "desk", {"HOLDFAST_POLICIES": str(Path(__file__).with_name("quick_surveys.py"))})
    try:
        place.open()
        yield place
    finally:
        place.tidy_up()


@pytest.fixture
def fleet(house: House, tmp_path: Path) -> Iterator[Fleet]:
    """No worker with a build yet."""
    fleet = Fleet(house, tmp_path)
    try:
        yield fleet
    finally:
        fleet.tidy_up()


def nobody_wants_digests(house: House) -> None:
    """So that every letter leaves by itself, and soon."""
    with closing(sqlite3.connect(house.record, timeout=30)) as database, database:
        database.execute("INSERT INTO preferences (person, declines, since) SELECT id, ?, datetime('now') FROM people", (NO_DIGESTS,))


async def while_told(staged: list[Staged], fleet: Fleet, *commands: tuple[str, ...]) -> None:
    """These deployment commands one after the other, while each incident is told something."""

    def deploy() -> None:
        for command in commands:
            fleet.deploys(*command)

    await asyncio.gather(asyncio.to_thread(deploy), all_of_them(staged, Staged.hear))


async def all_are_with(fleet: Fleet, build: str) -> None:
    """Waits until Temporal counts every incident there: one that hands over is counted nowhere for a moment."""
    await asyncio.to_thread(wait_until, lambda: fleet.builds()[build].open == INCIDENTS, f"{INCIDENTS} incidents with {build}")


@pytest.mark.slow
async def test_forward_back_and_forward_again(house: House, fleet: Fleet, tmp_path: Path) -> None:
    """Incidents of a desk without builds go to a first one, to a structurally different second one, back, and forward again, while commands arrive."""
    nobody_wants_digests(house)
    old, new = copy(tmp_path / OLD), other_build(tmp_path / NEW)
    clients = Clients(house)
    staged = [Staged(clients, place) for place in range(INCIDENTS)]
    await all_of_them(staged, Staged.begin)
    await asyncio.to_thread(fleet.start, OLD, old)
    assert "No build is current" in fleet.deploys("status")
    await while_told(staged, fleet, ("promote", OLD), ("nudge",))
    await all_are_with(fleet, OLD)
    await asyncio.to_thread(fleet.start, NEW, new)
    await while_told(staged, fleet, ("ramp", NEW, "--percent", "50"), ("nudge",))
    parts = {each.part for each in (await asyncio.to_thread(fleet.builds)).values()}
    assert parts == {"current", "ramping", "no build"}
    await while_told(staged, fleet, ("promote", NEW), ("nudge",))
    await all_are_with(fleet, NEW)
    refused = holdfast("gate", **fleet.settings)
    assert f"of {INCIDENTS + 1} histories do not replay on this code" in refused.stdout
    fleet.stop(OLD)
    await all_of_them(staged, Staged.hear)
    await asyncio.to_thread(fleet.start, OLD, old)
    await while_told(staged, fleet, ("rollback",), ("nudge",))
    await all_are_with(fleet, OLD)
    await while_told(staged, fleet, ("promote", NEW), ("nudge",))
    await all_are_with(fleet, NEW)
    await all_of_them(staged, Staged.end)
    await clients.leave()
    wait_until(lambda: still_waited_for(house.record, INCIDENTS) == 0, "the last closure and the last letter")
    assert not any(each.stuck for each in (await asyncio.to_thread(fleet.builds)).values())
    record = Record.read(house.record)
    assert {letter["state"] for letter in record.letters} <= {"kept", "sent"}
    assert not [
        *lost_or_doubled(record, clients.numbers),
        *wrongly_answered(record, clients.answered),
        *unheard_of(record, clients.answered),
    ]
