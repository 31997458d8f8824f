"""What was promised holds, whatever is killed: the whole desk, 300 incidents, and kill -9 at random moments."""

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from emails.links import NO_DIGESTS
from tests.end_to_end.auditor import (
    Record,
    broken_promises_of_time,
    in_digests,
    letters_astray,
    lost_or_doubled,
    marked_late,
    sent_again,
    still_waited_for,
    unheard_of,
    wrongly_answered,
)
from tests.end_to_end.clients import Clients
from tests.end_to_end.killer import VICTIMS, Killer
from tests.end_to_end.lives import Life
from tests.end_to_end.post import Post
from tests.house.whole_house import House

LIVES, AT_ONCE, KILLS_OF_EACH = 300, 16, 3
SEED = 20261125
PATIENCE = 300.0
# Longer than a letter is ever in hand of a sender that lives.
IN_DEAD_HANDS = 30


async def _live(clients: Clients, killer: Killer) -> None:
    waiting = list(reversed(range(LIVES)))

    async def _one_after_another() -> None:
        while waiting:
            place = waiting.pop()
            await Life(clients, place, random.Random(SEED + place)).run()  # noqa: S311 -- dice, not secrets

    killing = asyncio.to_thread(killer.run, lambda: LIVES - len(waiting), LIVES)
    await asyncio.gather(killing, *(_one_after_another() for _ in range(AT_ONCE)))
    await clients.leave()


def _wants_every_letter_by_itself(house: House, person: str) -> None:
    """So that hundreds of letters, not some digests of them, meet the crashes."""
    with closing(sqlite3.connect(house.record, timeout=30)) as database, database:
        database.execute("INSERT INTO preferences (person, declines, since) VALUES (?, ?, datetime('now'))", (person, NO_DIGESTS))


def _hurry_the_post(house: House) -> None:
    """What takes minutes is over at once: a letter in hand of a sender that was killed is free again, and digests stop gathering."""
    with closing(sqlite3.connect(house.record, timeout=30)) as ledger, ledger:
        ledger.execute(
            "UPDATE letters SET claimed_at = datetime(claimed_at, '-1 hour') WHERE state = 'handed_over' AND claimed_at < datetime('now', ?)",
            (f"-{IN_DEAD_HANDS} seconds",),
        )
        ledger.execute("UPDATE letters SET next_attempt_at = at WHERE state = 'planned' AND letter = 'digest' AND attempts = 0")


def _settled(house: House) -> Record:
    """The record when the last incident is final and the last letter has left, or as it is when patience ends."""
    file, ends = house.record, time.monotonic() + PATIENCE
    while still_waited_for(file, LIVES) and time.monotonic() < ends:
        _hurry_the_post(house)
        time.sleep(1)
    return Record.read(file)


def _would_be_noticed(record: Record, clients: Clients, post: Post) -> None:
    """The auditor sees one lost event, one lost outcome, one lost letter and one date that came early among all of them."""
    events, outcomes, letters = record.events[:-1], record.outcomes[:-1], record.letters[:-1]
    early = [{**event, "planned_at": "9999-01-01"} if event["planned_at"] else event for event in record.events]
    assert lost_or_doubled(replace(record, events=events), clients.numbers)
    assert wrongly_answered(replace(record, outcomes=outcomes), clients.answered)
    assert letters_astray(replace(record, letters=letters), post.taken)
    assert broken_promises_of_time(replace(record, events=tuple(early)))


@pytest.mark.slow
async def test_nothing_promised_is_broken_by_kill_9(
    house: House, post: Post, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """Worker, API, Temporal and the whole house are killed at random while 300 incidents run: every answer given holds, once, and on time.

    A letter may come twice where a crash fell between the relay's acceptance and our note of it: at most one for each kill of a sender.
    """
    clients, killer = Clients(house), Killer(house, random.Random(SEED), KILLS_OF_EACH)  # noqa: S311 -- dice, not secrets
    await asyncio.to_thread(_wants_every_letter_by_itself, house, "carla")
    await _live(clients, killer)
    record = await asyncio.to_thread(_settled, house)
    assert house.close() == os.EX_OK
    assert killer.killed == dict.fromkeys(VICTIMS, KILLS_OF_EACH)
    assert len(clients.numbers) == LIVES
    wrong = [
        *lost_or_doubled(record, clients.numbers),
        *wrongly_answered(record, clients.answered),
        *unheard_of(record, clients.answered),
        *broken_promises_of_time(record),
        *letters_astray(record, post.taken),
    ]
    assert not wrong, "\n".join(wrong[:20])
    assert sent_again(post.taken) <= killer.senders
    assert in_digests(record) > 0
    _would_be_noticed(record, clients, post)
    for name, figure in {
        "requests sent again": clients.again,
        "letters sent twice": sent_again(post.taken),
        "dates late": marked_late(record),
    }.items():
        record_testsuite_property(name, figure)
