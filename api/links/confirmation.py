"""The caller's answer through the link in a letter: what is asked at this moment, and what pressing means (process.md S11, S12, S15).

Pressing acts through the same commands as everybody else. Command ids are computed, so that pressing twice is one command; every page
brings a fresh nonce, so that changing one's mind is another.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from activities.erasure.marks import is_erased
from api.delivery import Command, deliver, refusal_in
from api.desk import Desk
from api.problems import Problem, refused_by
from api.queries.incidents import Standing, intake_key, standing_of
from api.reception import take_in
from api.sentences import Sentences
from emails.links import Link
from workflows.fields import Text
from workflows.lifecycle import Rule
from workflows.messages import Actor, Confirm, Message, PublicMessage, Reject, Report
from workflows.policies.book import book
from workflows.vocabulary import ActorKind, Channel, Impact, Kind, Role, Status, Urgency

WORKS, BROKEN = "works", "broken"
_TEXT: TypeAdapter[str] = TypeAdapter(Text)


@dataclass(frozen=True)
class PageReader:
    """Whoever the letter was for: what to say to them, and the IANA zone of their times."""

    say: Sentences
    zone: str

    def told(self, instant: datetime) -> str:
        """A moment as this reader says it."""
        return self.say.moment(instant, self.zone)


@dataclass(frozen=True)
class Question:
    """What the page shows: how it stands, and which answers still mean something. Without choices there is nothing to press."""

    state: str
    choices: tuple[str, ...] = ()
    shows_solution: bool = True


def question_for(link: Link, facts: Mapping[str, Any], reader: PageReader, follow_up: str | None, now: datetime) -> Question:
    """What can be asked through this link now, in the language of the reader and with the times of their zone."""
    status, cycle, say = Status(facts["status"]), facts["cycle"], reader.say
    if is_erased(facts):
        return Question(say(f"stands_{status}"), shows_solution=False)
    if status is Status.RESOLVED and cycle == link.cycle:
        return _unsettled(facts, reader)
    if status is Status.CLOSED and cycle == link.cycle:
        return Question(say("follow_up", number=follow_up)) if follow_up is not None else Question(say("closed_ask"), (BROKEN,))
    if (until := _can_be_taken_back(link, facts, now)) is not None:
        return Question(say("answered_broken", until=reader.told(until)), (WORKS,))
    stands = say(f"stands_{status}")
    return Question(say("earlier_solution", state=stands) if link.cycle < cycle else stands, shows_solution=False)


def _unsettled(facts: Mapping[str, Any], reader: PageReader) -> Question:
    if facts["confirmed_at"] is None:
        return Question("", (WORKS, BROKEN))
    ends = _instant(facts["confirmed_at"]) + _undo_period(facts)
    return Question(reader.say("answered_works", at=reader.told(ends)), (BROKEN,))


def _can_be_taken_back(link: Link, facts: Mapping[str, Any], now: datetime) -> datetime | None:
    if facts["status"] != Status.IN_PROGRESS or facts["rejected_at"] is None or facts["cycle"] - 1 != link.cycle:
        return None
    until = _instant(facts["rejected_at"]) + _undo_period(facts)
    return until if now <= until else None


def _undo_period(facts: Mapping[str, Any]) -> Any:
    return book().edition(facts["edition"]).closure.undo_period


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


# pressing


@dataclass(frozen=True)
class Pressed:
    """A form as it was sent."""

    choice: str
    text: str
    nonce: str


def what_is_missing(pressed: Pressed) -> str | None:
    """The name of the sentence that says what the reader has to add before anything happens, or none."""
    if pressed.choice not in (WORKS, BROKEN):
        return "choose"
    if pressed.choice == WORKS:
        return None
    try:
        _TEXT.validate_python(pressed.text)
    except ValidationError:
        return "say_what"
    return None


def command_for(link: Link, pressed: Pressed) -> Command:
    """The command that this form is: the same one for the same form, however often it is sent."""
    parts = (link.number, str(link.cycle), link.person, pressed.choice, pressed.nonce, pressed.text)
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()
    message: Message = Confirm(link.cycle) if pressed.choice == WORKS else Reject(pressed.text, link.cycle)
    return Command(f"link:{digest[:40]}", link.number, answering(link), message)


def answering(link: Link) -> Actor:
    """The reader of the letter, with no more rights than a caller (S15)."""
    return Actor(ActorKind.LINK, link.person, (Role.CALLER,))


async def answer(desk: Desk, command: Command, standing: Standing) -> str:
    """The name of the sentence that thanks for the answer just given. Raises the problem that refused it."""
    outcome = await deliver(desk, command, standing)
    if outcome is None:
        return "thanks_safe"
    if (refusal := refusal_in(outcome)) is not None:
        raise refusal
    return "thanks_works" if isinstance(command.message, Confirm) else "thanks_broken"


def is_final(problem: Problem) -> bool:
    """Whether the answer came after closure."""
    return problem.kind.code == Rule.CLOSED_IS_FINAL


def follow_up_key(link: Link) -> str:
    """The key in the intake ledger under which there is one follow-up for this solution and person (S12)."""
    return intake_key(answering(link), f"{link.number}:{link.cycle}")


async def report_again(desk: Desk, link: Link, facts: Mapping[str, Any], sentence: str, reporter: Actor | None = None) -> str:
    """The number of the new incident that follows the closed one, with its context (S12). One for each solution, by letter or by portal.

    Of an erased one nothing can follow: that is the problem ``closed_is_final``.
    """
    if is_erased(facts):
        raise refused_by(Rule.CLOSED_IS_FINAL)
    report = Report(
        title=facts["title"],
        description=facts["description"],
        symptoms=sentence,
        kind=Kind(facts["kind"]),
        channel=Channel.PORTAL if reporter else Channel.LINK,
        affected=facts["affected"],
        category=facts["category"],
        subcategory=facts["subcategory"],
        service=facts["service"],
        configuration_item=facts["configuration_item"],
        impact=Impact(facts["impact"]) if facts["impact"] else None,
        urgency=Urgency(facts["urgency"]) if facts["urgency"] else None,
    )
    received = await take_in(desk, reporter or answering(link), report, Channel.LINK.value, follow_up_key(link), follows=link.number)
    if received.says_something_new:
        await _say_more(desk, link, received.number, sentence)
    return received.number


async def _say_more(desk: Desk, link: Link, number: str, sentence: str) -> None:
    """There is a follow-up already, and they have more to say of it: nothing they wrote is thrown away."""
    standing = await standing_of(desk.database, number)
    digest = hashlib.sha256(f"{number}\x00{link.person}\x00{sentence}".encode("utf-8", "replace")).hexdigest()
    command = Command(f"link:{digest[:40]}", number, answering(link), PublicMessage(sentence))
    outcome = await deliver(desk, command, standing or Standing(None, None, frozenset()))
    if outcome is not None and (refusal := refusal_in(outcome)) is not None:
        raise refusal
