"""What people do to an incident while everything around it crashes: some in order, some all at once, some twice, some against the rules."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.end_to_end.clients import Clients

REPORT = {"title": "No network on the third floor", "category": "network", "impact": 2, "urgency": 3}
FIXED = {"code": "fixed", "notes": "The switch was replaced."}
BROKEN = {"reason": "Still no network."}
QUESTION = {"reason": "caller", "question": "Which room?"}


class Life:
    """One incident in the hands of its people."""

    def __init__(self, clients: Clients, place: int, dice: random.Random) -> None:
        self._clients, self._place, self._dice = clients, place, dice
        self._said = 0
        self._number = ""

    async def run(self) -> None:
        """From the report until people have done their part; the rest happens by itself."""
        await self._report()
        await KINDS[self._place % len(KINDS)](self)

    async def _report(self) -> None:
        self._number = await self._clients.report(f"life-{self._place}", REPORT, copies=self._dice.choice((1, 1, 2)))

    def _agent(self, name: str, body: dict[str, Any] | None = None) -> Awaitable[int]:
        return self._say("AGENT", name, body or {})

    def _caller(self, name: str, body: dict[str, Any] | None = None) -> Awaitable[int]:
        return self._say("CALLER", name, body or {})

    def _say(self, whose: str, name: str, body: dict[str, Any]) -> Awaitable[int]:
        self._said += 1
        command_id = f"life-{self._place}-{self._said}"
        return self._clients.say(self._number, command_id, whose, name, body, copies=self._dice.choice((1, 1, 1, 2)))

    async def confirmed(self) -> None:
        """Taken, talked about by several people at once, one of them against the rules, resolved and confirmed."""
        await self._agent("take")
        notes = [self._agent("note", {"text": f"Looked at port {port}."}) for port in range(3)]
        await asyncio.gather(*notes, self._caller("message", {"text": "Any news?"}), self._agent("hold", {"reason": "caller"}))
        await self._agent("resolve", FIXED)
        await self._caller("confirm")

    async def silent(self) -> None:
        """Resolved; the caller says nothing, is reminded, and it closes."""
        await asyncio.gather(self._agent("acknowledge"), self._agent("note", {"text": "Known."}))
        await self._agent("resolve", FIXED)

    async def reopened(self) -> None:
        """Rejected once, and resolved again."""
        await self._agent("take")
        await self._agent("resolve", FIXED)
        await self._caller("reject", BROKEN)
        await asyncio.gather(self._agent("note", {"text": "Again."}), self._caller("message", {"text": "Really."}))
        await self._agent("resolve", FIXED)
        await self._caller("confirm")

    async def unanswered(self) -> None:
        """A question that nobody answers, in the end resolved as such and closed by silence."""
        await self._agent("hold", QUESTION)

    async def escalated(self) -> None:
        """Handed up a level, held for a vendor while somebody writes, and solved."""
        await self._agent("escalate", {"diagnosis": "The switch is dead."})
        await asyncio.gather(self._agent("hold", {"reason": "vendor"}), self._agent("note", {"text": "Ordered."}), self._agent("resume"))
        await self._agent("resolve", FIXED)
        await self._caller("confirm")

    async def cancelled(self) -> None:
        """Called off while somebody still writes."""
        await asyncio.gather(self._agent("cancel", {"reason": "duplicate"}), self._agent("note", {"text": "Twice."}))

    async def at_once(self) -> None:
        """Everybody at the same time, in whichever order it arrives; then to the end."""
        everything = [self._agent("take"), self._agent("resolve", FIXED), self._caller("confirm"), self._caller("reject", BROKEN)]
        await asyncio.gather(*everything)
        await self._agent("resolve", FIXED)
        await self._caller("confirm")


KINDS: tuple[Callable[[Life], Awaitable[None]], ...] = (
    Life.confirmed,
    Life.silent,
    Life.reopened,
    Life.unanswered,
    Life.escalated,
    Life.cancelled,
    Life.at_once,
)
