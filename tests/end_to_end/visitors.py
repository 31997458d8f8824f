"""People and machines at the doors of a desk that keeps breaking down: they send again under the same id until they are answered, and remember what they were told."""

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.house.whole_house import House

PATIENCE = 90.0
APPLIED, REFUSED, ACCEPTED = 200, 409, 202
_ANSWERS = frozenset({200, 201, ACCEPTED, REFUSED})
REPORT = {"title": "No network on the third floor", "category": "network", "impact": 2, "urgency": 2}

# What is said to an incident, in order, by whom; a refusal is as good an answer as any.
Step = tuple[str, str, dict[str, Any]]
_BEGINNINGS: tuple[tuple[Step, ...], ...] = (
    (("take", "AGENT", {}),),
    (("acknowledge", "AGENT", {}), ("hold", "AGENT", {"reason": "vendor"}), ("resume", "AGENT", {})),
    (("hold", "AGENT", {"reason": "caller", "question": "Which floor?"}), ("message", "CALLER", {"text": "The third."})),
    (("resume", "AGENT", {}), ("escalate", "AGENT", {"diagnosis": "The switch is dead."})),
)
_SOLUTION: Step = ("resolve", "AGENT", {"code": "replaced", "notes": "A new switch."})
_ENDS: tuple[tuple[Step, ...], ...] = (
    (_SOLUTION, ("confirm", "CALLER", {})),
    (_SOLUTION, ("reject", "CALLER", {"reason": "Still dead."}), _SOLUTION, ("confirm", "CALLER", {})),
    (_SOLUTION,),  # silence
)


@dataclass
class Told:
    """What a visitor was told of one command: the status of the answer, by command id, in the order of sending."""

    number: str
    answers: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


class Visitors:
    """Everybody who comes to the desk during the test."""

    def __init__(self, house: House, chance: Random) -> None:
        self._house, self._chance = house, chance
        self._keys = {whose: f"Bearer {house.key(whose)}" for whose in ("CALLER", "AGENT")}
        self.told: list[Told] = []

    async def lives(self, count: int, in_flight: int) -> None:
        """So many incidents, each reported and worked to its solution, several at the same time."""
        plans = [(f"life-{each}", self._plan(each)) for each in range(count)]
        async with httpx.AsyncClient(base_url=self._house.url, timeout=15, trust_env=False) as http:

            async def work() -> None:
                while plans:
                    await self._live(http, *plans.pop())

            await asyncio.gather(*(work() for _ in range(in_flight)))

    def _plan(self, each: int) -> tuple[Step, ...]:
        steps = list(self._chance.choice(_BEGINNINGS) + self._chance.choice(_ENDS))
        for copy in range(self._chance.randint(0, 2)):
            steps.insert(self._chance.randint(0, len(steps) - 1), ("note", "AGENT", {"text": f"remark {each}.{copy}"}))
        return tuple(steps)

    async def _live(self, http: httpx.AsyncClient, name: str, steps: tuple[Step, ...]) -> None:
        answer = await self._ask(http, "/api/v1/incidents", "CALLER", REPORT, {"Idempotency-Key": name})
        told = Told(answer.json()["number"])
        self.told.append(told)
        for place, (command, whose, body) in enumerate(steps):
            command_id = f"{name}.{place}"
            path = f"/api/v1/incidents/{told.number}/{command}"
            told.answers[command_id] = (await self._ask(http, path, whose, body, {"Command-Id": command_id})).status_code
            told.names[command_id] = command

    async def _ask(self, http: httpx.AsyncClient, path: str, whose: str, body: dict[str, Any], ids: dict[str, str]) -> httpx.Response:
        """Sends until answered: a broken line, 503 and 404 of a report that is not in the record yet mean sending again under the same id."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            try:
                answer = await http.post(path, json=body, headers={"Authorization": self._keys[whose]} | ids)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in _ANSWERS:
                return answer
            assert answer is None or answer.status_code in {404, 503}, f"{path}: {answer.status_code} {answer.text}"
            await asyncio.sleep(0.3)
        raise AssertionError(f"{path} was never answered")
