"""Calendars for people who write editions (process.md S7)."""

from datetime import date, timedelta

import pytest

from activities.working_time import UnknownCalendarError, calendar_in_force, holiday_lines, open_times
from workflows.calendars import Calendar, every_day, workdays


def test_open_times_are_told_day_by_day() -> None:
    """Lunch breaks, weekends and holidays show as they are."""
    office = Calendar(
        "office", "Europe/Istanbul", workdays("09:00-12:00", "13:00-18:00"), timedelta(hours=8), frozenset({date(2027, 1, 1)})
    )
    assert list(open_times(office, date(2026, 12, 31), 4)) == [
        (date(2026, 12, 31), ["09:00-12:00", "13:00-18:00"]),
        (date(2027, 1, 1), []),
        (date(2027, 1, 2), []),
        (date(2027, 1, 3), []),
    ]


def test_a_day_that_never_closes_ends_at_midnight() -> None:
    """A span to 24:00 is told as such, also on clock-change days."""
    always = Calendar("clock", "Europe/Amsterdam", every_day("00:00-24:00"), timedelta(hours=24))
    assert list(open_times(always, date(2026, 10, 25), 1)) == [(date(2026, 10, 25), ["00:00-24:00"])]


def test_an_unknown_calendar_names_those_there_are() -> None:
    """A mistyped name is answered with the list."""
    with pytest.raises(UnknownCalendarError, match="always, office"):
        calendar_in_force("ofice", date(2026, 12, 1))


def test_holidays_become_lines_of_an_edition() -> None:
    """The lines can be pasted into a calendar as they are."""
    lines = holiday_lines("NL", None, [2026])
    assert "date(2026, 12, 25),  # Christmas Day" in lines
    assert eval("{" + "\n".join(lines) + "\n}", {"date": date}) >= {date(2026, 1, 1)}  # noqa: S307 -- the promise is that it is Python


def test_an_unknown_country_is_refused() -> None:
    """No holidays are made up."""
    with pytest.raises(UnknownCalendarError, match="XX"):
        holiday_lines("XX", None, [2026])
