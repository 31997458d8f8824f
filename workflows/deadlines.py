"""What falls due by itself, when, and what happens then (process.md S9, S11). Dates are computed when their cause happens and stay data.

After an outage each date fires once: what a later date has overtaken is noted on the timeline and sends nothing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from workflows import alerts, approvals, surveys
from workflows.dates import TELLING, ahead
from workflows.messages import SYSTEM, Hold
from workflows.publication import Deadline, Unreached
from workflows.record import Cause, Incident
from workflows.unanswered import solution_without_answer
from workflows.vocabulary import ClosedBy, DeadlineKind, EventKind, HoldReason, LetterName, Status

REMINDERS = frozenset(
    {DeadlineKind.QUESTION_REMINDER, DeadlineKind.CONFIRMATION_REMINDER, DeadlineKind.SURVEY_REMINDER, DeadlineKind.APPROVAL_REMINDER}
)
NOT_HELD: dict[str, Any] = {"hold_reason": None, "held_at": None, "question": None, "due": ()}
ASKS_FOR_CONFIRMATION = frozenset({LetterName.RESOLVED, LetterName.CONFIRMATION_REMINDER})


def confirmation_dates(incident: Incident, resolved_at: datetime) -> tuple[Deadline, ...]:
    """Reminders and automatic closure, in working days from *resolved* (S11)."""
    rules = incident.rules.closure
    return _cadence(
        incident,
        resolved_at,
        DeadlineKind.CONFIRMATION_REMINDER,
        rules.confirmation_reminders_after_days,
        DeadlineKind.AUTOMATIC_CLOSURE,
        rules.automatic_closure_after_days,
    )


def question_dates(incident: Incident, hold: Hold, at: datetime) -> tuple[Deadline, ...]:
    """For a question to the caller: reminders, then the end of patience. For a scheduled hold: its end. Others wait for somebody (S11)."""
    rules = incident.rules.closure
    if hold.reason is HoldReason.SCHEDULED and hold.until:
        return (Deadline(DeadlineKind.HOLD_ENDS, hold.until),)
    if hold.reason is not HoldReason.CALLER:
        return ()
    return _cadence(
        incident,
        at,
        DeadlineKind.QUESTION_REMINDER,
        rules.question_reminders_after_days,
        DeadlineKind.NO_ANSWER,
        rules.no_answer_after_days,
    )


def _cadence(
    incident: Incident, start: datetime, reminder: DeadlineKind, after_days: tuple[float, ...], end: DeadlineKind, end_after: float | None
) -> tuple[Deadline, ...]:
    calendar = incident.rules.calendars[incident.rules.closure.calendar]
    reminders = tuple(
        Deadline(reminder, calendar.add(start, calendar.days(days)), ordinal) for ordinal, days in enumerate(after_days, start=1)
    )
    last = () if end_after is None else (Deadline(end, calendar.add(start, calendar.days(end_after))),)
    return reminders + last


def undo_ends(incident: Incident, confirmed_at: datetime) -> tuple[Deadline, ...]:
    """After "it works": only the end of the undo period is still ahead (S11)."""
    return (Deadline(DeadlineKind.UNDO_ENDS, confirmed_at + incident.rules.closure.undo_period),)


def catch_up(incident: Incident, said_at: datetime, now: datetime) -> None:
    """What clocks and ladders had to tell before something was said that is only read now: a late worker must not hide a breach (S9)."""
    while (deadline := next((each for each in ahead(incident.facts) if each.kind in TELLING), None)) and deadline.at < said_at:
        alerts.EFFECTS[deadline.kind](incident, deadline, Cause(SYSTEM, now, planned_at=deadline.at))


def carry_out(incident: Incident, now: datetime) -> None:
    """Does what has fallen due by ``now``, earliest first, until nothing is."""
    while (deadline := _first_due(incident, now)) is not None:
        cause = Cause(SYSTEM, now, planned_at=deadline.at)
        if deadline.kind in REMINDERS and _is_overtaken(incident, deadline, now):
            incident.change(EventKind.REMINDER_MERGED, cause, said={"ordinal": deadline.ordinal}, due=_without(incident, deadline))
        else:
            _EFFECTS[deadline.kind](incident, deadline, cause)


def _first_due(incident: Incident, now: datetime) -> Deadline | None:
    first = next(iter(incident.coming), None)
    return first if first is not None and first.at <= now else None


def _is_overtaken(incident: Incident, reminder: Deadline, now: datetime) -> bool:
    return any(reminder.at < other.at <= now for other in incident.facts.due)


def _without(incident: Incident, done: Deadline) -> tuple[Deadline, ...]:
    return incident.keep_due(lambda deadline: deadline != done)


def remind_of_question(incident: Incident, deadline: Deadline, cause: Cause) -> None:
    """The caller has not answered the question yet (S11)."""
    said = {"text": incident.facts.question, "ordinal": deadline.ordinal}
    incident.change(EventKind.QUESTION_REMINDED, cause, said=said, due=_without(incident, deadline))


def give_up_waiting(incident: Incident, _: Deadline, cause: Cause) -> None:
    """No answer: resolved as such, with the usual confirmation (S11)."""
    notes = solution_without_answer(incident.facts.question)
    incident.change(EventKind.GIVEN_UP, cause, **resolution(incident, incident.rules.closure.no_answer_code, notes, cause.at))


def resolution(incident: Incident, code: str, notes: str, at: datetime) -> dict[str, Any]:
    """The facts of a resolution, but for who did the work: silence is nobody's. The previous one, if any, stands in the events."""
    return NOT_HELD | {
        "status": Status.RESOLVED,
        "resolved_at": at,
        "resolution_code": code,
        "resolution_notes": notes,
        "confirmed_at": None,
        "rejected_at": None,
        "confirmation_undeliverable": False,
        "due": confirmation_dates(incident, at),
    }


