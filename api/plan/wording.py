"""Values of the policies as people say them. Every difference of a value is a difference of its words."""

from collections.abc import Iterable
from datetime import date, timedelta

from workflows.calendars import Span
from workflows.counting import counted
from workflows.policies.service_levels import Target
from workflows.vocabulary import Audience, EventKind, LetterName, Role

NONE = "none"
_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"), (timedelta(seconds=1), "second"))

AUDIENCES = {
    Audience.CALLER: "the caller",
    Audience.ASSIGNEE: "whoever works on it",
    Audience.GROUP: "the group",
    Audience.GROUP_LEAD: "the lead of the group",
    Audience.INCIDENT_MANAGER: "the incident managers",
    Audience.ON_CALL: "whoever is on call",
    Audience.NAMED_PERSON: "a named person",
    Audience.FALLBACK_OWNER: "the fallback owner",
}
ROLES = {
    Role.CALLER: "Reports what is wrong, answers questions, and says whether the solution works.",
    Role.AGENT: "Takes incidents up, diagnoses, hands on, keeps the caller informed, and solves.",
    Role.INCIDENT_MANAGER: "Answers for every incident: priorities beside the matrix, escalations, major incidents.",
    Role.PROCESS_OWNER: "Decides on the rules of this plan; does not touch incidents, except to move one to a newer edition of them.",
    Role.AUDITOR: "Reads everything and changes nothing.",
    Role.ADMIN: "Runs the system; decides on no incident and edits no record.",
}
_EVENTS = {
    EventKind.REPORTED: "it is reported",
    EventKind.ASSIGNED: "it is assigned to a person",
    EventKind.ACKNOWLEDGED: "somebody takes it up",
    EventKind.ESCALATED: "it is handed up a level",
    EventKind.ASKED: "the caller is asked something",
    EventKind.QUESTION_REMINDED: "the question is not answered in time",
    EventKind.AGENT_WROTE: "the desk writes to the caller",
    EventKind.CALLER_WROTE: "the caller writes",
    EventKind.CALLER_ADDED_FILE: "the caller adds a file",
    EventKind.AGENT_ADDED_FILE: "the desk adds a file",
    EventKind.FILE_INFECTED: "a file is found infected",
    EventKind.RESOLVED: "it is solved",
    EventKind.GIVEN_UP: "no answer came, and it counts as solved",
    EventKind.CONFIRMATION_REMINDED: "the caller has not said whether it works",
    EventKind.REJECTED: "the caller says that it is still broken",
    EventKind.REOPENED: "it is opened again",
    EventKind.CLOSED: "it is closed",
    EventKind.CANCELLED: "it is cancelled",
    EventKind.SURVEY_ASKED: "the survey goes out",
    EventKind.SURVEY_REMINDED: "the survey is not answered in time",
}


def words(value: object) -> str:
    """A word of the vocabulary."""
    return str(value).replace("_", " ")


def event(kind: EventKind) -> str:
    """When something happens."""
    return _EVENTS.get(kind, words(kind))


def letter(name: LetterName) -> str:
    """The name of a letter."""
    return words(name)


def audience(to: Audience, who: str | None = None) -> str:
    """Who is meant."""
    return AUDIENCES[to] + (f" ({who})" if who else "")


def listed(values: Iterable[object]) -> str:
    """Words one after the other, in alphabetical order."""
    return ", ".join(sorted(words(each) for each in values)) or NONE


def in_order(values: Iterable[object]) -> str:
    """Words one after the other, in the order of the rule."""
    return ", ".join(words(each) for each in values) or NONE


def lasting(span: timedelta | None) -> str:
    """A stretch of time: 4 hours, 3 hours 20 minutes, 14 days."""
    if span is None:
        return NONE
    left, said = abs(span), []
    for unit, name in _UNITS:
        # One day is said in hours, and so is a day and a half: a working day is something else.
        if name == "day" and (left < 2 * unit or left % unit):
            continue
        count, left = divmod(left, unit)
        said += [counted(count, name)] if count else []
    said += [f"{left.microseconds} microseconds"] if left else []
    return ("minus " if span < timedelta(0) else "") + (" ".join(said) or "no time")


def working_days(days: float | None) -> str:
    """So many working days."""
    return NONE if days is None else counted(days, "working day")


def after_days(days: Iterable[float]) -> str:
    """After how many working days, one after the other."""
    said = [f"{each:g}" for each in days]
    return f"after {', '.join(said)} working days" if said else NONE


def promised(target: Target | None) -> str:
    """A budget with the calendar in which it counts."""
    if target is None:
        return NONE
    parts = [lasting(target.time)] if target.time is not None else []
    parts += [working_days(target.working_days)] if target.working_days is not None else []
    return f"{' and '.join(parts) or NONE} ({target.calendar})"


def yes(value: bool) -> str:
    """A rule that holds or does not."""
    return "yes" if value else "no"


def open_hours(spans: Iterable[Span]) -> str:
    """The spans of a day."""
    return ", ".join(f"{_clock(each.start)} to {_clock(each.end)}" for each in spans) or "closed"


def _clock(since_midnight: timedelta) -> str:
    minutes, rest = divmod(since_midnight, timedelta(minutes=1))
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f" and {lasting(rest)}" if rest else "")


def days(dates: Iterable[date]) -> str:
    """Days in their order, by year."""
    by_year: dict[int, list[str]] = {}
    for each in sorted(dates):
        by_year.setdefault(each.year, []).append(f"{each.day} {each:%b}")
    return "; ".join(f"{year}: {', '.join(said)}" for year, said in by_year.items()) or NONE
