"""Does the same for many, at a pace that leaves the server room for everybody else (temporal.md 3.2)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def at_a_pace(things: Iterable[T], act: Callable[[T], Awaitable[R]], per_second: int) -> list[R]:
    """Acts on all of them in batches, at most ``per_second`` in any second; answers in their order."""
    waiting, answers = iter(things), list[R]()
    while batch := list(islice(waiting, per_second)):
        begun = time.monotonic()
        answers += await asyncio.gather(*map(act, batch))
        if len(batch) == per_second:
            await asyncio.sleep(max(0.0, 1 - (time.monotonic() - begun)))
    return answers
