"""Which message fits which state, and the rules that refuse (process.md S4, S11, S12).

What a refusal says goes to the person who sent the message: it names the rule and what to do instead.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from workflows.attachments import AttachFile, QuarantineFile, RemoveFile
from workflows.house_messages import AdoptEdition, HandOver, ReportUndeliverable
from workflows.messages import (
    Acknowledge,
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
    Take,
)
from workflows.vocabulary import Status


class Rule(StrEnum):
    """Every rule that can refuse a message, with the section it comes from and what it says."""

    section: str
    says: str

    def __new__(cls, code: str, section: str, says: str) -> Self:
        """The value is the code; section and sentence stand beside it."""
        rule = str.__new__(cls, code)
        rule._value_ = code
        rule.section = section
        rule.says = says
        return rule

    CLOSED_IS_FINAL = "closed-is-final", "S12", "A closed or cancelled incident is final. Report a new one; it can refer to this number."
    ALREADY_RESOLVED = "already-resolved", "S4", "The incident is resolved. Reopen it first if work must go on."
    NOT_RESOLVED = "not-resolved", "S11", "The incident is not resolved, so there is no solution to confirm, reject or reopen yet."
    NOT_ON_HOLD = "not-on-hold", "S4", "The incident is not on hold, so there is nothing to resume."
    NOT_PERMITTED = "not-permitted", "S22", "Your role does not allow this on this incident. Ask its group or an incident manager."
    UNKNOWN_CODE = "unknown-code", "S4", "This resolution code is not in the list of the desk's closure rules."
    UNKNOWN_CATEGORY = "unknown-category", "S2", "The desk has no such category or sub-category."
    QUESTION_NEEDED = "question-needed", "S4", "Holding for the caller needs the question that the caller shall answer."
    END_NEEDED = "end-needed", "S4", "A scheduled hold needs the time it ends, and it must lie in the future."
    SAME_HOLD = "same-hold", "S4", "The incident is already on hold for this reason."
    NO_HIGHER_LEVEL = "no-higher-level", "S5", "No group of a higher level is known for this category. Name the group to escalate to."
    NOT_A_HIGHER_LEVEL = "not-a-higher-level", "S5", "That group is not of a higher level. Use assign to hand over inside a level."
    NOTHING_CHANGES = "nothing-changes", "S4", "The incident already is what this would make it."
    EARLIER_CYCLE = "earlier-cycle", "S15", "This answers an earlier solution. The incident has moved on since; see its present state."
    NO_APPROVAL = "no-approval", "S11", "Nobody's approval is waited for: the incident is not about to close, or its rules ask for none."
    OWN_WORK = "own-work", "S11", "Somebody else must approve this: you did the work, or have approved it already."
    NO_SURVEY = "no-survey", "S13", "Nobody is asked how this incident went, or the time for the answer is over."
    UNKNOWN_EDITION = "unknown-edition", "S21", "The desk has no such edition of its policies in force."
    NOT_A_NEWER_EDITION = "not-a-newer-edition", "S21", "The incident is under that edition already, or under a newer one."
    EDITION_DOES_NOT_FIT = "edition-does-not-fit", "S21", "That edition lacks a calendar in which a clock of this incident counts."
    FILE_KIND_NOT_TAKEN = "file-kind-not-taken", "S1", "The desk does not take files of this kind."
    FILE_TOO_LARGE = "file-too-large", "S1", "The file is too large."
    TOO_MANY_FILES = (
        "too-many-files",
        "S1",
        "The incident has as many files as it takes. Put several into one ZIP, or ask the desk to remove one.",
    )
    FILES_TOO_LARGE = (
        "files-too-large",
        "S1",
        "The files of the incident would be too large together. Ask the desk to remove one that is no longer needed.",
    )
    NO_SUCH_FILE = "no-such-file", "S4", "The incident has no such file, or has it no longer."
    CHANGED_MEANWHILE = (
        "changed-meanwhile",
        "S4",
        "Somebody changed the incident meanwhile. Look at what is new, and send this again if it still fits.",
    )
    RECORD_BEHIND = "record-behind", "S21", "The record cannot be written at present and too much waits for it. Send this again later."


@dataclass(frozen=True)
class Refusal:
    """Why a message was refused: the rule, and what is particular to this case."""

    rule: Rule
    detail: str = ""


_WORKED_ON = frozenset({Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD})
_OPEN = _WORKED_ON | {Status.RESOLVED}

# Real life moves stay possible: new to resolved, new to on hold, on hold to resolved, one hold to another (S4).
FITS: dict[type[Message], frozenset[Status]] = {
    Acknowledge: _WORKED_ON,
    Assign: _OPEN,
    Take: _WORKED_ON,
    Escalate: _WORKED_ON,
    Amend: _OPEN,
    Reprioritise: _WORKED_ON,
    OverridePriority: _WORKED_ON,
    Hold: _WORKED_ON,
    Resume: frozenset({Status.ON_HOLD}),
    Note: _OPEN,
    PublicMessage: _OPEN,
    Resolve: _WORKED_ON,
    # Answers of the caller: what they mean in which state depends on the cycle and the undo period (S11).
    Confirm: _OPEN,
    Reject: _OPEN,
    Reopen: frozenset({Status.RESOLVED}),
    Approve: frozenset({Status.RESOLVED}),
    Cancel: _WORKED_ON,
    # Whether a survey is out is looked at when the answer is taken in (S13). Letters can fail after closure too.
    Rate: frozenset({Status.CLOSED}),
    ReportUndeliverable: _OPEN | {Status.CLOSED},
    AttachFile: _OPEN,
    RemoveFile: _OPEN,
    QuarantineFile: _OPEN | {Status.CLOSED},
    AdoptEdition: _OPEN,
    HandOver: frozenset(Status),
}

_WHY_NOT: dict[type[Message], Rule] = {
    Resume: Rule.NOT_ON_HOLD,
    Reopen: Rule.NOT_RESOLVED,
    Approve: Rule.NO_APPROVAL,
    Rate: Rule.NO_SURVEY,
}


def after_the_end(kind: type[Message]) -> Refusal:
    """The refusal of a message to an incident whose process has ended: nobody is left to take it in (S12, S13)."""
    return Refusal(Rule.NO_SURVEY if kind is Rate else Rule.CLOSED_IS_FINAL)


def misfit(kind: type[Message], status: Status) -> Refusal | None:
    """The refusal of a message that does not fit the state, or none."""
    if status in FITS[kind]:
        return None
    if status in (Status.CLOSED, Status.CANCELLED):
        return Refusal(Rule.CLOSED_IS_FINAL)
    if status is Status.RESOLVED and kind not in _WHY_NOT:
        return Refusal(Rule.ALREADY_RESOLVED)
    return Refusal(_WHY_NOT.get(kind, Rule.NOT_RESOLVED))
