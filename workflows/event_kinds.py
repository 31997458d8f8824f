"""Kinds of events by what they mean to others: who may read them, what they give notice of, what they begin anew (process.md S9, S12, S22)."""

from workflows.vocabulary import EventKind

# Work notes and everything that only the desk may read (S22).
PRIVATE = frozenset(
    {
        EventKind.NOTED,
        EventKind.ESCALATED,
        EventKind.ACKNOWLEDGED_AGAIN,
        EventKind.MAJOR_PROPOSED,
        EventKind.REPRIORITISED,
        EventKind.PRIORITY_OVERRIDDEN,
        EventKind.REFUSED,
        EventKind.MALFORMED,
        EventKind.LETTER_FAILED,
        EventKind.NOBODY_REACHED,
        EventKind.THRESHOLD_PASSED,
        EventKind.BREACHED,
        EventKind.ESCALATION_STEPPED,
        EventKind.ESCALATION_SKIPPED,
        EventKind.ESCALATION_RESTARTED,
        EventKind.SURVEY_ASKED,
        EventKind.SURVEY_WITHHELD,
        EventKind.SURVEY_REMINDED,
        EventKind.RATED,
        EventKind.RERATED,
        EventKind.SURVEY_ENDED,
        EventKind.APPROVAL_ASKED,
        EventKind.APPROVAL_REMINDED,
        EventKind.APPROVED,
        EventKind.EDITION_ADOPTED,
    }
)

# They tell that something was noticed; what people say afterwards may still have been said before (S9).
_SAID_BY_PEOPLE = {
    EventKind.NOTED,
    EventKind.ESCALATED,
    EventKind.ACKNOWLEDGED_AGAIN,
    EventKind.REPRIORITISED,
    EventKind.PRIORITY_OVERRIDDEN,
    EventKind.EDITION_ADOPTED,
    EventKind.REFUSED,
    EventKind.APPROVED,
}
NOTICES = PRIVATE - _SAID_BY_PEOPLE - {EventKind.RATED, EventKind.RERATED}

# After these the last owner may no longer be on shift (S12).
REOPENINGS = frozenset({EventKind.REJECTED, EventKind.REOPENED})
