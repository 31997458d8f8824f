"""What each message does to an incident (process.md S2 to S5, S11, S12). Each function looks first, then changes; a refusal changes nothing.

``receive`` is the only way in. It is pure: the same messages at the same instants give the same incident.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from workflows.deadlines import confirmation_dates, question_dates, undo_ends
from workflows.lifecycle import Refusal, Rule, misfit
from workflows.messages import (
    NAMES,
    SYSTEM,
    Acknowledge,
    Actor,
    Amend,
    Assign,
    Cancel,
    Confirm,
    Escalate,
    Hold,
    Malformed,
    Message,
    Note,
    OverridePriority,
    PublicMessage,
    Reject,
    Reopen,
    ReportUndeliverable,
    Reprioritise,
    Resolve,
    Resume,
    Sent,
    Take,
)
from workflows.policies.priority_matrix import proposes_major_incident
from workflows.publication import Outcome, Result, Snapshot
from workflows.record import BACKLOG_SIZE, Cause, Incident
from workflows.vocabulary import ActorKind, DeadlineKind, EventKind, HoldReason, Major, Priority, Role, Scope, Status

NOTHING_CHANGES = Refusal(Rule.NOTHING_CHANGES)


def receive(incident: Incident, sent: Sent[Any] | Malformed, now: datetime) -> None:
    """Applies or refuses a message and remembers the answer under its command id; a repeated id changes nothing (design rule 3)."""
    if incident.has_answered(sent.command_id):
        return
    if isinstance(sent, Malformed):
        _answer_malformed(incident, sent, now)
        return
    at = _instant(incident, sent, now)
    name = NAMES[type(sent.message)]
    refusal = _refusal(incident, sent) or _DECISIONS[type(sent.message)](incident, sent.message, Cause(sent.actor, at, sent.command_id))
    if refusal:
        said = {"message": name, "rule": refusal.rule.value, "section": refusal.rule.section}
        incident.change(EventKind.REFUSED, Cause(sent.actor, at, sent.command_id), said=said)
    incident.answer(sent.command_id, name, at, sent.fingerprint, refusal)


def _instant(incident: Incident, sent: Sent[Any], now: datetime) -> datetime:
    """When it counts as said: when it was sent, also if no worker ran at the time; but never before what already happened."""
    return min(now, max(sent.sent_at, incident.facts.changed_at or incident.facts.logged_at))


def _answer_malformed(incident: Incident, malformed: Malformed, now: datetime) -> None:
    said = {"message": malformed.signal, "problem": malformed.problem}
    incident.change(EventKind.MALFORMED, Cause(SYSTEM, now, malformed.command_id or None), said=said)
    incident.remember(
        Outcome(malformed.command_id, malformed.signal, Result.MALFORMED, now, incident.facts.version, detail=malformed.problem)
    )


# refusals that do not depend on what the message says


def _refusal(incident: Incident, sent: Sent[Any]) -> Refusal | None:
    kind: type[Message] = type(sent.message)
    if not may_send(incident, kind, sent.actor):
        return Refusal(Rule.NOT_PERMITTED)
    if incident.backlog > BACKLOG_SIZE:
        return Refusal(Rule.RECORD_BEHIND)
    return misfit(kind, incident.facts.status)


def may_send(incident: Incident, kind: type[Message], actor: Actor) -> bool:
    """Whether the policy lets this actor send such a message to this incident (S22)."""
    if actor.kind is ActorKind.SYSTEM:
        return True
    scopes = incident.rules.permissions.scopes(kind, actor.roles)
    facts = incident.facts
    return (
        Scope.ANY in scopes
        or (Scope.OWN in scopes and is_own(facts, actor))
        or (Scope.OWN_GROUP in scopes and (facts.person == actor.id or facts.group in actor.groups))
    )


def is_own(facts: Snapshot, actor: Actor) -> bool:
    """Whether the actor speaks as the caller here: the affected person, or who reported it, unless that was an agent for somebody else."""
    return actor.id == facts.affected or (actor.id == facts.reporter and Role.AGENT not in actor.roles)


# work on the incident


def acknowledge(incident: Incident, _: Acknowledge, cause: Cause) -> Refusal | None:
    """First response; a new incident is now in progress (S4, S6)."""
    if incident.facts.acknowledged_at:
        return NOTHING_CHANGES
    status = Status.IN_PROGRESS if incident.facts.status is Status.NEW else incident.facts.status
    incident.change(EventKind.ACKNOWLEDGED, cause, acknowledged_at=cause.at, status=status)
    return None


def assign(incident: Incident, message: Assign, cause: Cause) -> Refusal | None:
    """To a group, a person of it, or back to the dispatcher (S5)."""
    facts = incident.facts
    level = message.level or facts.level
    if (message.group, message.person, level) == (facts.group, facts.person, facts.level):
        return NOTHING_CHANGES
    incident.change(EventKind.ASSIGNED, cause, **hand_to(facts, message.group, message.person), level=level)
    return None


def hand_to(facts: Snapshot, group: str | None, person: str | None) -> dict[str, Any]:
    """The facts of a new assignment; every change of group after the first one counts as a reassignment (S5)."""
    counts = facts.was_assigned and group != facts.group
    return {
        "group": group,
        "person": person,
        "was_assigned": facts.was_assigned or group is not None,
        "reassignment_count": facts.reassignment_count + counts,
    }


def take(incident: Incident, message: Take, cause: Cause) -> Refusal | None:
    """The sender makes it theirs; that is an acknowledgement too (S5)."""
    facts, actor = incident.facts, cause.actor
    stays = facts.group in actor.groups or not actor.groups
    group = message.group or (facts.group if stays else actor.groups[0])
    if (group, actor.id) == (facts.group, facts.person) and facts.acknowledged_at:
        return NOTHING_CHANGES
    incident.change(EventKind.ASSIGNED, cause, **hand_to(facts, group, actor.id))
    acknowledge(incident, Acknowledge(), cause)
    return None


def escalate(incident: Incident, message: Escalate, cause: Cause) -> Refusal | None:
    """Up a level, to the group named or the one the policy has there (S5)."""
    facts = incident.facts
    level, group = (message.level or facts.level + 1, message.group) if message.group else _next_level(incident)
    if group is None:
        return Refusal(Rule.NO_HIGHER_LEVEL)
    if level <= facts.level or group == facts.group:
        return Refusal(Rule.NOT_A_HIGHER_LEVEL)
    incident.change(
        EventKind.ESCALATED,
        cause,
        said={"text": message.diagnosis},
        **hand_to(facts, group, None),
        level=level,
        hop_count=facts.hop_count + 1,
    )
    return None


def _next_level(incident: Incident) -> tuple[int, str | None]:
    facts, level = incident.facts, incident.facts.level + 1
    while (group := incident.rules.assignment.group(facts.category, level)) == facts.group and group is not None:
        level += 1
    return level, group


def amend(incident: Incident, message: Amend, cause: Cause) -> Refusal | None:
    """Corrections; the event keeps old and new (S2)."""
    given = {name: value for name, value in vars(message).items() if value is not None}
    changed = {name: value for name, value in given.items() if getattr(incident.facts, name) != value}
    if not changed:
        return NOTHING_CHANGES
    incident.change(EventKind.AMENDED, cause, **changed)
    return None


def reprioritise(incident: Incident, message: Reprioritise, cause: Cause) -> Refusal | None:
    """New impact and urgency, and what the matrix makes of them (S3)."""
    facts = incident.facts
    if (message.impact, message.urgency) == (facts.impact, facts.urgency):
        return NOTHING_CHANGES
    incident.change(
        EventKind.REPRIORITISED,
        cause,
        said={"reason": message.reason},
        impact=message.impact,
        urgency=message.urgency,
        priority=facts.priority_override or incident.rules.priority_matrix.priority(message.impact, message.urgency),
    )
    propose_major(incident, cause)
    return None


def propose_major(incident: Incident, cause: Cause) -> None:
    """Widespread and urgent proposes a major incident, once (S3)."""
    facts = incident.facts
    if facts.major is Major.NO and proposes_major_incident(facts.impact, facts.urgency):
        incident.change(EventKind.MAJOR_PROPOSED, cause, major=Major.PROPOSED)


def override_priority(incident: Incident, message: OverridePriority, cause: Cause) -> Refusal | None:
    """A priority beside the matrix, or back to the matrix (S3)."""
    facts = incident.facts
    if message.priority == facts.priority_override:
        return NOTHING_CHANGES
    matrix: Priority = incident.rules.priority_matrix.priority(facts.impact, facts.urgency)
    incident.change(
        EventKind.PRIORITY_OVERRIDDEN,
        cause,
        said={"reason": message.reason},
        priority_override=message.priority,
        priority=message.priority or matrix,
    )
    return None


def hold(incident: Incident, message: Hold, cause: Cause) -> Refusal | None:
    """Wait; one hold may follow another (S4). For the caller: ask, remind, and give up after the time in the closure rules (S11)."""
    scheduled, for_caller = message.reason is HoldReason.SCHEDULED, message.reason is HoldReason.CALLER
    if for_caller and not message.question:
        return Refusal(Rule.QUESTION_NEEDED)
    if scheduled and (message.until is None or message.until <= cause.at):
        return Refusal(Rule.END_NEEDED)
    if incident.facts.hold_reason is message.reason and not (scheduled or for_caller):
        return Refusal(Rule.SAME_HOLD)
    incident.change(
        EventKind.HELD,
        cause,
        status=Status.ON_HOLD,
        hold_reason=message.reason,
        held_at=cause.at,
        question=message.question if for_caller else None,
        due=question_dates(incident, message, cause.at),
    )
    if for_caller:
        incident.change(EventKind.ASKED, cause, said={"text": message.question})
    return None


NOT_HELD: dict[str, Any] = {"hold_reason": None, "held_at": None, "question": None, "due": ()}


def resume(incident: Incident, _: Resume, cause: Cause) -> Refusal | None:
    """Go on (S4)."""
    incident.change(EventKind.RESUMED, cause, status=Status.IN_PROGRESS, **NOT_HELD)
    return None


def note(incident: Incident, message: Note, cause: Cause) -> Refusal | None:
    """A work note (S22)."""
    incident.change(EventKind.NOTED, cause, said={"text": message.text})
    return None


def write(incident: Incident, message: PublicMessage, cause: Cause) -> Refusal | None:
    """A message; the caller's answer ends a hold that waited for it (S4)."""
    by_caller = is_own(incident.facts, cause.actor)
    kind = EventKind.CALLER_WROTE if by_caller else EventKind.AGENT_WROTE
    incident.change(kind, cause, said={"text": message.text})
    if by_caller and incident.facts.hold_reason is HoldReason.CALLER:
        resume(incident, Resume(), cause)
    return None


