"""Something asynchronous in a thread and a loop of its own, so that tests and browsers can wait for it without holding it up."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

Opened = TypeVar("Opened")
COMES_UP, PATIENCE = 300.0, 30.0  # seconds


@contextmanager
def alone(name: str, opening: Callable[[], AbstractAsyncContextManager[Opened]]) -> Iterator[Opened]:
    """What ``opening`` opens, until the block ends. What does not end in time then is left behind. Raises RuntimeError where it does not come up."""
    opened, failed = list[Opened](), list[BaseException]()
    is_up, may_go = threading.Event(), threading.Event()

    async def live() -> None:
        try:
            async with opening() as found:
                opened.append(found)
                is_up.set()
                await asyncio.to_thread(may_go.wait)
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            is_up.set()

    thread = threading.Thread(target=lambda: asyncio.run(live()), name=name, daemon=True)
    thread.start()
    is_up.wait(COMES_UP)
    if not opened:
        raise RuntimeError(f"{name} did not come up") from (failed[0] if failed else None)
    try:
        yield opened[0]
    finally:
        may_go.set()
        thread.join(PATIENCE)
