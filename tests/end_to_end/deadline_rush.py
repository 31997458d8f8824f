"""Many incidents whose deadlines come together, on a live desk; and what the record says of each firing (process.md S9)."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import func, select

from activities.database.session import open_database
from activities.database.tables import events, letters
from tests.house.whole_house import House
from workflows.vocabulary import EventKind, LetterName

# P3 is due so many seconds after the rush calendar opens, whenever it was reported before; P5 so many seconds after its report.
TOGETHER, ONE_BY_ONE = 5, 20
IN_FLIGHT = 8
_BOOK = """
from dataclasses import replace
from datetime import timedelta

from workflows.calendars import Calendar, Weekday, span
from workflows.policies.book import HOLDFAST
from workflows.policies.dated import Dated
from workflows.policies.service_levels import within
from workflows.vocabulary import Audience, Priority

RUSH = Calendar("rush", "UTC", {{Weekday({weekday}): ({opens},)}}, working_day=timedelta(hours=1))


def again(editions, change):
    return [Dated(each.valid_from, change(each.rule), "for a rush of deadlines") for each in editions]


BOOK = replace(
    HOLDFAST,
    calendars=again(HOLDFAST.calendars, lambda rule: replace(rule, by_name=dict(rule.by_name) | {{"rush": RUSH}})),
    service_levels=again(
        HOLDFAST.service_levels,
        lambda rule: replace(
            rule,
            response={{}},
            resolution={{Priority.P3: within("rush", minutes={together} / 60), Priority.P5: within("always", minutes={one_by_one} / 60)}},
            tells={{100: (Audience.INCIDENT_MANAGER,)}},
        ),
    ),
    escalation=again(HOLDFAST.escalation, lambda rule: replace(rule, ladders=())),
)
"""


class TooLateError(Exception):
    """The reports took longer than planned: leave them more time."""


@dataclass
class Rush:
    """A desk whose deadlines of P3 all come at one instant, and the numbers of the incidents reported for it."""

    directory: Path
    opens_at: datetime
    together: list[str] = field(default_factory=list)
    one_by_one: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Writes the policy book; the calendar opens at a whole minute."""
        self.opens_at = self.opens_at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        book = self.directory / "rush.py"
        opens = f'span("{self.opens_at:%H:%M}-24:00")'
        book.write_text(
            _BOOK.format(weekday=self.opens_at.weekday(), opens=opens, together=TOGETHER, one_by_one=ONE_BY_ONE), encoding="utf-8"
        )
        self.house = House(self.directory / "data", {"HOLDFAST_POLICIES": str(book)})

    @property
    def due_at(self) -> datetime:
        """When all of them are due."""
        return self.opens_at + timedelta(seconds=TOGETHER)

    def report_together(self, count: int) -> None:
        """So many incidents, as fast as the front door takes them. Raises TooLateError where that took until they are due."""
        self.together = asyncio.run(self._report(count, {"impact": 2, "urgency": 2}, pause=0.0))
        if datetime.now(UTC) >= self.opens_at:
            raise TooLateError

    def report_one_by_one(self, count: int, seconds: float) -> None:
        """So many incidents, evenly over that time, each with a deadline of its own."""
        self.one_by_one = asyncio.run(self._report(count, {"impact": 3, "urgency": 3}, pause=seconds / count))

    async def _report(self, count: int, assessment: dict[str, int], pause: float) -> list[str]:
        places, begun = asyncio.Semaphore(IN_FLIGHT), time.monotonic()
        headers = {"Authorization": f"Bearer {self.house.key('CALLER')}"}
        async with httpx.AsyncClient(base_url=self.house.url, timeout=60, trust_env=False, headers=headers) as http:

            async def _one(place: int) -> str:
                await asyncio.sleep(max(0.0, begun + place * pause - time.monotonic()))
                async with places:
                    return await _reported(http, {"title": f"Rush {place}", "category": "network"} | assessment)

            return list(await asyncio.gather(*(_one(place) for place in range(count))))

    def crash(self) -> None:
        """Ends server, worker and front door at once, without a word."""
        assert self.house.process is not None
        self.house.process.kill()
        self.house.process.wait()
        self.house.tidy_up()

    def breaches(self, numbers: list[str]) -> list["Firing"]:
        """What the record says of the breaches of those incidents, in no order."""
        return asyncio.run(self._breaches(frozenset(numbers)))

    async def _breaches(self, numbers: frozenset[str]) -> list["Firing"]:
        engine = open_database(f"sqlite:///{self.house.record}")
        query = select(events.c.number, events.c.planned_at, events.c.at, events.c.after).where(events.c.kind == EventKind.BREACHED)
        async with engine.connect() as connection:
            found = [Firing(*row[:3], row[3].get("late_seconds")) for row in await connection.execute(query) if row[0] in numbers]
        await engine.dispose()
        return found

    def letters_for_each(self) -> dict[str, int]:
        """How many letters tell of a breach, by incident and person."""
        return asyncio.run(self._letters_for_each())

    async def _letters_for_each(self) -> dict[str, int]:
        engine = open_database(f"sqlite:///{self.house.record}")
        of_each = (letters.c.number, letters.c.recipient)
        query = select(*of_each, func.count()).where(letters.c.letter == LetterName.BREACH).group_by(*of_each)
        async with engine.connect() as connection:
            found = {f"{row[0]}/{row[1]}": int(row[2]) for row in await connection.execute(query)}
        await engine.dispose()
        return found


@dataclass(frozen=True)
class Firing:
    """One deadline as it fired: when it was planned and when it came, and the lateness that is marked on the timeline."""

    number: str
    planned_at: datetime
    at: datetime
    marked_late: int | None

    @property
    def lateness(self) -> float:
        """In seconds."""
        return (self.at - self.planned_at).total_seconds()


async def _reported(http: httpx.AsyncClient, body: dict[str, Any]) -> str:
    key = str(uuid4())
    while True:
        answer = await http.post("/api/v1/incidents", json=body, headers={"Idempotency-Key": key})
        if answer.status_code in {200, 201, 202}:
            return str(answer.json()["number"])
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        await asyncio.sleep(0.2)
