"""Results of working-time computations from the test suites of other projects (process.md S7)."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workflows.calendars import ALWAYS, Calendar, Span, Weekday, span

FILE = Path(__file__).resolve().parents[3] / "shared/data/sla-vectors/vectors.json"
DATA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"vectors": [], "calendars": {}}
DAYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), Weekday, strict=True))


def test_the_vectors_are_there() -> None:
    """Says in the list of skipped tests that they were not run."""
    if not FILE.exists():
        pytest.skip("the vectors of other projects are not beside this checkout")
    assert len(DATA["vectors"]) > 100


def _spans(pairs: list[list[str]]) -> tuple[Span, ...]:
    return tuple(span("-".join(pair)) for pair in pairs)


def calendar_of(name: str) -> Calendar:
    """One of the calendars of the file as ours."""
    told: Mapping[str, Any] = DATA["calendars"][name]
    years = range(2000, 2031)
    yearly = {date.fromisoformat(f"{year}-{day}") for day in told.get("yearly_holidays", []) for year in years}
    hours = {DAYS[day]: _spans(pairs) for day, pairs in told["hours"].items()}
    shifts = {date.fromisoformat(day): _spans(pairs) for day, pairs in told.get("shifts", {}).items()}
    for day, pairs in told.get("breaks", {}).items():
        on = date.fromisoformat(day)
        shifts[on] = without(hours.get(Weekday(on.weekday()), ()), _spans(pairs))
    holidays = frozenset({date.fromisoformat(day) for day in told["holidays"]} | yearly)
    return Calendar(name, told["tz"] or "UTC", hours, timedelta(hours=8), holidays, shifts)


def without(spans: tuple[Span, ...], breaks: tuple[Span, ...]) -> tuple[Span, ...]:
    """The spans with the breaks cut out."""
    for pause in breaks:
        cut = [
            (
                Span(each.start, min(each.end, pause.start)) if each.start < pause.start else None,
                Span(max(each.start, pause.end), each.end) if pause.end < each.end else None,
            )
            for each in spans
        ]
        spans = tuple(part for pair in cut for part in pair if part is not None)
    return spans


def moment(text: str, zone: str) -> datetime:
    """A wall-clock time of the file."""
    parsed = datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def nth_day_with_hours(calendar: Calendar, since: datetime, days: int) -> datetime:
    """The same time of the wall clock, so many days with opening hours later."""
    here = since.astimezone(ZoneInfo(calendar.zone))
    while days:
        here += timedelta(days=1)
        midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
        days -= calendar.between(midnight, midnight + timedelta(days=1)) > timedelta(0)
    return here


@pytest.mark.parametrize("vector", DATA["vectors"], ids=lambda vector: vector["id"])
def test_a_vector(vector: dict[str, Any]) -> None:
    """What another project promises about working time holds here too; where projects contradict each other, the list of skipped tests says about what."""
    if vector.get("contested"):
        pytest.skip(f"{vector['id']}: {vector['note']}")
    calendar, given, expected = calendar_of(vector["calendar"]) if vector["calendar"] else ALWAYS, vector["input"], vector["expected"]
    zone = given.get("input_tz") or calendar.zone

    def at(name: str) -> datetime:
        return moment(given[name], zone)

    if vector["op"] == "is_open":
        assert calendar.is_open(at("at")) == expected["open"]
    elif vector["op"] == "next_open":
        assert calendar.next_open(at("at")) == moment(expected["at"], zone)
    elif vector["op"] == "periods":
        found = list(islice(calendar.open_from(at("from")), given["count"]))
        assert found == [tuple(moment(each, zone) for each in pair) for pair in expected["periods"]]
    elif vector["op"] == "elapsed":
        pauses = given.get("pauses") or []
        worked = calendar.between(at("start"), at("end")) - sum(
            (calendar.between(moment(a, zone), moment(b, zone)) for a, b in pauses), timedelta(0)
        )
        assert worked.total_seconds() == expected.get("seconds", expected.get("minutes", 0) * 60)
    elif vector["op"] == "back":
        # We never reckon backwards; what is between such a start and its end holds all the same.
        start, worked = moment(expected["start"], zone), timedelta(seconds=given["seconds"])
        assert calendar.between(start, at("end")) == worked
        assert calendar.add(start, worked) <= calendar.next_open(at("end"))
    elif vector["op"] == "due_days_snap":
        assert calendar.next_open(nth_day_with_hours(calendar, at("start"), given["days"])) == moment(expected["due"], zone)
    else:
        assert vector["op"] == "due"
        assert calendar.add(at("start"), timedelta(seconds=given["seconds"])) == moment(expected["due"], zone)
