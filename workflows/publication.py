"""What an incident makes known: facts, events, outcomes, letters owed. The record is built from these and nothing else (design rule 1).

Instants are aware UTC. Texts in here are personal data and stand in the record and, readable, in Temporal's history (docs/operations.md).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from workflows.attachments import AttachedFile
from workflows.clocks import Clock, Line
from workflows.policies.assignment_rules import Pick
from workflows.policies.survey_rules import Cap
from workflows.vocabulary import (
    ActorKind,
    Audience,
    CancelReason,
    Channel,
    ClockKind,
    ClosedBy,
    DeadlineKind,
    EventKind,
    HoldReason,
    Impact,
    Kind,
    LetterName,
    Major,
    Priority,
    Role,
    Status,
    SurveyState,
    Urgency,
    Withheld,
)


@dataclass(frozen=True)
class Deadline:
    """Something that will happen by itself at ``at`` unless somebody acts first (S9).

    ``ordinal`` counts within a cadence, from 1; of a threshold it is the percent. ``about`` names the clock or the ladder it belongs to.
    """

    kind: DeadlineKind
    at: datetime
    ordinal: int = 1
    about: str | None = None


@dataclass(frozen=True)
class Climb:
    """How far an incident has climbed its ladder (S10). ``step`` counts from 0; the one after the last is the fallback owner.

    ``at``: when that step falls due, none while somebody takes care. ``quiet_until``: when it begins again unless the desk is heard of.
    ``missed`` counts the steps of this round that reached nobody; ``called`` are the events of those that called somebody.
    """

    ladder: str
    began_at: datetime
    at: datetime | None
    round: int = 1
    step: int = 0
    missed: int = 0
    called: tuple[int, ...] = ()
    quiet_until: datetime | None = None
    after_silence: bool = False


@dataclass(frozen=True)
class Snapshot:
    """All facts of an incident at one version. The version is the sequence number of the last event in it."""

    number: str
    edition: str
    title: str
    kind: Kind
    channel: Channel
    reporter: str
    affected: str
    reported_at: datetime
    logged_at: datetime
    version: int = 0
    changed_at: datetime | None = None
    status: Status = Status.NEW
    description: str | None = None
    symptoms: str | None = None
    contact: str | None = None
    reference: str | None = None
    configuration_item: str | None = None
    people_affected: str | None = None
    work_stopped: str | None = None
    can_wait: str | None = None
    occurred_at: datetime | None = None
    follows: str | None = None
    category: str | None = None
    subcategory: str | None = None
    service: str | None = None
    impact: Impact | None = None
    urgency: Urgency | None = None
    priority: Priority = Priority.P5
    priority_override: Priority | None = None
    major: Major = Major.NO
    group: str | None = None
    person: str | None = None
    level: int = 1
    was_assigned: bool = False
    reassignment_count: int = 0
    hop_count: int = 0
    acknowledged_at: datetime | None = None
    hold_reason: HoldReason | None = None
    held_at: datetime | None = None
    question: str | None = None
    cycle: int = 1
    resolved_at: datetime | None = None
    resolution_code: str | None = None
    resolution_notes: str | None = None
    confirmed_at: datetime | None = None
    confirmation_undeliverable: bool = False
    rejected_at: datetime | None = None
    reopen_count: int = 0
    closed_at: datetime | None = None
    closed_by: ClosedBy | None = None
    cancel_reason: CancelReason | None = None
    due: tuple[Deadline, ...] = ()
    clocks: tuple[Clock, ...] = ()
    climb: Climb | None = None
    downgraded_after_breach: int = 0
    survey: SurveyState | None = None
    surveyed_at: datetime | None = None
    rated_at: datetime | None = None
    score: int | None = None
    comment: str | None = None
    approval_awaited: Role | None = None
    approved_by: tuple[str, ...] = ()
    approved_as: tuple[Role, ...] = ()
    resolved_by: str | None = None
    files: tuple[AttachedFile, ...] = ()


@dataclass(frozen=True)
class Event:
    """One thing that happened (S21). ``planned_at`` is set where a deadline caused it; ``at`` is when it really happened.

    ``before`` and ``after`` hold the facts that changed and, in ``after``, what was said. Callers see events only where ``public``.
    """

    seq: int
    at: datetime
    kind: EventKind
    actor_kind: ActorKind
    actor: str
    command_id: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    edition: str
    public: bool
    planned_at: datetime | None = None


class Result(StrEnum):
    """What became of a command."""

    APPLIED = "applied"
    REFUSED = "refused"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class Outcome:
    """The answer to one command (design rule 3). ``version`` is the version of the incident that shows its effect."""

    command_id: str
    message: str
    result: Result
    at: datetime
    version: int
    fingerprint: str = ""
    rule: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Alert:
    """What a clock has to tell: so many percent of its budget are used up (S8). ``lines`` are the latest of its ledger, for the reasons."""

    clock: str
    percent: int
    due_at: datetime
    calendar: str
    budget: timedelta
    lines: tuple[Line, ...] = ()
    late_seconds: int = 0


@dataclass(frozen=True)
class Promise:
    """Until when a running clock promises an answer or a solution (S6)."""

    clock: ClockKind
    due_at: datetime


@dataclass(frozen=True)
class LetterFacts:
    """What a letter may say, as it stood when its cause happened; ``promises`` and ``calls_again_at`` as they stood when it was published.

    ``undo_period``: how long the answer that the letter asks for can be taken back. ``calls_again_at``: when the ladder calls the next in line.
    """

    title: str
    status: Status
    priority: Priority
    text: str | None = None
    solution: str | None = None
    group: str | None = None
    follows: str | None = None
    resolved_at: datetime | None = None
    closes_at: datetime | None = None
    reminders: tuple[datetime, ...] = ()
    alerts: tuple[Alert, ...] = ()
    late_seconds: int = 0
    score: int | None = None
    undo_period: timedelta | None = None
    promises: tuple[Promise, ...] = ()
    calls_again_at: datetime | None = None


@dataclass(frozen=True)
class LetterOwed:
    """A letter asked for by naming it (S14). Who is meant is looked up when it is published; never the one who caused it."""

    letter: LetterName
    to: Audience
    cause: int
    cycle: int
    at: datetime
    not_to: str | None
    addressees: tuple[str, ...]
    facts: LetterFacts


@dataclass(frozen=True)
class Staffing:
    """A question to the directory: is this person there; if not, or if there is none, whom does the group pick (S5, S12)."""

    group: str | None
    person: str | None
    pick: Pick


@dataclass(frozen=True)
class Staffed:
    """The directory's answer; nobody where nobody is there to be picked."""

    asked: Staffing
    person: str | None


