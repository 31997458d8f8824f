"""A process owner moves an open incident to a newer edition of the policies (process.md S21): what that changes, and what it leaves.

The edition holds as if the incident had been reported under it: its matrix, its budgets over the same ledger, its dates from the same beginnings. Three things
stay: what was told is not told again, a breach stands, and a date that ends something and was announced to the caller comes no nearer.
"""

from collections.abc import Sequence
from dataclasses import replace

from workflows.climbing import under_the_edition
from workflows.deadlines import REMINDERS, confirmation_dates, question_dates, undo_ends
from workflows.house_messages import AdoptEdition
from workflows.lifecycle import Refusal, Rule
from workflows.messages import Hold
from workflows.policies.book import book
from workflows.publication import Deadline, Snapshot
from workflows.record import Cause, Incident
from workflows.vocabulary import EventKind, HoldReason, Status


def adopt(incident: Incident, message: AdoptEdition, cause: Cause) -> Refusal | None:
    """From now on under that edition; the event has the reason, and who asked for it."""
    facts, old = incident.facts, incident.rules
    if not book().has_in_force(message.edition, cause.at):
        return Refusal(Rule.UNKNOWN_EDITION)
    if message.edition <= facts.edition:
        return Refusal(Rule.NOT_A_NEWER_EDITION)
    new = book().edition(message.edition)
    if missing := sorted({clock.calendar for clock in facts.clocks} - set(new.calendars.by_name)):
        return Refusal(Rule.EDITION_DOES_NOT_FIT, f"{Rule.EDITION_DOES_NOT_FIT.says} It lacks: {', '.join(missing)}.")
    priority = facts.priority_override or new.priority_matrix.priority(facts.impact, facts.urgency)
    moved = Incident(replace(facts, edition=message.edition, priority=priority))
    incident.change(
        EventKind.EDITION_ADOPTED,
        cause,
        said={"reason": message.reason},
        edition=message.edition,
        priority=priority,
        due=_dates(incident, moved, cause),
        climb=under_the_edition(facts.climb, moved.facts, cause.at, old, new),
    )
    return None


def _dates(incident: Incident, moved: Incident, cause: Cause) -> tuple[Deadline, ...]:
    """The dates of the newer edition, without reminders that were sent or whose time is past."""
    announced = incident.facts.due
    ends = {deadline.kind: deadline.at for deadline in announced if deadline.kind not in REMINDERS}
    sent = len([each for each in _cadence(incident) if each.kind in REMINDERS]) - len(
        [each for each in announced if each.kind in REMINDERS]
    )
    wanted = [
        each for each in _cadence(moved) if each.kind in ends or (each.kind in REMINDERS and each.ordinal > sent and each.at > cause.at)
    ]
    return tuple(replace(each, at=max(each.at, ends[each.kind])) if each.kind in ends else each for each in wanted)


def _cadence(incident: Incident) -> Sequence[Deadline]:
    """Every date of the stage it is in, from the beginning of that stage."""
    facts: Snapshot = incident.facts
    if facts.status is Status.ON_HOLD and facts.hold_reason is HoldReason.CALLER and facts.held_at:
        return question_dates(incident, Hold(HoldReason.CALLER, facts.question), facts.held_at)
    if facts.status is not Status.RESOLVED or facts.resolved_at is None:
        return facts.due
    if facts.approval_awaited:
        return facts.due  # whoever was asked stays asked; what the newer edition wants besides is asked next (S11)
    if facts.confirmed_at:
        return undo_ends(incident, facts.confirmed_at)
    # Where the question could not be delivered, silence means nothing under any edition (S11).
    return facts.due if facts.confirmation_undeliverable else confirmation_dates(incident, facts.resolved_at)
