"""Lets in only so many at once: a closed queue is the only thing that holds waiting times (costs.md 1.2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.problems import Problem

# For each one inside, so many may wait outside; whoever comes then is told to come back.
WAITING_PER_PLACE = 8


class Turnstile:
    """Bounds what is in flight towards Temporal from this process."""

    def __init__(self, places: int) -> None:
        self._inside = asyncio.Semaphore(places)
        self._may_wait = places * WAITING_PER_PLACE
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a place; raises the problem ``busy`` when too many wait already."""
        if self._waiting >= self._may_wait:
            raise Problem("busy")
        self._waiting += 1
        try:
            await self._inside.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._inside.release()