@dataclass(frozen=True)
class Surveying:
    """A question to the record, which sees all surveys of a person: may they be asked, at that time, under these caps (S13)."""

    person: str
    at: datetime
    caps: tuple[Cap, ...]


@dataclass(frozen=True)
class Surveyed:
    """The record's answer. Without ``why_not`` the survey has its place, and counts against the caps from then on."""

    asked: Surveying
    why_not: Withheld | None = None


@dataclass(frozen=True)
class Publication:
    """One activity's worth: idempotent by incident, event sequence and command id."""

    snapshot: Snapshot
    up_to: int
    events: tuple[Event, ...]
    outcomes: tuple[Outcome, ...]
    letters: tuple[LetterOwed, ...]
    staffing: Staffing | None = None
    surveying: Surveying | None = None


@dataclass(frozen=True)
class Unreached:
    """A letter for which the directory named nobody (S10: an escalation never ends in silence)."""

    letter: LetterName
    to: Audience
    cause: int


@dataclass(frozen=True)
class Published:
    """What the record answers: everything up to this sequence number is written; these letters found nobody."""

    up_to: int
    unreached: tuple[Unreached, ...] = ()
    staffed: Staffed | None = None
    surveyed: Surveyed | None = None


@dataclass(frozen=True)
class Closure:
    """How an incident ended; the result of its workflow."""

    number: str
    status: Status
    closed_at: datetime | None
    cycles: int
