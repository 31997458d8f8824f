"""Kill -9 at random moments, of one process after the other and of everything, while people work: what was promised holds."""

import asyncio
import os
import signal
import threading
from collections import Counter
from contextlib import suppress
from random import Random

import psutil
import pytest

from tests.end_to_end.post import Post
from tests.end_to_end.record_check import Record, check_commands, check_deadlines, check_letters, check_lives
from tests.end_to_end.visitors import Visitors
from tests.house.whole_house import House, is_alive, wait_until

INCIDENTS, IN_FLIGHT = 300, 16
EVERYTHING = "everything"
VICTIMS = ("worker", "api", "temporal-server", EVERYTHING)


class Nemesis(threading.Thread):
    """Kills one thing after the other, in an order and at moments of chance, until it is told to stop; each of them at least once."""

    def __init__(self, house: House, chance: Random) -> None:
        super().__init__(name="nemesis", daemon=True)
        self._house, self._chance = house, chance
        self.enough = threading.Event()
        self.killed: Counter[str] = Counter()

    def run(self) -> None:
        """Round after round of all victims."""
        while not self.enough.is_set():
            for victim in self._chance.sample(VICTIMS, len(VICTIMS)):
                if self.enough.wait(self._chance.uniform(1, 4)) and victim in self.killed:
                    continue
                self._kill_everything() if victim == EVERYTHING else self._kill(victim)
                self.killed[victim] += 1

    def _kill(self, victim: str) -> None:
        pid = self._house.pids().get(victim)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: self._house.pids().get(victim) not in {None, pid}, f"a new {victim}")

    def _kill_everything(self) -> None:
        assert self._house.process is not None
        family = [child.pid for child in psutil.Process(self._house.process.pid).children(recursive=True)]
        self._house.process.kill()
        self._house.process.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in family), "the end of all of its processes")
        self._house.open()

    @property
    def senders_killed(self) -> int:
        """How often a sender of letters died, perhaps with a letter in its hand."""
        return self.killed["worker"] + self.killed[EVERYTHING]


@pytest.mark.slow
def test_what_was_promised_holds_through_crashes(hasty_house: House, post: Post) -> None:
    """Worker, API, server and the whole house are killed again and again under 300 incidents: every answered command took effect once, every date fired once, every letter went out, twice at most where a sender died with it."""
    chance = Random(11)  # noqa: S311 -- no secret
    hasty_house.open()
    visitors, nemesis, record = Visitors(hasty_house, chance), Nemesis(hasty_house, Random(7)), Record(hasty_house)  # noqa: S311
    nemesis.start()
    asyncio.run(visitors.lives(INCIDENTS, IN_FLIGHT))
    nemesis.enough.set()
    nemesis.join(120)
    assert set(nemesis.killed) == set(VICTIMS)
    wait_until(lambda: record.count("SELECT count(*) FROM incidents WHERE status = 'closed'") == INCIDENTS, "the last closure")
    record.lease_runs_out()
    wait_until(lambda: record.count("SELECT count(*) FROM letters WHERE state IN ('planned', 'handed_over')") == 0, "the last letter")
    assert hasty_house.close() == 0
    check_lives(record, visitors.told)
    answers = check_commands(record, visitors.told)
    assert answers.keys() <= {200, 202, 409}
    assert check_deadlines(record) >= INCIDENTS
    assert check_letters(record, post) <= nemesis.senders_killed
