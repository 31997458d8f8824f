"""The answer to a survey through the link in a letter (process.md S13, S15): what can be said at this moment, and what pressing means.

The link in the letter chooses a mark, so a form sent with its defaults must not count: a person also says that it shall count, and neither
answer to that is ever chosen beforehand. Command ids are computed, as for every link: the same form is one command, however often it is sent.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.delivery import Command, deliver, refusal_in
from api.desk import Desk
from api.links.confirmation import PageReader, answering
from api.problems import Problem
from api.queries.incidents import Standing
from emails.links import Link
from workflows.fields import Text
from workflows.lifecycle import Rule
from workflows.messages import Rate
from workflows.vocabulary import SurveyState

MARKS = (5, 4, 3, 2, 1)
COUNTS, ONLY_LOOKING = "counts", "only_looking"
_TEXT: TypeAdapter[str] = TypeAdapter(Text)
_PRESENT_STATE_SAYS_IT = (Rule.NOTHING_CHANGES.value, Rule.NO_SURVEY.value, Rule.CLOSED_IS_FINAL.value)


class Said(StrEnum):
    """What the page says about the form just sent; each language has a sentence of that name."""

    STORED = "said_stored"
    TAKEN_IN = "said_taken_in"
    UNCHANGED = "said_unchanged"
    ONLY_LOOKED = "said_only_looked"
    NO_MARK = "said_no_mark"
    NOT_CONFIRMED = "said_not_confirmed"
    TOO_LONG = "said_too_long"
    LATER = "said_later"


@dataclass(frozen=True)
class Question:
    """What the page shows: the answer so far, and until when it can be given or changed; with no time left there is nothing to press."""

    score: int | None
    comment: str | None
    until: datetime | None


def question_for(link: Link, facts: Mapping[str, Any], now: datetime) -> Question | None:
    """What this reader can say now; none where nobody has asked them about this incident."""
    if link.person != facts["affected"] or facts.get("surveyed_at") is None:
        return None
    ends = [datetime.fromisoformat(deadline["at"]) for deadline in facts["due"]]
    is_open = facts["survey"] in (SurveyState.ASKED, SurveyState.ANSWERED) and bool(ends) and now < max(ends)
    return Question(facts["score"], facts["comment"], max(ends) if is_open else None)


def state_of(question: Question, reader: PageReader) -> str:
    """Where the survey stands, in the language and zone of the reader."""
    say, until = reader.say, reader.told(question.until) if question.until else None
    if question.score is None:
        return say("can_be_given", until=until) if until else say("survey_over")
    answer = say("your_answer", score=str(question.score), mark=say(f"mark_{question.score}"))
    return f"{answer} {say('can_be_changed', until=until) if until else say('answer_stands')}"


def mark_in(text: str) -> int | None:
    """The mark that a link or a form names, or none."""
    return int(text) if text in {str(mark) for mark in MARKS} else None


@dataclass(frozen=True)
class Filled:
    """A form as it was sent."""

    score: int | None
    comment: str
    meant: str
    nonce: str


def what_is_missing(filled: Filled) -> Said | None:
    """What the reader has to add or change before anything happens, or none."""
    if filled.meant == ONLY_LOOKING:
        return None
    if filled.score is None:
        return Said.NO_MARK
    if filled.meant != COUNTS:
        return Said.NOT_CONFIRMED
    try:
        _ = _TEXT.validate_python(filled.comment) if filled.comment else None
    except ValidationError:
        return Said.TOO_LONG
    return None


async def rate(desk: Desk, link: Link, filled: Filled, standing: Standing) -> Said:
    """What became of the answer. Raises the problem of a desk that cannot take it in at present."""
    if filled.score is None or filled.meant != COUNTS:
        return Said.ONLY_LOOKED
    parts = ("survey", link.number, link.person, str(filled.score), filled.nonce, filled.comment)
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()
    command = Command(f"link:{digest[:40]}", link.number, answering(link), Rate(filled.score, filled.comment or None))
    outcome = await deliver(desk, command, standing)
    if outcome is None:
        return Said.TAKEN_IN
    refusal = refusal_in(outcome)
    if refusal is None:
        return Said.STORED
    if refusal.kind.code in _PRESENT_STATE_SAYS_IT:
        return Said.UNCHANGED
    raise refusal


def is_temporary(problem: Problem) -> bool:
    """Whether the same form can be sent again in a moment."""
    return problem.kind.status >= 500  # noqa: PLR2004 -- a class of status
