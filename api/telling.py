"""What happened and what will happen, in plain words: for callers without what only the desk reads, for the desk in full (process.md S4, S9, S21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.vocabulary import ActorKind, DeadlineKind, EventKind, HoldReason, Status

_STATES: Mapping[str, tuple[str, str]] = {
    Status.NEW: ("Received", "The service desk has it and will take it up."),
    Status.IN_PROGRESS: ("In progress", "The service desk is working on it."),
    Status.ON_HOLD: ("Waiting", "The service desk waits for somebody or something before it can go on."),
    Status.RESOLVED: ("Solved: does it work?", "The service desk has a solution. Please say whether it works."),
    Status.CLOSED: ("Closed", "It is done. If it is broken still or again, say so below."),
    Status.CANCELLED: ("Called off", "It was called off; the reason stands in the timeline."),
}
_WAITS_FOR_YOU = ("Your answer is needed", "The service desk has asked you something and waits for the answer.")
_HOLDS: Mapping[str, str] = {
    HoldReason.VENDOR: "It waits for a supplier.",
    HoldReason.PROBLEM: "It waits until the cause behind it is found.",
    HoldReason.CHANGE: "It waits for a planned change.",
    HoldReason.SCHEDULED: "It waits for an agreed time.",
}

_DID: Mapping[str, str] = {
    EventKind.REPORTED: "reported it",
    EventKind.CATEGORISED: "sorted it",
    EventKind.PRIORITISED: "set the priority",
    EventKind.MAJOR_PROPOSED: "proposed a major incident",
    EventKind.ACKNOWLEDGED: "took it up",
    EventKind.ACKNOWLEDGED_AGAIN: "took it up again",
    EventKind.ASSIGNED: "assigned it",
    EventKind.ESCALATED: "handed it up a level",
    EventKind.AMENDED: "corrected the report",
    EventKind.REPRIORITISED: "assessed impact and urgency anew",
    EventKind.PRIORITY_OVERRIDDEN: "set a priority beside the matrix",
    EventKind.HELD: "put it on hold",
    EventKind.ASKED: "asked",
    EventKind.QUESTION_REMINDED: "reminded of the question",
    EventKind.RESUMED: "went on with the work",
    EventKind.NOTED: "wrote a work note",
    EventKind.AGENT_WROTE: "wrote",
    EventKind.CALLER_WROTE: "wrote",
    EventKind.RESOLVED: "solved it",
    EventKind.GIVEN_UP: "set it to solved, since no answer came",
    EventKind.CONFIRMATION_REMINDED: "reminded to say whether it works",
    EventKind.CONFIRMED: "said that it works",
    EventKind.REJECTED: "said that it is still broken",
    EventKind.REJECTION_WITHDRAWN: "said that it works after all",
    EventKind.REOPENED: "opened it again",
    EventKind.APPROVAL_ASKED: "asked for approval of the closure",
    EventKind.APPROVAL_REMINDED: "reminded of the approval",
    EventKind.APPROVED: "approved the closure",
    EventKind.CLOSED: "closed it",
    EventKind.CANCELLED: "called it off",
    EventKind.LETTER_FAILED: "could not deliver a letter",
    EventKind.NOBODY_REACHED: "found nobody to tell",
    EventKind.REMINDER_MERGED: "merged late reminders into one",
    EventKind.THRESHOLD_PASSED: "warned that time runs out",
    EventKind.BREACHED: "noted that a promise was missed",
    EventKind.ESCALATION_STEPPED: "climbed the ladder",
    EventKind.ESCALATION_SKIPPED: "skipped a step of the ladder",
    EventKind.ESCALATION_RESTARTED: "began the ladder again",
    EventKind.EDITION_ADOPTED: "moved it to a newer edition of the policies",
    EventKind.SURVEY_ASKED: "asked how it went",
    EventKind.SURVEY_WITHHELD: "left the caller in peace with a survey",
    EventKind.SURVEY_REMINDED: "reminded of the survey",
    EventKind.RATED: "said how it went",
    EventKind.RERATED: "said anew how it went",
    EventKind.SURVEY_ENDED: "ended the survey",
    EventKind.REFUSED: "was refused",
    EventKind.MALFORMED: "could not read a command",
}
_UNSURE = "cannot tell whether a letter arrived"
# What was said stands as text below the line; what changed stands in brackets behind it.
_SAID = ("text", "reason", "resolution_notes", "comment")
_CHANGED = (
    "category",
    "subcategory",
    "priority",
    "group",
    "person",
    "hold_reason",
    "resolution_code",
    "cancel_reason",
    "service",
    "message",
    "rule",
    "clock",
    "percent",
    "to",
    "who",
    "why",
    "letter",
    "edition",
    "score",
)

_WILL: Mapping[str, str] = {
    DeadlineKind.QUESTION_REMINDER: "a reminder of the question goes out",
    DeadlineKind.NO_ANSWER: "it counts as solved if no answer came",
    DeadlineKind.HOLD_ENDS: "work goes on",
    DeadlineKind.CONFIRMATION_REMINDER: "a reminder goes out: does it work?",
    DeadlineKind.AUTOMATIC_CLOSURE: "it closes by itself",
    DeadlineKind.UNDO_ENDS: "it closes, and the answer can no longer be changed",
    DeadlineKind.APPROVAL_REMINDER: "a reminder goes out: may it close?",
    DeadlineKind.THRESHOLD: "a warning goes out",
    DeadlineKind.BREACH: "a promise is missed",
    DeadlineKind.ESCALATION_STEP: "the ladder climbs a step",
    DeadlineKind.ESCALATION_QUIET: "the ladder begins again if nothing is heard",
    DeadlineKind.SURVEY: "a letter goes out: how did it go?",
    DeadlineKind.SURVEY_REMINDER: "a reminder goes out: how did it go?",
    DeadlineKind.SURVEY_EXPIRES: "the survey ends without an answer",
    DeadlineKind.SURVEY_ENDS: "the answer to the survey can no longer be changed",
}


@dataclass(frozen=True)
class Happened:
    """One line of a timeline. ``at`` as RFC 3339; ``is_inner``: callers never see it."""

    at: str
    kind: str
    who: str
    did: str
    changed: str
    said: str | None
    is_inner: bool
    seq: int


def state_of(facts: Mapping[str, Any]) -> tuple[str, str]:
    """The state in two or three words, and in a sentence, for a caller."""
    status, reason = facts["status"], facts.get("hold_reason")
    if status == Status.ON_HOLD and reason == HoldReason.CALLER:
        return _WAITS_FOR_YOU
    word, sentence = _STATES[status]
    return word, _HOLDS.get(reason or "", sentence) if status == Status.ON_HOLD else sentence


def told(event: Mapping[str, Any], names: Mapping[str, str]) -> Happened:
    """An event as a line. ``names`` gives the word for an actor's id; ids of people and groups in it are spelled out as well."""
    after = event["after"]
    changed = [_called(name, str(value), names) for name in _CHANGED if (value := after.get(name)) not in (None, "", False)]
    said = next((str(after[name]) for name in _SAID if after.get(name)), None)
    who = "By itself, the desk" if event["actor_kind"] == ActorKind.SYSTEM else names.get(event["actor"], event["actor"])
    return Happened(
        at=event["at"],
        kind=event["kind"],
        who=who,
        did=_UNSURE if after.get("may_have_arrived") else _DID.get(event["kind"], event["kind"].replace("_", " ")),
        changed=", ".join(changed),
        said=said,
        is_inner=not event.get("public", True),
        seq=event["seq"],
    )


def _called(name: str, value: str, names: Mapping[str, str]) -> str:
    return names.get(f"service/{value}", value) if name == "service" else names.get(value, value.replace("_", " "))


def will_happen(kind: str, about: str | None, ordinal: int) -> str:
    """A future date as a sentence without its beginning."""
    more = f" ({about.replace(':', ' of ')}{f', {ordinal} %' if kind == DeadlineKind.THRESHOLD else ''})" if about else ""
    return _WILL[kind] + more
