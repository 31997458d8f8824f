"""Which figures somebody asks for (process.md S23): a period of whole UTC days, what to break it down by, and what to leave out. All of it stands in the address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from urllib.parse import urlencode

LONGEST = timedelta(days=3 * 366)
_EARLIEST = date(2000, 1, 1)
_DAY = timedelta(days=1)
# What can be left out, as columns of the record. Nothing stands for one that has no group or category.
FILTERS = ("priority", "group", "category")


class By(StrEnum):
    """What figures are broken down by."""

    MONTH = "month"
    WEEK = "week"
    PRIORITY = "priority"
    GROUP = "group"
    CATEGORY = "category"

    @property
    def is_time(self) -> bool:
        """Whether its parts follow each other."""
        return self in (By.MONTH, By.WEEK)


@dataclass(frozen=True)
class Stretch:
    """A part of the period: its name, its first and its last day. Parts at the edges are cut off."""

    name: str
    first: date
    last: date


@dataclass(frozen=True)
class Asked:
    """Both days belong to the period."""

    first: date
    last: date
    by: By = By.MONTH
    only: Mapping[str, str] = field(default_factory=dict)

    def stretches(self) -> list[Stretch]:
        """The parts of the period in order, where it is broken down by time."""
        found, first = [], self.first
        while first <= self.last:
            last = min(_last_day(first, self.by), self.last)
            found.append(Stretch(part_of(first, self.by), first, last))
            first = last + _DAY
        return found

    def pieces(self, count: int) -> "list[Asked]":
        """The period cut into so many pieces of much the same length, or into its days where it has fewer."""
        days = (self.last - self.first).days + 1
        edges = sorted({self.first + days * place // count * _DAY for place in range(count + 1)})
        return [replace(self, first=first, last=after - _DAY) for first, after in pairwise(edges)]

    def address(self, **changed: str) -> str:
        """The query of the address that asks for this, with some of it changed."""
        asked = {"from": self.first.isoformat(), "to": self.last.isoformat(), "by": self.by.value, **self.only}
        return urlencode(asked | changed)


def part_of(day: date, by: By) -> str:
    """The month or ISO week of a day: 2026-11, 2026-W48."""
    if by is By.WEEK:
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}"


def _last_day(day: date, by: By) -> date:
    if by is By.WEEK:
        return day + (6 - day.weekday()) * _DAY
    return months_later(day, 1) - _DAY


def months_later(day: date, months: int) -> date:
    """The first day of the month so many months later, or earlier."""
    month = day.year * 12 + day.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)


def asked(parameters: Mapping[str, str], today: date) -> Asked:
    """What an address asks for; without a period this month and the two before. ValueError with a sentence where it cannot be."""
    first, last = _day(parameters.get("from"), months_later(today, -2)), _day(parameters.get("to"), today)
    if first < _EARLIEST or last > today + LONGEST:
        raise ValueError("There are no figures of that time; choose days of this century, at most three years ahead.")
    if last < first:
        raise ValueError("The period ends before it begins.")
    if last - first > LONGEST:
        raise ValueError("The period is longer than three years; choose a shorter one.")
    wanted = parameters.get("by") or By.MONTH
    if wanted not in tuple(By):
        raise ValueError(f"Figures can be broken down by {', '.join(By)}.")
    # PostgreSQL knows no NUL, and nothing is called like that.
    only = {name: value[:100] for name in FILTERS if (value := parameters.get(name, "")) and value.isprintable()}
    return Asked(first, last, By(wanted), only)


def _day(text: str | None, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise ValueError("A day is written like 2026-11-25.") from None


def usual(today: date) -> list[tuple[str, date, date]]:
    """Periods people often want: name, first day, last day."""
    this, last = months_later(today, 0), months_later(today, -1)
    return [
        ("This month", this, today),
        ("Last month", last, this - _DAY),
        ("Three months", months_later(today, -2), today),
        ("Twelve months", months_later(today, -11), today),
    ]
