"""Calendars for people who write editions: which times are open, and the holidays of a country as lines to paste (process.md S7).

The library that knows holidays changes every month. It writes data for a new edition, here, on a desk; it never runs under a workflow.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workflows.calendars import Calendar
from workflows.policies.book import book


class UnknownCalendarError(ValueError):
    """There is no such calendar, country or region; the message lists what there is."""


def calendar_in_force(name: str, day: date) -> Calendar:
    """The calendar of that name in the edition in force on that day. Raises UnknownCalendarError."""
    calendars = book().edition(book().name_of_edition(datetime.combine(day, time.min, UTC))).calendars.by_name
    if name not in calendars:
        raise UnknownCalendarError(f"There is no calendar {name}; there are: {', '.join(sorted(calendars))}.")
    return calendars[name]


def open_times(calendar: Calendar, first: date, days: int) -> Iterator[tuple[date, list[str]]]:
    """For each day in the calendar's zone: when the desk is open, as wall-clock times; nothing on a closed day."""
    zone = ZoneInfo(calendar.zone)
    for day in (first + timedelta(days=number) for number in range(days)):
        midnight = datetime.combine(day, time.min, zone)
        tomorrow = datetime.combine(day + timedelta(days=1), time.min, zone)
        spans = []
        for opens, closes in calendar.open_from(midnight.astimezone(UTC)):
            if opens >= tomorrow:
                break
            end = "24:00" if closes >= tomorrow else f"{closes.astimezone(zone):%H:%M}"
            spans.append(f"{opens.astimezone(zone):%H:%M}-{end}")
        yield day, spans


def holiday_lines(country: str, region: str | None, years: list[int]) -> list[str]:
    """Lines for the ``holidays`` of a calendar in policies/working_calendars.py. Raises UnknownCalendarError."""
    import holidays  # noqa: PLC0415 -- an extra: only who writes editions has it

    try:
        known = holidays.country_holidays(country.upper(), subdiv=region, years=years, language="en_US")
    except NotImplementedError as error:
        raise UnknownCalendarError(f"The library of holidays does not know this country or region: {error}") from None
    return [f"date({day.year}, {day.month}, {day.day}),  # {name}" for day, name in sorted(known.items())]
