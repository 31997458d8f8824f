"""The words of the trade (ITIL 4; process.md S1 to S5, S22). Values are what stands in histories, rows and JSON."""

from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """What was reported (S1). A service request is accepted and labelled, and never counts in incident KPIs."""

    INCIDENT = "incident"
    TECHNICAL_INCIDENT = "technical_incident"
    SERVICE_REQUEST = "service_request"


class Channel(StrEnum):
    """How a report reached the desk (S1)."""

    PORTAL = "portal"
    PHONE = "phone"
    CHAT = "chat"
    EMAIL = "email"
    MONITORING = "monitoring"
    API = "api"
    CLI = "cli"
    LINK = "link"


class Impact(IntEnum):
    """How much of the organisation is affected (S3)."""

    WIDESPREAD = 1
    SIGNIFICANT = 2
    LIMITED = 3


class Urgency(IntEnum):
    """How long it can wait (S3)."""

    HIGH = 1
    MEDIUM = 2
    LOW = 3


class Priority(StrEnum):
    """Result of impact and urgency (S3); never typed in."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"


class Status(StrEnum):
    """Where an incident stands (S4). Acknowledged, level, major are facts beside it."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# Nothing more happens to the incident itself.
FINAL = (Status.CLOSED, Status.CANCELLED)


class HoldReason(StrEnum):
    """What an incident on hold waits for (S4)."""

    CALLER = "caller"
    VENDOR = "vendor"
    PROBLEM = "problem"
    CHANGE = "change"
    SCHEDULED = "scheduled"


class ClockKind(StrEnum):
    """What a clock measures (S6): the first response, the resolution, the time one group or one supplier held the incident (OLA, contract)."""

    RESPONSE = "response"
    RESOLUTION = "resolution"
    INTERNAL = "internal"
    SUPPLIER = "supplier"


class ClockState(StrEnum):
    """What a clock does. Met and missed are final for its cycle; ended means that nobody waits for it any more."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    ENDED = "ended"


class SurveyState(StrEnum):
    """Where the survey about a closed incident stands (S13). Drawn: the record has not yet said whether the person may be asked."""

    DRAWN = "drawn"
    ASKED = "asked"
    ANSWERED = "answered"
    EXPIRED = "expired"
    UNDELIVERED = "undelivered"
    WITHHELD = "withheld"


class Withheld(StrEnum):
    """Why somebody is not asked although the incident was drawn (S13)."""

    CAP = "cap"
    DECLINED = "declined"
    NO_ADDRESS = "no_address"


class CancelReason(StrEnum):
    """Why an incident is called off (S4)."""

    DUPLICATE = "duplicate"
    NO_FAULT = "no_fault"
    NOT_AN_INCIDENT = "not_an_incident"
    TEST = "test"


class ClosedBy(StrEnum):
    """What closed a resolved incident (S11)."""

    CONFIRMATION = "confirmation"
    SILENCE = "silence"


class Major(StrEnum):
    """Whether a major incident is in question (S3, S16)."""

    NO = "no"
    PROPOSED = "proposed"


class Role(StrEnum):
    """What a person may be (S22)."""

    CALLER = "caller"
    AGENT = "agent"
    INCIDENT_MANAGER = "incident_manager"
    PROCESS_OWNER = "process_owner"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Scope(StrEnum):
    """On which incidents a role may send a message (S22)."""

    OWN = "own"
    OWN_GROUP = "own_group"
    ANY = "any"


class ActorKind(StrEnum):
    """Who acts (S21)."""

    PERSON = "person"
    INTEGRATION = "integration"
    LINK = "link"
    SYSTEM = "system"


class Audience(StrEnum):
    """Who is meant by a letter; the directory says who that is at the moment of publication (S14)."""

    CALLER = "caller"
    ASSIGNEE = "assignee"
    GROUP = "group"
    GROUP_LEAD = "group_lead"
    INCIDENT_MANAGER = "incident_manager"
    ON_CALL = "on_call"
    NAMED_PERSON = "named_person"
    FALLBACK_OWNER = "fallback_owner"


class LetterName(StrEnum):
    """The letters the desk writes (S14)."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    QUESTION = "question"
    QUESTION_REMINDER = "question_reminder"
    PROGRESS = "progress"
    RESOLVED = "resolved"
    CONFIRMATION_REMINDER = "confirmation_reminder"
    CLOSED = "closed"
    REOPENED = "reopened"
    CANCELLED = "cancelled"
    ASSIGNED_TO_YOU = "assigned_to_you"
    CALLER_WROTE = "caller_wrote"
    ESCALATED_TO_GROUP = "escalated_to_group"
    REJECTED = "rejected"
    REOPENED_TO_AGENT = "reopened_to_agent"
    THRESHOLD = "threshold"
    BREACH = "breach"
    ESCALATION = "escalation"
    SURVEY = "survey"
    SURVEY_REMINDER = "survey_reminder"
    LOW_SCORE = "low_score"
    APPROVAL_WANTED = "approval_wanted"
    CALLER_NOT_REACHED = "caller_not_reached"


