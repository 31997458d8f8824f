"""What people and machines can tell an incident. Each class is API body, signal payload and history entry in one.

A front door wraps a message in ``Sent``: the browser says *what*, the server adds *who* and *when* (design rule 9).
Fields are only ever added, with defaults, so that old histories still decode.
"""

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, Field

from workflows.attachments import AttachFile, QuarantineFile, RemoveFile
from workflows.fields import Key, Line, Text
from workflows.house_messages import AdoptEdition, HandOver, ReportUndeliverable
from workflows.vocabulary import (
    ActorKind,
    CancelReason,
    Channel,
    HoldReason,
    Impact,
    Kind,
    Priority,
    Role,
    Urgency,
)


@dataclass(frozen=True)
class Actor:
    """Who acts, with the roles and groups the directory gave at that moment (S22). The id is opaque, never a name."""

    kind: ActorKind
    id: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
    roles: tuple[Role, ...] = ()
    groups: tuple[str, ...] = ()


SYSTEM = Actor(ActorKind.SYSTEM, "holdfast")


@dataclass(frozen=True)
class Report:
    """What is wrong, as told through any channel (S1). Unknown fields stay empty."""

    title: Line
    description: Text | None = None
    kind: Kind = Kind.INCIDENT
    channel: Channel = Channel.API
    affected: Key | None = None
    contact: Line | None = None
    category: Key | None = None
    subcategory: Key | None = None
    service: Key | None = None
    configuration_item: Line | None = None
    symptoms: Text | None = None
    reference: Line | None = None
    impact: Impact | None = None
    urgency: Urgency | None = None
    people_affected: Line | None = None
    work_stopped: Line | None = None
    can_wait: Line | None = None
    occurred_at: AwareDatetime | None = None
    reported_at: AwareDatetime | None = None


@dataclass(frozen=True)
class Intake:
    """A report as accepted: number, who told it, when it was logged, the policy edition pinned for its whole life."""

    number: str
    report: Report
    reporter: Actor
    reported_at: AwareDatetime
    logged_at: AwareDatetime
    edition: str
    follows: str | None = None


@dataclass(frozen=True)
class Acknowledge:
    """An agent has seen it and works on it: the first response (S6)."""


@dataclass(frozen=True)
class Assign:
    """Give it to a group, and to a person of it or to nobody in particular (S5). No group: back to the dispatcher.

    ``level`` is the group's support level; the front door takes it from the directory.
    """

    group: Key | None = None
    person: Key | None = None
    level: Annotated[int, Field(ge=1, le=9)] | None = None


@dataclass(frozen=True)
class Take:
    """The sender makes it theirs and starts work (S5). No group: it stays with its own if the sender is of it, else it goes to theirs.

    ``level`` is the support level of the group it goes to; the front door takes it from the directory.
    """

    group: Key | None = None
    level: Annotated[int, Field(ge=1, le=9)] | None = None


@dataclass(frozen=True)
class Escalate:
    """Hand the work up a level, with the diagnosis so far (S5). Without a group the policy names it."""

    diagnosis: Text
    group: Key | None = None
    level: Annotated[int, Field(ge=1, le=9)] | None = None


@dataclass(frozen=True)
class Amend:
    """Correct what was reported (S2). An empty field stays as it is."""

    category: Key | None = None
    subcategory: Key | None = None
    service: Key | None = None
    title: Line | None = None
    description: Text | None = None
    symptoms: Text | None = None


@dataclass(frozen=True)
class Reprioritise:
    """Assess impact and urgency anew; the matrix of the edition gives the priority (S3)."""

    impact: Impact
    urgency: Urgency
    reason: Text


@dataclass(frozen=True)
class OverridePriority:
    """Set a priority beside the matrix, as a separate fact with a reason; none takes the override away (S3)."""

    priority: Priority | None
    reason: Text


@dataclass(frozen=True)
class Hold:
    """Wait for somebody or something (S4). For the caller: with the question; scheduled: with the time it ends."""

    reason: HoldReason
    question: Text | None = None
    until: AwareDatetime | None = None


@dataclass(frozen=True)
class Resume:
    """Go on after a hold (S4)."""


@dataclass(frozen=True)
class Note:
    """A work note; callers never see it (S22)."""

    text: Text


@dataclass(frozen=True)
class PublicMessage:
    """A message between caller and desk; both read it (S14)."""

    text: Text


@dataclass(frozen=True)
class Resolve:
    """It is fixed, or there is a workaround: code and notes are needed (S4)."""

    code: Key
    notes: Text


@dataclass(frozen=True)
class Confirm:
    """It works (S11). ``cycle`` is the resolution meant; none: the present one."""

    cycle: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True)
class Reject:
    """Still broken, with a sentence that says how (S11)."""

    reason: Text
    cycle: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True)
class Reopen:
    """Open a resolved incident again, with the reason (S12)."""

    reason: Text


@dataclass(frozen=True)
class Approve:
    """Agree that a resolved incident closes, where the approval rules ask for it (S11). Who does not agree reopens it."""

    notes: Text | None = None


@dataclass(frozen=True)
class Cancel:
    """Call it off: duplicate, no fault, not an incident, test (S4)."""

    reason: CancelReason
    notes: Text | None = None


@dataclass(frozen=True)
class Rate:
    """How it went, from 1 (very bad) to 5 (very good), with a comment if one likes: the answer to a survey (S13)."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Text | None = None


Message = (
    Acknowledge
    | Assign
    | Take
    | Escalate
    | Amend
    | Reprioritise
    | OverridePriority
    | Hold
    | Resume
    | Note
    | PublicMessage
    | Resolve
    | Confirm
    | Reject
    | Reopen
    | Approve
    | Cancel
    | Rate
    | AttachFile
    | RemoveFile
    | QuarantineFile
    | ReportUndeliverable
    | AdoptEdition
    | HandOver
)

# What front doors accept, by signal name. The name is also the last part of the command's URL.
COMMANDS: dict[str, type[Message]] = {
    "acknowledge": Acknowledge,
    "assign": Assign,
    "take": Take,
    "escalate": Escalate,
    "amend": Amend,
    "reprioritise": Reprioritise,
    "override_priority": OverridePriority,
    "hold": Hold,
    "resume": Resume,
    "note": Note,
    "message": PublicMessage,
    "resolve": Resolve,
    "confirm": Confirm,
    "reject": Reject,
    "reopen": Reopen,
    "approve": Approve,
    "cancel": Cancel,
    "rate": Rate,
    "remove_file": RemoveFile,
}
SIGNALS: dict[str, type[Message]] = COMMANDS | {
    "attach_file": AttachFile,
    "quarantine_file": QuarantineFile,
    "report_undeliverable": ReportUndeliverable,
    "adopt_edition": AdoptEdition,
    "hand_over": HandOver,
}
NAMES: dict[type[Message], str] = {kind: name for name, kind in SIGNALS.items()}

MessageT = TypeVar("MessageT", bound=Message)


@dataclass(frozen=True)
class Sent(Generic[MessageT]):
    """A message as it travels: under which command id, from whom, sent when (UTC, the front door's clock).

    ``fingerprint`` tells the same command sent twice from another one under the same id. ``seen``: the version of the incident it was written for; where it
    names one, it counts only if nobody else has moved the incident since (S4).
    """

    command_id: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
    actor: Actor
    sent_at: AwareDatetime
    message: MessageT
    fingerprint: str = ""
    seen: int | None = None
