"""Kill -9 at random moments, reproducible by its seed; only processes of the test's own house."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from tests.house.whole_house import House, is_alive, wait_until

WHOLE_HOUSE = "holdfast up"
VICTIMS = ("worker", "api", "temporal-server", WHOLE_HOUSE)
LONGEST_PAUSE = 1.5  # seconds


@dataclass
class Killer:
    """Kills each victim ``times`` times, spread over the lives by their count, each after a pause of its own."""

    house: House
    dice: random.Random
    times: int
    killed: Counter[str] = field(default_factory=Counter)

    def run(self, begun: Callable[[], int], lives: int) -> None:
        """Until every kill is done; ``begun`` tells how many of the lives have begun."""
        victims = list(VICTIMS * self.times)
        self.dice.shuffle(victims)
        moments = sorted(self.dice.sample(range(lives // 20, lives - lives // 20), len(victims)))
        for moment, victim in zip(moments, victims, strict=True):
            wait_until(lambda moment=moment: begun() >= moment, f"life {moment}")  # type: ignore[misc]
            time.sleep(self.dice.uniform(0, LONGEST_PAUSE))
            self._kill(victim)
            self.killed[victim] += 1

    @property
    def senders(self) -> int:
        """How often a sender of letters was killed, perhaps with a letter in hand."""
        return self.killed["worker"] + self.killed[WHOLE_HOUSE]

    def _kill(self, victim: str) -> None:
        if victim == WHOLE_HOUSE:
            self._kill_the_house()
            return
        wait_until(lambda: self._runs(victim), f"a {victim} to kill")
        os.kill(self.house.pids()[victim], signal.SIGKILL)

    def _runs(self, victim: str) -> bool:
        pid = self.house.pids().get(victim)
        return pid is not None and is_alive(pid)

    def _kill_the_house(self) -> None:
        assert self.house.process is not None
        family = psutil.Process(self.house.process.pid).children(recursive=True)
        self.house.process.kill()
        self.house.process.wait()
        wait_until(lambda: not any(is_alive(child.pid) for child in family), "the end of the whole house")
        self.house.open()
