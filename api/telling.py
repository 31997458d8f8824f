"""What happened and what will happen, in plain words: for callers without what only the desk reads, for the desk in full (process.md S4, S9, S21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.refusals import because
from api.sentences import Sentences, sentences_in
from emails.languages import FALLBACK
from workflows.unanswered import unanswered_question
from workflows.vocabulary import ActorKind, DeadlineKind, EventKind, HoldReason, Status

_ENGLISH = sentences_in(FALLBACK)
# What only the desk reads stands here, in its language; what callers read too stands with the sentences of each language.
_DID: Mapping[str, str] = {
    EventKind.MAJOR_PROPOSED: "proposed a major incident",
    EventKind.ACKNOWLEDGED_AGAIN: "picked it up again",
    EventKind.ESCALATED: "handed it up a level",
    EventKind.REPRIORITISED: "reassessed impact and urgency",
    EventKind.PRIORITY_OVERRIDDEN: "overrode the priority of the matrix",
    EventKind.NOTED: "wrote a work note",
    EventKind.APPROVAL_ASKED: "asked for approval of the closure",
    EventKind.APPROVAL_REMINDED: "sent a reminder about the approval",
    EventKind.APPROVED: "approved the closure",
    EventKind.LETTER_FAILED: "could not deliver a letter",
    EventKind.NOBODY_REACHED: "found nobody to tell",
    EventKind.THRESHOLD_PASSED: "warned that time is running out",
    EventKind.BREACHED: "noted that a promise was missed",
    EventKind.ESCALATION_STEPPED: "took a step of the escalation ladder",
    EventKind.ESCALATION_SKIPPED: "skipped a step of the escalation ladder",
    EventKind.ESCALATION_RESTARTED: "started the escalation ladder again",
    EventKind.EDITION_ADOPTED: "moved it to a newer edition of the policies",
    EventKind.SURVEY_ASKED: "sent the survey",
    EventKind.SURVEY_WITHHELD: "did not send the caller a survey",
    EventKind.SURVEY_REMINDED: "sent a reminder about the survey",
    EventKind.RATED: "answered the survey",
    EventKind.RERATED: "changed the answer to the survey",
    EventKind.SURVEY_ENDED: "ended the survey",
    EventKind.REFUSED: "was refused",
    EventKind.MALFORMED: "could not read a command",
}
_UNSURE = "cannot tell whether a letter arrived"
# What was said stands as text below the line; what changed stands in brackets behind it.
_SAID = ("text", "reason", "comment")
_CHANGED = (
    "file",
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
    DeadlineKind.APPROVAL_REMINDER: "a reminder goes out: may it close?",
    DeadlineKind.THRESHOLD: "a warning goes out",
    DeadlineKind.BREACH: "a promise is missed",
    DeadlineKind.ESCALATION_STEP: "the next step of the escalation ladder is taken",
    DeadlineKind.ESCALATION_QUIET: "the escalation ladder starts again if nothing is heard",
}
_COUNTED: Mapping[str, str] = {DeadlineKind.THRESHOLD: ", {} %", DeadlineKind.ESCALATION_STEP: ", step {}"}


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


def state_of(facts: Mapping[str, Any], say: Sentences = _ENGLISH) -> tuple[str, str]:
    """The state in two or three words, and in a sentence, for a caller."""
    status, reason = facts["status"], facts.get("hold_reason")
    if status == Status.ON_HOLD and reason == HoldReason.CALLER:
        return say("state_you"), say("state_you_why")
    if status == Status.RESOLVED and facts.get("confirmed_at"):
        return say("state_confirmed"), say("state_confirmed_why")
    waits_for = f"hold_{reason}" if status == Status.ON_HOLD and reason else f"state_{status}_why"
    return say(f"state_{status}"), say(waits_for)


def told(event: Mapping[str, Any], names: Mapping[str, str], say: Sentences = _ENGLISH, affected: str | None = None) -> Happened:
    """An event as a line. ``names`` gives the word for an actor's id; ids of people and groups in it are spelled out as well. ``affected``: who the caller is."""
    after = event["after"]
    told_of = [(name, str(value)) for name in _CHANGED if (value := after.get(name)) not in (None, "", False)]
    # The name of a file that was removed is gone: then nothing stands there.
    changed = [called for name, value in told_of if (called := _called(name, value, names, say))]
    said = next((str(after[name]) for name in _SAID if after.get(name)), None) or solution_in(after.get("resolution_notes"), say)
    who = say("who_itself") if event["actor_kind"] == ActorKind.SYSTEM else names.get(event["actor"], event["actor"])
    return Happened(
        at=event["at"],
        kind=event["kind"],
        who=who,
        did=_UNSURE
        if after.get("may_have_arrived")
        else say("answered_question")
        if _is_answer(event, affected)
        else did(event["kind"], say),
        changed=", ".join(changed),
        said=said,
        is_inner=not event.get("public", True),
        seq=event["seq"],
    )


def _is_answer(event: Mapping[str, Any], affected: str | None) -> bool:
    """Whether a hold that waits for the caller ended by what the caller said: nobody would say that they resumed work (S4)."""
    waited_for_caller = event["kind"] == EventKind.RESUMED and event["before"].get("hold_reason") == HoldReason.CALLER
    return bool(waited_for_caller and event["actor"] == affected)


def solution_in(said: str | None, say: Sentences = _ENGLISH) -> str | None:
    """What somebody wrote as it is; that a question had no answer in the words of the reader (S11)."""
    question = unanswered_question(said)
    return said if question is None else say("no_answer", question=question)


def _called(name: str, value: str, names: Mapping[str, str], say: Sentences) -> str:
    if name == "rule":
        return because(value)
    return names.get(f"service/{value}", value) if name == "service" else names.get(value, say.called(value))


def did(kind: str, say: Sentences = _ENGLISH) -> str:
    """What somebody did, without who: closed it."""
    return say.known.get(f"did_{kind}") or _DID.get(kind) or kind.replace("_", " ")


def will_happen(kind: str, about: str | None, ordinal: int, say: Sentences = _ENGLISH) -> str:
    """A future date as a sentence without its beginning."""
    more = f" ({about.replace(':', ' of ')}{_COUNTED.get(kind, '').format(ordinal)})" if about else ""
    return (say.known.get(f"will_{kind}") or _WILL[kind]) + more
