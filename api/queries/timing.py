"""How much time an incident has and what will happen by itself, from its facts in the record (process.md S6, S9). The API and the command line tell the same."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from activities.incident_facts import FACTS
from api.queries import Database
from api.queries.incidents import facts_of
from workflows.explanations import Explanation, explain
from workflows.foresight import Foreseen, foresee
from workflows.policies.book import book
from workflows.publication import Deadline, Snapshot
from workflows.record import Incident

_EXPLAINED = TypeAdapter(tuple[Explanation, ...])
_DATES = TypeAdapter(tuple[Deadline, ...])
_FORESEEN = TypeAdapter(tuple[Foreseen, ...])


async def snapshot_of(database: Database, number: str) -> Snapshot | None:
    """The facts as the process published them last, or none where the record has none yet."""
    found = await facts_of(database, number)
    return None if found is None else FACTS.validate_python(found)


def explained(facts: Snapshot, now: datetime) -> tuple[Explanation, ...]:
    """Each clock as it stands now, counted in the calendars of the edition the incident is held to."""
    calendars = book().edition(facts.edition).calendars
    return tuple(explain(clock, calendars[clock.calendar], now) for clock in facts.clocks)


def clocks_as_json(number: str, clocks: Sequence[Explanation], now: datetime) -> dict[str, Any]:
    """Plain values, as the contract of the API describes them."""
    return {"number": number, "at": now.isoformat(), "clocks": _EXPLAINED.dump_python(tuple(clocks), mode="json")}


def foreseen(facts: Snapshot, now: datetime) -> tuple[Foreseen, ...]:
    """Everything that follows from the dates ahead as well, every round of a ladder to the last, as long as nobody says anything; earliest first."""
    return tuple(sorted(foresee(Incident(facts), now), key=lambda each: each.at))


def dates_as_json(number: str, dates: Sequence[Deadline], follows: Sequence[Foreseen]) -> dict[str, Any]:
    """Plain values, as the contract of the API describes them."""
    told = {"dates": _DATES.dump_python(tuple(dates), mode="json"), "foreseen": _FORESEEN.dump_python(tuple(follows), mode="json")}
    return {"number": number, **told}
