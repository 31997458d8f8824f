"""Approvals before closure (process.md S11): asked for when an incident would close, given by somebody who did not do the work."""

from collections.abc import Callable
from typing import Any

from workflows.lifecycle import Refusal, Rule
from workflows.messages import Actor, Approve
from workflows.publication import Deadline, Snapshot
from workflows.record import Cause, Incident
from workflows.vocabulary import DeadlineKind, EventKind

# An approval counts for one solution; work that goes on is approved anew.
NONE_YET: dict[str, Any] = {"approval_awaited": None, "approved_by": (), "approved_as": ()}


def ask_for_the_next(incident: Incident, cause: Cause) -> bool:
    """Asks for the approval that is still needed; False where none is and the incident may close."""
    facts, rules = incident.facts, incident.rules
    wanted = rules.approvals.wanted(facts.service, facts.priority, facts.approved_as)
    if wanted is None:
        return False
    calendar = rules.calendars[rules.closure.calendar]
    due = tuple(
        Deadline(DeadlineKind.APPROVAL_REMINDER, calendar.add(cause.at, calendar.days(days)), ordinal)
        for ordinal, days in enumerate(rules.approvals.reminders_after_days, start=1)
    )
    incident.change(EventKind.APPROVAL_ASKED, cause, approval_awaited=wanted.role, due=due)
    return True


def remind(incident: Incident, deadline: Deadline, cause: Cause) -> None:
    """Whoever must agree has not answered."""
    due = incident.keep_due(lambda each: each != deadline)
    incident.change(EventKind.APPROVAL_REMINDED, cause, said={"ordinal": deadline.ordinal}, due=due)


def refusal(facts: Snapshot, actor: Actor) -> Refusal | None:
    """Why this person cannot approve now, or none."""
    if facts.approval_awaited is None:
        return Refusal(Rule.NO_APPROVAL)
    if facts.approval_awaited not in actor.roles:
        return Refusal(Rule.NOT_PERMITTED)
    return Refusal(Rule.OWN_WORK) if actor.id in (facts.person, facts.resolved_by, *facts.approved_by) else None


def note(incident: Incident, message: Approve, cause: Cause, due: tuple[Deadline, ...]) -> None:
    """It is given; whether another one is needed is looked at next. ``due``: what is still waited for."""
    said = {"text": message.notes} if message.notes else None
    facts = incident.facts
    assert facts.approval_awaited is not None
    given: dict[str, Any] = {
        "approved_by": (*facts.approved_by, cause.actor.id),
        "approved_as": (*facts.approved_as, facts.approval_awaited),
    }
    incident.change(EventKind.APPROVED, cause, said=said, approval_awaited=None, due=due, **given)


EFFECTS: dict[DeadlineKind, Callable[[Incident, Deadline, Cause], None]] = {DeadlineKind.APPROVAL_REMINDER: remind}
