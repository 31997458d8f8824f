"""Waits a moment for what a worker is about to write, so that most answers already show the effect (design rule 3)."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from typing import TypeVar

Found = TypeVar("Found")

# Seconds between two looks: short first, because most outcomes come within 50 ms; then sparing, because a worker may be away.
_PAUSES = (0.012, 0.012, 0.016, 0.02, 0.03, 0.045, 0.07, 0.1, 0.15)


async def wait_for(look: Callable[[], Awaitable[Found | None]], seconds: float) -> Found | None:
    """What ``look`` finds within so many seconds, or none. It looks at least once."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
        # Not at once: what was just asked of a worker is never there yet.
        await asyncio.sleep(min(pause, max(end - loop.time(), 0)))
        found = await look()
        if found is not None or loop.time() >= end:
            return found
    return None