class EventKind(StrEnum):
    """What can have happened (S21), in the past tense."""

    REPORTED = "reported"
    CATEGORISED = "categorised"
    PRIORITISED = "prioritised"
    MAJOR_PROPOSED = "major_proposed"
    ACKNOWLEDGED = "acknowledged"
    ACKNOWLEDGED_AGAIN = "acknowledged_again"
    ASSIGNED = "assigned"
    ESCALATED = "escalated"
    AMENDED = "amended"
    REPRIORITISED = "reprioritised"
    PRIORITY_OVERRIDDEN = "priority_overridden"
    HELD = "held"
    ASKED = "asked"
    QUESTION_REMINDED = "question_reminded"
    RESUMED = "resumed"
    NOTED = "noted"
    AGENT_WROTE = "agent_wrote"
    CALLER_WROTE = "caller_wrote"
    CALLER_ADDED_FILE = "caller_added_file"
    AGENT_ADDED_FILE = "agent_added_file"
    FILE_REMOVED = "file_removed"
    FILE_INFECTED = "file_infected"
    RESOLVED = "resolved"
    GIVEN_UP = "given_up"
    CONFIRMATION_REMINDED = "confirmation_reminded"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    REJECTION_WITHDRAWN = "rejection_withdrawn"
    REOPENED = "reopened"
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_REMINDED = "approval_reminded"
    APPROVED = "approved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    LETTER_FAILED = "letter_failed"
    NOBODY_REACHED = "nobody_reached"
    REMINDER_MERGED = "reminder_merged"
    THRESHOLD_PASSED = "threshold_passed"
    BREACHED = "breached"
    ESCALATION_STEPPED = "escalation_stepped"
    ESCALATION_SKIPPED = "escalation_skipped"
    ESCALATION_RESTARTED = "escalation_restarted"
    SURVEY_ASKED = "survey_asked"
    SURVEY_WITHHELD = "survey_withheld"
    SURVEY_REMINDED = "survey_reminded"
    RATED = "rated"
    RERATED = "rerated"
    SURVEY_ENDED = "survey_ended"
    EDITION_ADOPTED = "edition_adopted"
    REFUSED = "refused"
    MALFORMED = "malformed"


class DeadlineKind(StrEnum):
    """What falls due by itself (S9, S11)."""

    QUESTION_REMINDER = "question_reminder"
    NO_ANSWER = "no_answer"
    HOLD_ENDS = "hold_ends"
    CONFIRMATION_REMINDER = "confirmation_reminder"
    AUTOMATIC_CLOSURE = "automatic_closure"
    UNDO_ENDS = "undo_ends"
    APPROVAL_REMINDER = "approval_reminder"
    THRESHOLD = "threshold"
    BREACH = "breach"
    ESCALATION_STEP = "escalation_step"
    ESCALATION_QUIET = "escalation_quiet"
    SURVEY = "survey"
    SURVEY_REMINDER = "survey_reminder"
    SURVEY_EXPIRES = "survey_expires"
    SURVEY_ENDS = "survey_ends"
