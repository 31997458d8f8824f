"""What becomes of a message: applied or refused, and answered (design rules 3 and 4). ``receive`` is the only way in.

Pure: the same messages at the same instants give the same incident. What each message does stands in investigation.py and resolution.py.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from workflows import adoption, files, investigation, resolution, surveys
from workflows.attachments import AttachFile, QuarantineFile, RemoveFile
from workflows.deadlines import catch_up
from workflows.house_messages import AdoptEdition, HandOver, ReportUndeliverable
from workflows.investigation import is_own
from workflows.lifecycle import Refusal, Rule, misfit
from workflows.messages import (
    NAMES,
    SYSTEM,
    Acknowledge,
    Actor,
    Amend,
    Approve,
    Assign,
    Cancel,
    Confirm,
    Escalate,
    Hold,
    Message,
    Note,
    OverridePriority,
    PublicMessage,
    Rate,
    Reject,
    Reopen,
    Reprioritise,
    Resolve,
    Resume,
    Sent,
    Take,
)
from workflows.parcels import BACKLOG_SIZE
from workflows.policies.book import Edition
from workflows.policies.roles import BEYOND_EDITIONS, permitted_as
from workflows.publication import Outcome, Result, Snapshot
from workflows.reading import Malformed
from workflows.record import Cause, Incident
from workflows.vocabulary import ActorKind, EventKind, Scope


def receive(incident: Incident, sent: Sent[Any] | Malformed, now: datetime) -> None:
    """Applies or refuses a message and remembers the answer under its command id; a repeated id changes nothing (design rule 3)."""
    if incident.has_answered(sent.command_id):
        return
    if isinstance(sent, Malformed):
        _answer_malformed(incident, sent, now)
        return
    if isinstance(sent.message, HandOver):
        return
    catch_up(incident, min(sent.sent_at, now), now)
    at = _instant(incident, sent, now)
    name = NAMES[type(sent.message)]
    refusal = _refusal(incident, sent) or _DECISIONS[type(sent.message)](incident, sent.message, Cause(sent.actor, at, sent.command_id))
    if refusal:
        said = {"message": name, "rule": refusal.rule.value, "section": refusal.rule.section}
        incident.change(EventKind.REFUSED, Cause(sent.actor, at, sent.command_id), said=said)
    incident.answer(sent.command_id, name, at, sent.fingerprint, refusal)


def _instant(incident: Incident, sent: Sent[Any], now: datetime) -> datetime:
    """When it counts as said: when it was sent, also if no worker ran at the time; but never before what already happened."""
    return min(now, max(sent.sent_at, incident.moved_at or incident.facts.logged_at))


def _answer_malformed(incident: Incident, malformed: Malformed, now: datetime) -> None:
    said = {"message": malformed.signal, "problem": malformed.problem}
    incident.change(EventKind.MALFORMED, Cause(SYSTEM, now, malformed.command_id or None), said=said)
    incident.remember(
        Outcome(malformed.command_id, malformed.signal, Result.MALFORMED, now, incident.facts.version, detail=malformed.problem)
    )


# refusals that do not depend on what the message says


def _refusal(incident: Incident, sent: Sent[Any]) -> Refusal | None:
    kind: type[Message] = type(sent.message)
    if not may_send(incident.facts, incident.rules, permitted_as(sent.message), sent.actor):
        return Refusal(Rule.NOT_PERMITTED)
    # An infected file is as gone as it says, and no later word will say it again.
    if incident.backlog > BACKLOG_SIZE and kind is not QuarantineFile:
        return Refusal(Rule.RECORD_BEHIND)
    if sent.seen is not None and incident.moves.are_news_to(sent.actor, sent.seen):
        return Refusal(Rule.CHANGED_MEANWHILE)
    return misfit(kind, incident.facts.status)


def may_send(facts: Snapshot, rules: Edition, kind: type[Message], actor: Actor) -> bool:
    """Whether the policy lets this actor send such a message to the incident with these facts (S22)."""
    if actor.kind is ActorKind.SYSTEM:
        return True
    if kind is Approve:
        # Also whoever was asked under an edition that the incident has left since.
        return rules.approvals.may_approve(actor.roles) or facts.approval_awaited in actor.roles
    if kind in BEYOND_EDITIONS:
        return not BEYOND_EDITIONS[kind].isdisjoint(actor.roles)
    scopes = rules.permissions.scopes(kind, actor.roles)
    return (
        Scope.ANY in scopes
        or (Scope.OWN in scopes and is_own(facts, actor))
        or (Scope.OWN_GROUP in scopes and (facts.person == actor.id or facts.group in actor.groups))
    )


_DECISIONS: dict[type[Message], Callable[[Incident, Any, Cause], Refusal | None]] = {
    Acknowledge: investigation.acknowledge,
    Assign: investigation.assign,
    Take: investigation.take,
    Escalate: investigation.escalate,
    Amend: investigation.amend,
    Reprioritise: investigation.reprioritise,
    OverridePriority: investigation.override_priority,
    Hold: investigation.hold,
    Resume: investigation.resume,
    Note: investigation.note,
    PublicMessage: investigation.write,
    Resolve: resolution.resolve,
    Confirm: resolution.confirm,
    Reject: resolution.reject,
    Reopen: resolution.reopen,
    Approve: resolution.approve,
    Cancel: resolution.cancel,
    Rate: surveys.rate,
    AttachFile: files.attach,
    RemoveFile: files.remove,
    QuarantineFile: files.quarantine,
    ReportUndeliverable: resolution.report_undeliverable,
    AdoptEdition: adoption.adopt,
}
