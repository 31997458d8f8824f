"""The report form: what was typed becomes a report, or comes back with what is missing (process.md S1). Unknown fields stay empty."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from api.bodies import said, strict
from api.problems import Problem
from api.reception import check_category
from workflows.messages import Report
from workflows.policies.book import book
from workflows.vocabulary import Channel

TEXTS = (
    "title",
    "description",
    "symptoms",
    "contact",
    "service",
    "configuration_item",
    "reference",
    "people_affected",
    "work_stopped",
    "can_wait",
)
DIGITS = ("impact", "urgency")
# Fields behind "more": they are shown at once where one of them was filled in.
MORE = (*TEXTS[2:], "occurred_at")
_NEEDED = {
    "title": "Say in a few words what is wrong, in at most 200 characters.",
    "service": "A service has letters, digits, spaces and . _ : @ - and at most 100 characters.",
}


@dataclass(frozen=True)
class Draft:
    """A form as it was sent: what was typed, and what is wrong with it, by field."""

    typed: Mapping[str, str]
    wrong: Mapping[str, str]

    @property
    def shows_more(self) -> bool:
        """Whether the fields behind "more" hold something the reader must see again."""
        return any(self.typed.get(name) or self.wrong.get(name) for name in MORE)


def read_report(typed: Mapping[str, str], zone: str, channel: Channel, now: datetime) -> Report | Draft:
    """The report, or the draft to correct. Times are meant in the writer's zone."""
    values: dict[str, Any] = {name: typed[name] for name in TEXTS if typed.get(name)} | {"channel": channel.value}
    category, _, subcategory = typed.get("topic", "").partition("/")
    values |= {name: value for name, value in (("category", category), ("subcategory", subcategory)) if value}
    values |= {name: int(typed[name]) for name in DIGITS if typed.get(name, "").isdecimal() and len(typed[name]) == 1}
    if typed.get("affected"):
        values["affected"] = typed["affected"]
    if typed.get("occurred_at"):
        values["occurred_at"] = _with_zone(typed["occurred_at"], zone)
    return _checked(values, typed, now)


def _checked(values: Mapping[str, Any], typed: Mapping[str, str], now: datetime) -> Report | Draft:
    try:
        read = strict(Report).model_validate_json(json.dumps(values))
        report = Report(**{name: getattr(read, name) for name in type(read).model_fields})
        check_category(report)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        return Draft(typed, {(name := str(each["loc"][0])): _NEEDED.get(name, said(each)) for each in found})
    except Problem:
        return Draft(typed, {"topic": "Choose one of the topics."})
    if report.occurred_at and report.occurred_at > now:
        return Draft(typed, {"occurred_at": "This lies in the future."})
    return report


def _with_zone(local: str, zone: str) -> str:
    try:
        return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).isoformat()
    except ValueError:
        return local


def topics(now: datetime) -> Mapping[str, tuple[str, ...]]:
    """Categories and their sub-categories, as the edition in force has them (S2)."""
    return book().edition(book().name_of_edition(now)).assignment.categories