# resolution, the caller's answer, reopening


def resolve(incident: Incident, message: Resolve, cause: Cause) -> Refusal | None:
    """Fixed: ask the caller; the dates until automatic closure count from now (S11)."""
    codes = incident.rules.closure.resolution_codes
    if codes and message.code not in codes:
        return Refusal(Rule.UNKNOWN_CODE, f"{Rule.UNKNOWN_CODE.says} It has: {', '.join(codes)}.")
    incident.change(EventKind.RESOLVED, cause, **resolution(incident, message.code, message.notes, cause.at))
    return None


def resolution(incident: Incident, code: str, notes: str, at: datetime) -> dict[str, Any]:
    """The facts of a resolution; the previous one, if any, stands in the events."""
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


def confirm(incident: Incident, message: Confirm, cause: Cause) -> Refusal | None:
    """It works: closed when the undo period is over (S11)."""
    facts = incident.facts
    if _takes_back_rejection(incident, message.cycle, cause.at):
        incident.change(
            EventKind.REJECTION_WITHDRAWN,
            cause,
            status=Status.RESOLVED,
            cycle=facts.cycle - 1,
            reopen_count=facts.reopen_count - 1,
            rejected_at=None,
        )
    elif refusal := _not_this_cycle(facts, message.cycle):
        return refusal
    elif facts.confirmed_at:
        return NOTHING_CHANGES
    incident.change(EventKind.CONFIRMED, cause, confirmed_at=cause.at, due=undo_ends(incident, cause.at))
    return None


