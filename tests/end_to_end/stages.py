"""Incidents in every stage of the process, what can be told to each while it stays there, and how each ends."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tests.end_to_end.clients import Clients
from tests.end_to_end.lives import BROKEN, FIXED, QUESTION, REPORT

URGENT = REPORT | {"impact": 1, "urgency": 1}
NOTE, VENDOR = {"text": "Still looking."}, {"reason": "vendor"}


@dataclass
class Staged:
    """One incident that is brought to a stage and kept there."""

    clients: Clients
    place: int
    number: str = ""
    said: int = 0
    stage: "Stage" = field(init=False)

    def __post_init__(self) -> None:
        """The stages in turn."""
        self.stage = STAGES[self.place % len(STAGES)]

    async def begin(self) -> None:
        """Reported, and brought to its stage."""
        self.number = await self.clients.report(f"staged-{self.place}", self.stage.report)
        for whose, name, body in self.stage.way:
            await self.say(whose, name, body)

    async def hear(self) -> None:
        """Something that leaves it in its stage: a note, or another mark where the survey is out."""
        if self.stage.is_rated:
            await self.say("CALLER", "rate", {"score": 1 + self.said % 5})
        else:
            await self.say("AGENT", "note", NOTE)

    async def end(self) -> None:
        """Solved, confirmed, and rated as far as that has not happened."""
        if self.stage.is_rated:
            return
        if not self.stage.is_resolved:
            await self.say("AGENT", "resolve", FIXED)
        await self.say("CALLER", "confirm", {})

    async def say(self, whose: str, name: str, body: dict[str, object]) -> None:
        """One command under an id of its own; a survey that is not out yet is waited for."""
        while True:
            self.said += 1
            status = await self.clients.say(self.number, f"staged-{self.place}-{self.said}", whose, name, body)
            if name != "rate" or status in (200, 202):
                return
            await asyncio.sleep(0.5)


@dataclass(frozen=True)
class Stage:
    """What is said to get there, and what it means for what can be said."""

    way: tuple[tuple[str, str, dict[str, object]], ...]
    report: dict[str, object] = field(default_factory=lambda: dict(REPORT))
    is_resolved: bool = False
    is_rated: bool = False


TAKE = ("AGENT", "take", {})
RESOLVE = ("AGENT", "resolve", dict(FIXED))
CONFIRM = ("CALLER", "confirm", {})
STAGES: tuple[Stage, ...] = (
    Stage(()),
    Stage((TAKE,)),
    Stage((("AGENT", "hold", dict(QUESTION)),)),
    Stage((TAKE, ("AGENT", "hold", dict(VENDOR)))),
    Stage((("AGENT", "escalate", {"diagnosis": "The switch is dead."}),)),
    Stage((), dict(URGENT)),
    Stage((TAKE, RESOLVE), is_resolved=True),
    Stage((RESOLVE, ("CALLER", "reject", dict(BROKEN)))),
    Stage((RESOLVE, ("CALLER", "reject", dict(BROKEN)), RESOLVE), is_resolved=True),
    Stage((TAKE, RESOLVE, CONFIRM), is_rated=True),
)


async def all_of_them(staged: Sequence[Staged], act: Callable[[Staged], Awaitable[None]], at_once: int = 8) -> None:
    """Does it to each, so many at a time."""
    waiting = list(staged)

    async def one_after_another() -> None:
        while waiting:
            await act(waiting.pop())

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
