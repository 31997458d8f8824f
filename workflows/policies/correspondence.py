"""Which letter goes to whom when (process.md S14). Nobody is told about their own action, except by a receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_known
from workflows.vocabulary import Audience, EventKind, LetterName


@dataclass(frozen=True)
class Correspondence:
    """For each event: the letters it causes, and who is meant. Receipts go also to the person who caused them.

    ``low_score``: the letters of an answer to a survey that is as low as the survey rules say (S13). ``undelivered``: the letters owed when a
    question or a solution that the incident waits for an answer to could not be delivered to the caller (S11).
    """

    letters: Mapping[EventKind, tuple[tuple[LetterName, Audience], ...]]
    receipts: frozenset[LetterName] = frozenset({LetterName.RECEIVED})
    low_score: tuple[tuple[LetterName, Audience], ...] = ()
    undelivered: tuple[tuple[LetterName, Audience], ...] = ((LetterName.CALLER_NOT_REACHED, Audience.ASSIGNEE),)

    def __post_init__(self) -> None:
        must_be_known(self.letters, tuple(EventKind), "event", "correspondence")
        must_be_known(self.receipts, tuple(LetterName), "letter", "correspondence, receipts")
        for event, letters in (*self.letters.items(), ("a low score", self.low_score), ("undelivered", self.undelivered)):
            must_be_known((letter for letter, _ in letters), tuple(LetterName), "letter", f"correspondence, {event}")
            must_be_known((audience for _, audience in letters), tuple(Audience), "reader", f"correspondence, {event}")

    def for_event(self, kind: EventKind) -> tuple[tuple[LetterName, Audience], ...]:
        """The letters that an event of this kind causes; most cause none."""
        return self.letters.get(kind, ())


_FIRST: Mapping[EventKind, tuple[tuple[LetterName, Audience], ...]] = {
    EventKind.REPORTED: ((LetterName.RECEIVED, Audience.CALLER),),
    EventKind.ASSIGNED: ((LetterName.ASSIGNED_TO_YOU, Audience.ASSIGNEE),),
    EventKind.ACKNOWLEDGED: ((LetterName.ASSIGNED, Audience.CALLER),),
    EventKind.ESCALATED: ((LetterName.ESCALATED_TO_GROUP, Audience.GROUP),),
    EventKind.ASKED: ((LetterName.QUESTION, Audience.CALLER),),
    EventKind.QUESTION_REMINDED: ((LetterName.QUESTION_REMINDER, Audience.CALLER),),
    EventKind.AGENT_WROTE: ((LetterName.PROGRESS, Audience.CALLER),),
    EventKind.CALLER_WROTE: ((LetterName.CALLER_WROTE, Audience.ASSIGNEE),),
    EventKind.RESOLVED: ((LetterName.RESOLVED, Audience.CALLER),),
    EventKind.GIVEN_UP: ((LetterName.RESOLVED, Audience.CALLER),),
    EventKind.CONFIRMATION_REMINDED: ((LetterName.CONFIRMATION_REMINDER, Audience.CALLER),),
    EventKind.REJECTED: ((LetterName.REJECTED, Audience.ASSIGNEE),),
    EventKind.REOPENED: ((LetterName.REOPENED, Audience.CALLER), (LetterName.REOPENED_TO_AGENT, Audience.ASSIGNEE)),
    EventKind.CLOSED: ((LetterName.CLOSED, Audience.CALLER),),
    EventKind.CANCELLED: ((LetterName.CANCELLED, Audience.CALLER),),
}

_SURVEYS = {
    EventKind.SURVEY_ASKED: ((LetterName.SURVEY, Audience.CALLER),),
    EventKind.SURVEY_REMINDED: ((LetterName.SURVEY_REMINDER, Audience.CALLER),),
}

EDITIONS = (
    Dated(valid_from=date(2026, 1, 1), rule=Correspondence(_FIRST), reference="process.md S14"),
    Dated(
        valid_from=date(2026, 11, 25),
        rule=Correspondence({**_FIRST, **_SURVEYS}, low_score=((LetterName.LOW_SCORE, Audience.GROUP_LEAD),)),
        reference="process.md S13, S14",
    ),
)