def end_hold(incident: Incident, _: Deadline, cause: Cause) -> None:
    """The time of a scheduled hold has come (S4)."""
    incident.change(EventKind.RESUMED, cause, status=Status.IN_PROGRESS, **NOT_HELD)


def remind_to_confirm(incident: Incident, deadline: Deadline, cause: Cause) -> None:
    """The caller has not said whether it works (S11)."""
    incident.change(EventKind.CONFIRMATION_REMINDED, cause, said={"ordinal": deadline.ordinal}, due=_without(incident, deadline))


def close_by_silence(incident: Incident, _: Deadline, cause: Cause) -> None:
    """Nobody objected in the time announced in the first letter (S11)."""
    close(incident, cause)


def close_as_confirmed(incident: Incident, _: Deadline, cause: Cause) -> None:
    """The undo period is over and the answer stands (S11)."""
    close(incident, cause)


def close(incident: Incident, cause: Cause) -> None:
    """Closed, or asked for the approval that the rules still want (S11)."""
    if approvals.ask_for_the_next(incident, cause):
        return
    closed_by = ClosedBy.CONFIRMATION if incident.facts.confirmed_at else ClosedBy.SILENCE
    asked = surveys.at_closure(incident, cause.at)
    incident.change(EventKind.CLOSED, cause, status=Status.CLOSED, closed_at=cause.at, closed_by=closed_by, **asked)


def suspend_closure(incident: Incident, unreached: tuple[Unreached, ...], now: datetime) -> None:
    """The directory knew nobody to ask: like an undeliverable letter, silence then means nothing (S11)."""
    asked = any(missed.letter in ASKS_FOR_CONFIRMATION for missed in unreached)
    if asked and incident.facts.status is Status.RESOLVED and not incident.facts.confirmed_at:
        incident.change(EventKind.LETTER_FAILED, Cause(SYSTEM, now), confirmation_undeliverable=True, due=(), **approvals.NONE_YET)


_EFFECTS: dict[DeadlineKind, Callable[[Incident, Deadline, Cause], None]] = (
    {
        DeadlineKind.QUESTION_REMINDER: remind_of_question,
        DeadlineKind.NO_ANSWER: give_up_waiting,
        DeadlineKind.HOLD_ENDS: end_hold,
        DeadlineKind.CONFIRMATION_REMINDER: remind_to_confirm,
        DeadlineKind.AUTOMATIC_CLOSURE: close_by_silence,
        DeadlineKind.UNDO_ENDS: close_as_confirmed,
    }
    | alerts.EFFECTS
    | approvals.EFFECTS
    | surveys.EFFECTS
)
