"""One alarm for the earliest deadline, re-armed with as few history events as possible (costs.md; temporal.md section 2)."""

import asyncio
from datetime import datetime

from temporalio import workflow


class Alarm:
    """Timers are never cancelled. Deadlines move away more often than they come: people act long before most of them.

    A timer that rings earlier than needed is left standing and serves the later deadline too: when it rings, the incident looks again and arms the
    next one. Moving a deadline away so costs nothing, moving it nearer one event, and a ring in vain five, at most once for each timer.
    """

    def __init__(self) -> None:
        self._timers: list[tuple[datetime, asyncio.Task[None]]] = []

    def set(self, deadline: datetime | None) -> None:
        """Rings at ``deadline`` (UTC, in the future) or earlier; with none, no new timer is started."""
        self._timers = [(rings_at, timer) for rings_at, timer in self._timers if not timer.done()]
        if deadline is not None and all(rings_at > deadline for rings_at, _ in self._timers):
            self._timers.append((deadline, asyncio.create_task(workflow.sleep(deadline - workflow.now()))))

    def retire(self) -> None:
        """No deadline will come any more. Timers end with the workflow by themselves."""
        self._timers = []

    def rings(self) -> bool:
        """Whether the time has come to look again."""
        return any(timer.done() for _, timer in self._timers)
