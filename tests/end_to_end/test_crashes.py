"""What was promised holds, whatever is killed: the whole desk, 300 incidents, and kill -9 at random moments."""

import asyncio
import os
import random
import sqlite3
import time
from contextlib import closing

import pytest

from tests.end_to_end.auditor import (
    Record,
    broken_promises_of_time,
    is_done,
    late,
    letters_astray,
    lost_or_doubled,
    sent_again,
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
IN_DEAD_HANDS = 10


async def _live(clients: Clients, killer: Killer) -> None:
    waiting = list(reversed(range(LIVES)))

    async def _one_after_another() -> None:
        while waiting:
            place = waiting.pop()
            await Life(clients, place, random.Random(SEED + place)).run()  # noqa: S311 -- dice, not secrets

    killing = asyncio.to_thread(killer.run, lambda: LIVES - len(waiting), LIVES)
    await asyncio.gather(killing, *(_one_after_another() for _ in range(AT_ONCE)))
    await clients.leave()


def _take_out_of_dead_hands(house: House) -> None:
    """A letter in the hands of a killed sender is free again after minutes; here they are over as soon as nobody living can have it."""
    with closing(sqlite3.connect(house.data_dir / "holdfast.db", timeout=30)) as ledger, ledger:
        ledger.execute(
            "UPDATE letters SET claimed_at = datetime(claimed_at, '-1 hour') WHERE state = 'handed_over' AND claimed_at < datetime('now', ?)",
            (f"-{IN_DEAD_HANDS} seconds",),
        )


def _settled(house: House) -> Record:
    """The record when the last incident is final and the last letter has left, or as it is when patience ends."""
    ends = time.monotonic() + PATIENCE
    while True:
        record = Record.read(house.data_dir / "holdfast.db")
        if is_done(record, LIVES) or time.monotonic() > ends:
            return record
        _take_out_of_dead_hands(house)
        time.sleep(1)


@pytest.mark.slow
async def test_nothing_promised_is_broken_by_kill_9(house: House, post: Post) -> None:
    """Worker, API, Temporal and the whole house are killed at random while 300 incidents run: every answer given holds, once, and on time.

    A letter may come twice where a crash fell between the relay's acceptance and our note of it: at most one for each kill.
    """
    clients, killer = Clients(house), Killer(house, random.Random(SEED), KILLS_OF_EACH)  # noqa: S311 -- dice, not secrets
    await _live(clients, killer)
    record = await asyncio.to_thread(_settled, house)
    assert house.close() == os.EX_OK
    assert killer.killed == dict.fromkeys(VICTIMS, KILLS_OF_EACH)
    assert clients.again > 0
    assert len(clients.numbers) == LIVES
    assert lost_or_doubled(record, clients.numbers) == []
    assert wrongly_answered(record, clients.answered) == []
    assert unheard_of(record, clients.answered) == []
    assert broken_promises_of_time(record) == []
    assert letters_astray(record, post.taken) == []
    assert sent_again(post.taken) <= sum(killer.killed.values())
    print(f"sent again by clients: {clients.again}; letters twice: {sent_again(post.taken)} of {len(record.letters)}; late: {late(record)}")
