"""Working time (process.md S7)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.calendars import ALWAYS, Calendar, Span, Weekday, every_day, span, workdays

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
OFFICE = Calendar("office", "Europe/Amsterdam", workdays("09:00-17:00"), timedelta(hours=8), frozenset({date(2026, 12, 25)}))

spans = st.lists(st.integers(0, 48), min_size=2, max_size=6, unique=True).map(
    lambda halves: tuple(
        Span(timedelta(minutes=30 * start), timedelta(minutes=30 * end))
        for start, end in zip(sorted(halves)[::2], sorted(halves)[1::2], strict=False)
    )
)
calendars = st.builds(
    lambda zone, week, holidays: Calendar("any", zone, week, timedelta(hours=8), frozenset(holidays)),
    st.sampled_from(["Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
    st.dictionaries(st.sampled_from(Weekday), spans, min_size=1),
    st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=10),
)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001 -- made aware here
durations = st.timedeltas(timedelta(0), timedelta(hours=200))


def _local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM)


@given(calendars, instants, durations)
def test_add_and_between_are_inverse(calendar: Calendar, start: datetime, working: timedelta) -> None:
    """What was added is what lies between."""
    assert calendar.between(start, calendar.add(start, working)) == working


@given(calendars, instants, durations, durations)
def test_splitting_an_interval_changes_nothing(calendar: Calendar, start: datetime, first: timedelta, second: timedelta) -> None:
    """The working time of two neighbouring intervals is that of both together."""
    middle, end = start + first, start + first + second
    assert calendar.between(start, middle) + calendar.between(middle, end) == calendar.between(start, end)


@given(calendars, instants, durations, durations)
def test_more_work_never_ends_earlier(calendar: Calendar, start: datetime, less: timedelta, extra: timedelta) -> None:
    """Add is monotone in the working time."""
    assert calendar.add(start, less) <= calendar.add(start, less + extra)


@given(calendars, instants, durations)
def test_a_reversed_interval_is_zero(calendar: Calendar, start: datetime, back: timedelta) -> None:
    """Working time never becomes negative."""
    assert calendar.between(start, start - back) == timedelta(0)


def test_a_weekend_adds_nothing() -> None:
    """Friday 17:00 to Monday 09:00 in a 09-17 calendar is zero working time (S6)."""
    assert OFFICE.between(_local(2026, 11, 27, 17), _local(2026, 11, 30, 9)) == timedelta(0)


def test_used_up_at_closing_time_is_due_at_closing_time() -> None:
    """A limit reached exactly at closing time is due then, not at the next opening (S7)."""
    assert OFFICE.add(_local(2026, 11, 24, 13), timedelta(hours=4)) == _local(2026, 11, 24, 17)


def test_a_holiday_is_closed() -> None:
    """Work stops before Christmas Day and goes on after it and the weekend."""
    assert OFFICE.add(_local(2026, 12, 24, 16), timedelta(hours=2)) == _local(2026, 12, 28, 10)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_around_the_clock_is_as_long_as_it_is(day: date, hours: int) -> None:
    """On clock-change days a span to 24:00 has 23 or 25 hours (S7)."""
    calendar = Calendar("clock", "Europe/Amsterdam", every_day("00:00-24:00"), timedelta(hours=24))
    start = datetime.combine(day, time.min, AMSTERDAM)
    end = datetime.combine(day + timedelta(days=1), time.min, AMSTERDAM)
    assert calendar.between(start, end) == timedelta(hours=hours)


def test_around_the_clock_is_plain_time() -> None:
    """The calendar that is always open adds plain hours."""
    start = datetime(2016, 3, 1, 9, 52, tzinfo=UTC)
    assert ALWAYS.add(start, ALWAYS.days(5)) == start + timedelta(days=5)
    assert ALWAYS.is_open(start)


def test_closing_time_is_closed() -> None:
    """A span is open at its start and closed at its end."""
    assert OFFICE.is_open(_local(2026, 11, 24, 9))
    assert not OFFICE.is_open(_local(2026, 11, 24, 17))


def test_a_calendar_that_never_opens_is_refused() -> None:
    """An empty calendar is an error when it is made, not an endless loop (S7)."""
    with pytest.raises(ValueError, match="never open"):
        Calendar("empty", "UTC", {}, timedelta(hours=8))


def test_overlapping_spans_are_refused() -> None:
    """Working time is not counted twice."""
    with pytest.raises(ValueError, match="overlap"):
        Calendar("twice", "UTC", workdays("09:00-12:00", "11:00-15:00"), timedelta(hours=8))


@pytest.mark.parametrize("text", ["", "9-17", "17:00-09:00", "09:00-25:00", "09:61-10:00", "09:00"])
def test_a_wrong_span_says_how_it_is_written(text: str) -> None:
    """A mistyped span is refused with an example of a right one."""
    with pytest.raises(ValueError, match=r"09:00|00:00"):
        span(text)


def test_a_copy_with_other_hours_has_other_hours() -> None:
    """A new edition of a calendar is often written from the last one; what was looked up in that one is not taken along."""
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    before = Calendar("desk", "UTC", workdays("09:00-17:00"), timedelta(hours=8))
    assert before.next_open(monday) == monday.replace(hour=9)
    assert replace(before, week=workdays("07:00-15:00")).next_open(monday) == monday.replace(hour=7)
