"""People at the desk who do as the API tells them: the same id again after 503 or a broken line, and they remember every answer."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.house.whole_house import House

PATIENCE = 600.0
PAUSE = 0.2
APPLIED, REPORTED, ACCEPTED, REFUSED = 200, 201, 202, 409


@dataclass(frozen=True)
class Answered:
    """A command, and what the API answered in the end."""

    number: str
    command_id: str
    name: str
    status: int
    rule: str | None


@dataclass
class Clients:
    """Callers and agents of one house. ``numbers`` by the key under which they were reported; ``again`` counts what had to be sent again."""

    house: House
    numbers: dict[str, str] = field(default_factory=dict)
    answered: list[Answered] = field(default_factory=list)
    again: int = 0

    def __post_init__(self) -> None:
        """Looks up the keys, which outlive the house."""
        self._keys = {whose: f"Bearer {self.house.key(whose)}" for whose in ("CALLER", "AGENT")}
        self._http = httpx.AsyncClient(base_url=self.house.url, timeout=60, trust_env=False)

    async def report(self, key: str, body: Mapping[str, Any], copies: int = 1) -> str:
        """Reports once, whatever happens, by ``copies`` requests under one key; answers with the number when it can be read."""
        sent = [self._ask("POST", "/api/v1/incidents", "CALLER", body, {"Idempotency-Key": key}) for _ in range(copies)]
        answers = await asyncio.gather(*sent)
        numbers = {_told(answer, {REPORTED, ACCEPTED})["number"] for answer in answers}
        assert len(numbers) == 1, f"{key} became {numbers}"
        number = self.numbers[key] = str(numbers.pop())
        while (await self._ask("GET", f"/api/v1/incidents/{number}", "AGENT")).status_code != httpx.codes.OK:  # noqa: ASYNC110 -- the record is all there is to look at
            await asyncio.sleep(PAUSE)
        return number

    async def say(self, number: str, command_id: str, whose: str, name: str, body: Mapping[str, Any], copies: int = 1) -> int:
        """One command, by ``copies`` requests at once under one id; answers with the last status."""
        sent = [self._ask("POST", f"/api/v1/incidents/{number}/{name}", whose, body, {"Command-Id": command_id}) for _ in range(copies)]
        for answer in await asyncio.gather(*sent):
            rule = _told(answer, {APPLIED, ACCEPTED, REFUSED}).get("rule")
            self.answered.append(Answered(number, command_id, name, answer.status_code, rule))
        return self.answered[-1].status

    async def leave(self) -> None:
        """Hangs up."""
        await self._http.aclose()

    async def _ask(
        self, method: str, path: str, whose: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            try:
                answer = await self._http.request(method, path, json=body, headers={"Authorization": self._keys[whose], **(headers or {})})
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            self.again += 1
            await asyncio.sleep(PAUSE)
        return pytest.fail(f"{method} {path} was never answered")


def _told(answer: httpx.Response, expected: set[int]) -> dict[str, Any]:
    if answer.status_code not in expected:
        pytest.fail(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    told: dict[str, Any] = answer.json()
    return told
