"""Step 7: the solution, the caller's answer, reopening, cancelling (process.md S11, S12). Each function looks first, then changes; a refusal changes nothing."""

from datetime import datetime
from typing import Any

from workflows import approvals, surveys
from workflows.alerts import go_past_the_undelivered
from workflows.approvals import NONE_YET
from workflows.deadlines import NOT_HELD, close, resolution, undo_ends
from workflows.house_messages import ReportUndeliverable
from workflows.investigation import NOTHING_CHANGES
from workflows.lifecycle import Refusal, Rule
from workflows.messages import SYSTEM, Approve, Cancel, Confirm, Reject, Reopen, Resolve
from workflows.policies.closure_rules import ClosureRules
from workflows.publication import Snapshot
from workflows.record import Cause, Incident
from workflows.vocabulary import DeadlineKind, EventKind, HoldReason, LetterName, Status


def resolve(incident: Incident, message: Resolve, cause: Cause) -> Refusal | None:
    """Fixed: ask the caller; the dates until automatic closure count from now (S11)."""
    codes = incident.rules.closure.resolution_codes
    if codes and message.code not in codes:
        return Refusal(Rule.UNKNOWN_CODE, f"{Rule.UNKNOWN_CODE.says} It has: {', '.join(codes)}.")
    incident.change(EventKind.RESOLVED, cause, **resolution(incident, message.code, message.notes, cause.at), resolved_by=cause.actor.id)
    return None


def confirm(incident: Incident, message: Confirm, cause: Cause) -> Refusal | None:
    """It works: closed when the undo period is over (S11)."""
    facts = incident.facts
    if _takes_back_rejection(incident, message.cycle, cause.at):
        incident.change(
            EventKind.REJECTION_WITHDRAWN,
            cause,
            **NOT_HELD,
            status=Status.RESOLVED,
            cycle=facts.cycle - 1,
            reopen_count=facts.reopen_count - 1,
            rejected_at=None,
        )
    elif refusal := _not_this_cycle(facts, message.cycle):
        return refusal
    elif facts.confirmed_at:
        return NOTHING_CHANGES
    # Where an approval is waited for, it closes the incident, not before the undo period is over.
    due = incident.facts.due if facts.approval_awaited else undo_ends(incident, cause.at)
    incident.change(EventKind.CONFIRMED, cause, confirmed_at=cause.at, due=due)
    return None


def _takes_back_rejection(incident: Incident, cycle: int | None, at: datetime) -> bool:
    """The later human answer wins inside the undo period: "still broken" a moment ago, "it works" now (S11)."""
    facts, rules = incident.facts, incident.rules.closure
    return (
        can_be_withdrawn(facts.status, rules)
        and facts.rejected_at is not None
        and at - facts.rejected_at <= rules.undo_period
        and cycle in (None, facts.cycle - 1)
    )


def can_be_withdrawn(status: str, rules: ClosureRules) -> bool:
    """Whether "still broken" can be taken back in that state, as long as the undo period lasts (S11)."""
    return status == Status.IN_PROGRESS or (status == Status.ON_HOLD and rules.undo_during_hold)


def _not_this_cycle(facts: Snapshot, cycle: int | None) -> Refusal | None:
    if cycle is not None and cycle < facts.cycle:
        return Refusal(Rule.EARLIER_CYCLE)
    if facts.status is not Status.RESOLVED or (cycle or facts.cycle) > facts.cycle:
        return Refusal(Rule.NOT_RESOLVED)
    return None


def reject(incident: Incident, message: Reject, cause: Cause) -> Refusal | None:
    """Still broken: open again at once, also after "it works" as long as that can be undone (S11)."""
    if refusal := _not_this_cycle(incident.facts, message.cycle):
        return refusal
    incident.change(EventKind.REJECTED, cause, said={"text": message.reason}, **reopening(incident.facts), rejected_at=cause.at)
    return None


def reopen(incident: Incident, message: Reopen, cause: Cause) -> Refusal | None:
    """From resolved, with a reason (S12)."""
    incident.change(EventKind.REOPENED, cause, said={"text": message.reason}, **reopening(incident.facts))
    return None


def reopening(facts: Snapshot) -> dict[str, Any]:
    """The facts of a reopening: cycle and count go up, the owner stays, nothing closes by itself (S12)."""
    return {
        "status": Status.IN_PROGRESS,
        "cycle": facts.cycle + 1,
        "reopen_count": facts.reopen_count + 1,
        "confirmed_at": None,
        "due": (),
    } | NONE_YET


def approve(incident: Incident, message: Approve, cause: Cause) -> Refusal | None:
    """Agreed: it closes, unless another approval is needed or the caller can still take "it works" back (S11)."""
    if refusal := approvals.refusal(incident.facts, cause.actor):
        return refusal
    confirmed_at = incident.facts.confirmed_at
    undo = undo_ends(incident, confirmed_at) if confirmed_at else ()
    can_be_undone = tuple(each for each in undo if each.at > cause.at)
    approvals.note(incident, message, cause, can_be_undone)
    if not can_be_undone:
        close(incident, Cause(SYSTEM, cause.at))
    return None


def cancel(incident: Incident, message: Cancel, cause: Cause) -> Refusal | None:
    """Called off, with the reason (S4)."""
    incident.change(
        EventKind.CANCELLED,
        cause,
        said={"text": message.notes} if message.notes else None,
        status=Status.CANCELLED,
        cancel_reason=message.reason,
        **NOT_HELD,
    )
    return None


def report_undeliverable(incident: Incident, message: ReportUndeliverable, cause: Cause) -> Refusal | None:
    """A letter did not arrive, or perhaps not. If it asked the caller something, silence means nothing: no automatic closure, no *no answer* (S11, S14).

    A survey that may have arrived can be answered, so it goes on.
    """
    said = {"letter": message.letter, "recipient": message.recipient} | ({"may_have_arrived": True} if message.may_have_arrived else {})
    facts = incident.facts
    # Who has answered was reached, by whatever way.
    is_waited_for = not incident.is_over and facts.confirmed_at is None
    asked_now = message.asks_for_confirmation and message.cycle == facts.cycle and is_waited_for
    stops_closure = {"confirmation_undeliverable": True, "due": without_consent(incident, message)} | NONE_YET if asked_now else {}
    never_asked = {} if message.may_have_arrived else surveys.undelivered(incident, message.letter)
    ends_reminders: dict[str, Any] = {"due": ()} if _was_the_question(facts, message) else {}
    if message.cause is not None and (asked_now or ends_reminders):
        said["in_vain"] = True
    incident.change(EventKind.LETTER_FAILED, cause, said=said, **stops_closure, **never_asked, **ends_reminders)
    go_past_the_undelivered(incident, message, cause.at)
    return None


def _was_the_question(facts: Snapshot, message: ReportUndeliverable) -> bool:
    """Whether it asked what the incident is on hold for. Who never got it is not reminded of it, and has not left it unanswered."""
    if message.letter != LetterName.QUESTION or message.may_have_arrived or facts.hold_reason is not HoldReason.CALLER:
        return False
    return message.owed_at is not None and facts.held_at is not None and message.owed_at >= facts.held_at


def without_consent(incident: Incident, message: ReportUndeliverable) -> Any:
    """What stays due when silence no longer counts as consent: the end of an undo period, and reminders that may get through."""
    reminders = {DeadlineKind.CONFIRMATION_REMINDER} if message.may_have_arrived else set[DeadlineKind]()
    return incident.keep_due(lambda deadline: deadline.kind in {DeadlineKind.UNDO_ENDS} | reminders)
