"""The languages letters and pages are written in. A language is a folder of templates with its words; adding one is adding a folder (process.md S14)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from workflows.unanswered import unanswered_question

TEMPLATES = Path(__file__).with_name("templates")
FALLBACK = "en"


@dataclass(frozen=True)
class Words:
    """What the sentences of a language share: how it writes a moment and a span of time, and its names for the desk's own words."""

    name: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    when: str
    shortened: str
    no_answer: str
    sample: Mapping[str, str]
    durations: Mapping[str, str]
    statuses: Mapping[str, str]
    clocks: Mapping[str, str]
    promises: Mapping[str, str]
    causes: Mapping[str, str]

    def moment(self, instant: datetime, zone: str) -> str:
        """A date and time as people say it, in their zone and with its name: Tuesday 8 December 2026, 10:00 (Europe/Istanbul)."""
        local = instant.astimezone(ZoneInfo(zone))
        weekday, month = self.weekdays[local.weekday()], self.months[local.month - 1]
        return self.when.format(weekday=weekday, day=local.day, month=month, year=local.year, time=f"{local:%H:%M}", zone=zone)

    def span(self, length: timedelta) -> str:
        """Working time as people say it: 3 h 20 min. Hours are not made into days: a working day has its own length."""
        hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
        form = "both" if hours and minutes else "hours" if hours else "minutes"
        return self.durations[form].format(hours=hours, minutes=minutes)

    def status(self, status: str) -> str:
        """Where an incident stands (S4)."""
        return self.statuses[status]

    def clock(self, name: str) -> str:
        """A clock by its name within the incident, such as ``resolution`` or ``internal:network`` (S6)."""
        kind, _, holder = name.partition(":")
        return self.clocks[kind].format(holder=holder)

    def promise(self, clock: str) -> str:
        """What a caller may expect of the desk by the time this clock runs out (S6)."""
        return self.promises[clock]

    def solution(self, solution: str | None) -> str:
        """The solution as somebody wrote it, or, where a question had no answer, that it had none (S11)."""
        question = unanswered_question(solution)
        return (solution or "") if question is None else self.no_answer.format(question=question)

    def cause(self, cause: str) -> str:
        """Why a clock turned; a cause without a word is said as it is named."""
        return self.causes.get(cause) or cause.replace("_", " ")


@cache
def languages() -> tuple[str, ...]:
    """Every language there is a folder for."""
    return tuple(sorted(file.parent.name for file in TEMPLATES.glob("*/words.toml")))


@cache
def words_of(language: str) -> Words:
    """The words of a language, of English where there is no folder for it."""
    folder = language if language in languages() else FALLBACK
    return TypeAdapter(Words).validate_python(tomllib.loads((TEMPLATES / folder / "words.toml").read_text(encoding="utf-8")))