def _takes_back_rejection(incident: Incident, cycle: int | None, at: datetime) -> bool:
    """The later human answer wins inside the undo period: "still broken" a moment ago, "it works" now (S11)."""
    facts = incident.facts
    return (
        facts.status is Status.IN_PROGRESS
        and facts.rejected_at is not None
        and at - facts.rejected_at <= incident.rules.closure.undo_period
        and cycle in (None, facts.cycle - 1)
    )


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
    }


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
    """A letter did not arrive. If it asked the caller to confirm, silence means nothing: no automatic closure (S11)."""
    said = {"letter": message.letter, "recipient": message.recipient}
    asked_now = message.asks_for_confirmation and message.cycle == incident.facts.cycle
    stops_closure = {"confirmation_undeliverable": True, "due": undo_ends_only(incident)} if asked_now else {}
    incident.change(EventKind.LETTER_FAILED, cause, said=said, **stops_closure)
    return None


def undo_ends_only(incident: Incident) -> Any:
    """What stays due when silence no longer counts as consent: the end of an undo period, nothing else."""
    return incident.keep_due(lambda deadline: deadline.kind is DeadlineKind.UNDO_ENDS)


_DECISIONS: dict[type[Message], Callable[[Incident, Any, Cause], Refusal | None]] = {
    Acknowledge: acknowledge,
    Assign: assign,
    Take: take,
    Escalate: escalate,
    Amend: amend,
    Reprioritise: reprioritise,
    OverridePriority: override_priority,
    Hold: hold,
    Resume: resume,
    Note: note,
    PublicMessage: write,
    Resolve: resolve,
    Confirm: confirm,
    Reject: reject,
    Reopen: reopen,
    Cancel: cancel,
    ReportUndeliverable: report_undeliverable,
}
