"""Lets in only so many at once: a closed queue is the only thing that holds waiting times (temporal.md 3.2)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from api.problems import Problem

# For each one inside, so many may wait outside; whoever comes then is told to come back.
WAITING_PER_PLACE = 8
# Of those who wait, so many may be one and the same: nobody closes the door to everybody else.
MINE_OF_ALL = 4
UPLOADS_AT_ONCE = 4


class Turnstile:
    """Bounds what is in flight towards Temporal from this process."""

    def __init__(self, places: int) -> None:
        self._inside = asyncio.Semaphore(places)
        self._may_wait = places * WAITING_PER_PLACE
        self._waiting: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """Waits for a place; raises the problem ``busy`` when too many wait already, or too many of the same person."""
        if self._waiting.total() >= self._may_wait or self._waiting[who] >= self._may_wait // MINE_OF_ALL:
            raise Problem("busy")
        self._waiting[who] += 1
        try:
            await self._inside.acquire()
        finally:
            self._waiting -= Counter({who: 1})
        try:
            yield
        finally:
            self._inside.release()


class Quay:
    """Bounds how many uploads of one person are under way here: each lies on the disk of this process, and its sender may take minutes."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def berth(self, who: str) -> Iterator[None]:
        """Room for one more; raises the problem ``busy`` where this person has enough. Nobody else notices."""
        if self._under_way[who] >= UPLOADS_AT_ONCE:
            raise Problem("busy")
        self._under_way[who] += 1
        try:
            yield
        finally:
            self._under_way -= Counter({who: 1})
