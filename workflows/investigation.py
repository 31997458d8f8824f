"""Steps 4 to 6: what people's messages do to an incident that is worked on (process.md S2 to S5). Each function looks first, then changes; a refusal changes nothing."""

from typing import Any

from workflows.deadlines import NOT_HELD, question_dates
from workflows.lifecycle import Refusal, Rule
from workflows.messages import (
    Acknowledge,
    Actor,
    Amend,
    Assign,
    Escalate,
    Hold,
    Note,
    OverridePriority,
    PublicMessage,
    Reprioritise,
    Resume,
    Take,
)
from workflows.policies.priority_matrix import proposes_major_incident
from workflows.publication import Snapshot
from workflows.record import Cause, Incident
from workflows.vocabulary import EventKind, HoldReason, Major, Priority, Role, Status

NOTHING_CHANGES = Refusal(Rule.NOTHING_CHANGES)


def is_own(facts: Snapshot, actor: Actor) -> bool:
    """Whether the actor speaks as the caller here: the affected person, or who reported it, unless that was an agent for somebody else."""
    return actor.id == facts.affected or (actor.id == facts.reporter and Role.AGENT not in actor.roles)


def acknowledge(incident: Incident, _: Acknowledge, cause: Cause) -> Refusal | None:
    """First response; a new incident is now in progress (S4, S6). Again, when silence made its ladder begin anew: that stops it (S10)."""
    facts = incident.facts
    if is_taken_care_of(facts):
        return NOTHING_CHANGES
    status = Status.IN_PROGRESS if facts.status is Status.NEW else facts.status
    kind = EventKind.ACKNOWLEDGED_AGAIN if facts.acknowledged_at else EventKind.ACKNOWLEDGED
    incident.change(kind, cause, acknowledged_at=facts.acknowledged_at or cause.at, status=status)
    return None


def is_taken_care_of(facts: Snapshot) -> bool:
    """Whether somebody has acknowledged it, and no ladder calls for anybody (S6, S10)."""
    calls_for_somebody = facts.climb is not None and facts.climb.at is not None
    return facts.acknowledged_at is not None and not calls_for_somebody


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
    goes_to = message.group or (None if facts.group in actor.groups else group_of(actor))
    # Where it stays, it keeps the level to which it was handed up.
    group, level = (goes_to, message.level or facts.level) if goes_to else (facts.group, facts.level)
    is_theirs = (group, actor.id, level) == (facts.group, facts.person, facts.level)
    if is_theirs and facts.acknowledged_at:
        return acknowledge(incident, Acknowledge(), cause)
    incident.change(EventKind.ASSIGNED, cause, **hand_to(facts, group, actor.id), level=level)
    acknowledge(incident, Acknowledge(), cause)
    return None


def group_of(actor: Actor) -> str | None:
    """The group to which an incident goes that they take from elsewhere (S5)."""
    return actor.groups[0] if actor.groups else None


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
    while (group := incident.rules.assignment.group(facts.category, level, facts.service)) == facts.group and group is not None:
        level += 1
    return level, group


def amend(incident: Incident, message: Amend, cause: Cause) -> Refusal | None:
    """Corrections; the event keeps old and new (S2)."""
    given = {name: value for name, value in vars(message).items() if value is not None}
    changed = {name: value for name, value in given.items() if getattr(incident.facts, name) != value}
    if not changed:
        return NOTHING_CHANGES
    # A new category takes the old sub-category with it.
    if "category" in changed:
        changed.setdefault("subcategory", given.get("subcategory"))
    category, subcategory = (changed.get(name, getattr(incident.facts, name)) for name in ("category", "subcategory"))
    if not incident.rules.assignment.knows(category, subcategory):
        return Refusal(Rule.UNKNOWN_CATEGORY, f"{Rule.UNKNOWN_CATEGORY.says} It has: {', '.join(incident.rules.assignment.categories)}.")
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
