"""One alarm for the earliest deadline, re-armed with as few history events as possible (temporal.md 2 and 3.1)."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

# A timer that is no longer needed costs one event when it is cancelled, four when it rings, and none when the incident ends before that.
SOON = timedelta(hours=1)


class Alarm:
    """A timer that is no longer needed is left to stand unless it would ring soon: when it rings, the incident looks at its dates again.

    Until then it also serves for every later deadline, so that none is armed which something said in the meantime takes away.
    """

    def __init__(self) -> None:
        self._timers: list[tuple[datetime, asyncio.Task[None]]] = []

    def set(self, deadline: datetime | None) -> None:
        """Rings at ``deadline`` (UTC, in the future) at the latest or, with none, perhaps once in vain."""
        kept, now = [], workflow.now()
        for rings_at, timer in self._timers:
            if timer.done():
                continue
            if (deadline is None or rings_at < deadline) and rings_at < now + SOON:
                timer.cancel()
            else:
                kept.append((rings_at, timer))
        if deadline is not None and all(rings_at > deadline for rings_at, _ in kept):
            kept.append((deadline, asyncio.create_task(workflow.sleep(deadline - now))))
        self._timers = kept

    def hush(self) -> None:
        """What has rung is heard; what is set stays set."""
        self._timers = [(rings_at, timer) for rings_at, timer in self._timers if not timer.done()]

    def retire(self) -> None:
        """No deadline will come any more. Timers end with the workflow by themselves; cancelling one would cost an event."""
        self._timers = []

    def rings(self) -> bool:
        """Whether the time has come."""
        return any(timer.done() for _, timer in self._timers)
