"""The report form: what was typed becomes a report, or comes back with what is missing (process.md S1). Unknown fields stay empty."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from api.bodies import strict
from api.forms import in_zone
from api.problems import Problem
from api.reception import check_category
from api.sentences import Sentences
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
MORE = (*(name for name in TEXTS[2:] if name != "service"), "occurred_at")


@dataclass(frozen=True)
class Draft:
    """A form as it was sent: what was typed, and what is wrong with it, by field."""

    typed: Mapping[str, str]
    wrong: Mapping[str, str]

    @property
    def shows_more(self) -> bool:
        """Whether the fields behind "more" hold something the reader must see again."""
        return any(self.typed.get(name) or self.wrong.get(name) for name in MORE)


def read_report(typed: Mapping[str, str], zone: str, channel: Channel, now: datetime, say: Sentences) -> Report | Draft:
    """The report, or the draft to correct, in the writer's language. Times are meant in the writer's zone."""
    values: dict[str, Any] = {name: typed[name] for name in TEXTS if typed.get(name)} | {"channel": channel.value}
    category, _, subcategory = typed.get("topic", "").partition("/")
    values |= {name: value for name, value in (("category", category), ("subcategory", subcategory)) if value}
    values |= {name: int(typed[name]) for name in DIGITS if typed.get(name, "").isdecimal() and len(typed[name]) == 1}
    if typed.get("affected"):
        values["affected"] = typed["affected"]
    if typed.get("occurred_at"):
        values["occurred_at"] = in_zone(typed["occurred_at"], zone)
    return _checked(values, typed, now, say)


def _checked(values: Mapping[str, Any], typed: Mapping[str, str], now: datetime, say: Sentences) -> Report | Draft:
    try:
        read = strict(Report).model_validate_json(json.dumps(values))
        report = Report(**{name: getattr(read, name) for name in type(read).model_fields})
        check_category(report)
    except ValidationError as error:
        return Draft(typed, {name: _wrong(name, each, say) for each in error.errors(include_url=False) if (name := str(each["loc"][0]))})
    except Problem:
        return Draft(typed, {"topic": say("wrong_topic")})
    if report.occurred_at and report.occurred_at > now:
        return Draft(typed, {"occurred_at": say("wrong_future")})
    return report


def _wrong(name: str, error: Any, say: Sentences) -> str:
    if name == "title":
        return say("wrong_title")
    if name == "service":
        return say("wrong_service_word")
    if name in ("category", "subcategory"):
        return say("wrong_topic")
    if name == "occurred_at":
        return say("wrong_future" if "future" in error["msg"] else "wrong_time")
    most = error.get("ctx", {}).get("max_length")
    return say("wrong_length", most=str(most)) if most else say("wrong_text")


def topics(now: datetime) -> Mapping[str, tuple[str, ...]]:
    """Categories and their sub-categories, as the edition in force has them (S2)."""
    return book().edition(book().name_of_edition(now)).assignment.categories
