"""Working time (process.md S7): pure, exact over clock changes, holidays are data.

A calendar speaks the wall clock of its IANA zone; every instant that goes in or comes out is aware UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MIDNIGHT = timedelta(0)
END_OF_DAY = timedelta(hours=24)


class Weekday(IntEnum):
    """Numbered as ``date.weekday`` does."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


WORKDAYS = (Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY)


@dataclass(frozen=True, order=True)
class Span:
    """Open from ``start`` to ``end`` of one day, as time since local midnight; ``end`` may be 24:00."""

    start: timedelta
    end: timedelta

    def __post_init__(self) -> None:
        if not MIDNIGHT <= self.start < self.end <= END_OF_DAY:
            raise ValueError(f"a span must run forward within one day, from 00:00 to 24:00 at most: {self}")


def span(text: str) -> Span:
    """Reads ``09:00-17:30``. ValueError says what is wrong."""
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"a span is written like 09:00-17:30, not {text!r}")
    return Span(_clock(start), _clock(end))


def _clock(text: str) -> timedelta:
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and hours.isdigit() and minutes.isdigit() and timedelta(minutes=int(minutes)) < timedelta(hours=1)):
        raise ValueError(f"a time of day is written like 09:00, not {text!r}")
    return timedelta(hours=int(hours), minutes=int(minutes))


@dataclass(frozen=True, eq=False)
class Calendar:
    """When a desk works. ``working_day`` is the working time of one day, in which budgets in days are counted (S6).

    ``special_days`` have hours of their own instead of those of their weekday; a holiday is closed whatever else is said of it.
    """

    name: str
    zone: str
    week: Mapping[Weekday, tuple[Span, ...]]
    working_day: timedelta
    holidays: frozenset[date] = frozenset()
    special_days: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    # Found once for each day; not taken along by dataclasses.replace.
    _days: dict[date, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict, repr=False, init=False)

    def __post_init__(self) -> None:
        if not any(self.week.values()):
            raise ValueError(f"calendar {self.name!r} is never open: give at least one span on one weekday")
        named = {weekday.name: spans for weekday, spans in self.week.items()}
        named |= {day.isoformat(): spans for day, spans in self.special_days.items()}
        for day, spans in named.items():
            if any(later.start < earlier.end for earlier, later in pairwise(spans)):
                raise ValueError(f"calendar {self.name!r}: the spans of {day} overlap or are out of order")
        if not timedelta(0) < self.working_day <= END_OF_DAY:
            raise ValueError(f"calendar {self.name!r}: a working day has more than no and at most 24 hours of working time")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"calendar {self.name!r}: there is no time zone {self.zone!r}; zones are named like Europe/Istanbul") from None

    def days(self, count: float) -> timedelta:
        """So many working days, as working time."""
        return self.working_day * count

    def add(self, instant: datetime, working: timedelta) -> datetime:
        """The instant at which ``working`` has passed since ``instant``, UTC. Exactly used up at closing time: then, not next morning. Nothing at all: the first working instant."""
        left = working
        if left <= timedelta(0):
            return self.next_open(instant)
        for opens, closes in self.open_from(instant):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        raise AssertionError("an open calendar has no last span")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time in [start, end); zero for a reversed interval."""
        total = timedelta(0)
        if end <= start:
            return total
        for opens, closes in self.open_from(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def is_open(self, instant: datetime) -> bool:
        """Whether the desk works at that instant; closing time itself is closed."""
        return self.next_open(instant) == instant

    def next_open(self, instant: datetime) -> datetime:
        """The first working instant at or after ``instant``, UTC."""
        opens, _ = next(self.open_from(instant))
        return opens

    def open_from(self, instant: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open spans from ``instant`` on, the first one cut to begin there."""
        # The day before: in UTC a local day can begin and end on other dates.
        day = instant.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)
        while True:
            for opens, closes in self._spans_of(day):
                if closes > instant:
                    yield max(opens, instant), closes
            day += timedelta(days=1)

    def _spans_of(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        if day not in self._days:
            usual = self.week.get(Weekday(day.weekday()), ())
            spans = () if day in self.holidays else self.special_days.get(day, usual)
            instants = ((self._at(day, each.start), self._at(day, each.end)) for each in spans)
            # A span inside the hour that a clock change skips has no length.
            self._days[day] = tuple((opens, closes) for opens, closes in instants if closes > opens)
        return self._days[day]

    def _at(self, day: date, since_midnight: timedelta) -> datetime:
        # The wall clock is read: 09:00 is 09:00 also on the day a clock change makes shorter.
        wall = datetime.combine(day, time.min, ZoneInfo(self.zone)) + since_midnight
        instant = wall.astimezone(UTC)
        is_skipped = instant.astimezone(wall.tzinfo).replace(tzinfo=None) != wall.replace(tzinfo=None)
        return _clock_change_before(instant, wall) if is_skipped else instant


def _clock_change_before(instant: datetime, wall: datetime) -> datetime:
    """When the clock jumped over ``wall``, a time that this day does not have; ``instant`` is as far beyond the jump as ``wall`` is inside it."""
    early, late = wall.replace(fold=1).astimezone(UTC), instant
    after = late.astimezone(wall.tzinfo).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(wall.tzinfo).utcoffset() == after:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)


def every_day(*spans: str) -> dict[Weekday, tuple[Span, ...]]:
    """The same spans on all seven days."""
    return {weekday: tuple(span(text) for text in spans) for weekday in Weekday}


def workdays(*spans: str) -> dict[Weekday, tuple[Span, ...]]:
    """The same spans from Monday to Friday."""
    return {weekday: tuple(span(text) for text in spans) for weekday in WORKDAYS}


ALWAYS = Calendar("always", "UTC", every_day("00:00-24:00"), working_day=timedelta(hours=24))
