"""How long the desk waits for what somebody is sending: a body that trickles would hold a connection for ever."""

import asyncio
import time
from collections.abc import Callable

from starlette.types import Message, Receive

from api.problems import Problem

BETWEEN_PARTS = 30.0  # seconds
# So slow nobody's line is. What has come on average is looked at once a body has taken as long as one part may.
SLOWEST = 1024  # bytes a second


class Patience:
    """Receives the body of one request; raises the problem ``too-slow`` when its next part, or all of it, takes too long.

    What comes after the body is waited for without end: that is how a server hears that a reader of a feed has left.
    """

    def __init__(self, receive: Receive, now: Callable[[], float] = time.monotonic) -> None:
        self._receive = receive
        self._now = now
        self._begun = now()
        self._taken = 0
        self._is_whole = False

    async def __call__(self) -> Message:
        """The next part."""
        if self._is_whole:
            return await self._receive()
        try:
            # Not wait_for: up to Python 3.11 it can swallow the end of a longer patience around this one.
            async with asyncio.timeout(BETWEEN_PARTS):
                message = await self._receive()
        except TimeoutError:
            raise too_slow() from None
        self._taken += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        took = self._now() - self._begun
        if not self._is_whole and took > BETWEEN_PARTS and self._taken < took * SLOWEST:
            raise too_slow()
        return message


def too_slow() -> Problem:
    """Said on a connection that ends with it: the rest of the body may still come, and must not be read as another request."""
    return Problem("too-slow", headers={"Connection": "close"})
