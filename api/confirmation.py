"""The caller's answer through the link in a letter: what is asked at this moment, and what pressing means (process.md S11, S12, S15).

Pressing acts through the same commands as everybody else. Command ids are computed, so that pressing twice is one command; every page
brings a fresh nonce, so that changing one's mind is another.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from api.delivery import Command, deliver, refusal_in
from api.desk import Desk
from api.problems import Problem
from api.queries.incidents import Standing, intake_key
from api.reception import take_in
from emails.links import Link
from workflows.lifecycle import Rule
from workflows.messages import Actor, Confirm, Message, Reject, Report, Text
from workflows.policies.book import book
from workflows.vocabulary import ActorKind, Channel, Impact, Kind, Role, Status, Urgency

WORKS, BROKEN = "works", "broken"
_TEXT: TypeAdapter[str] = TypeAdapter(Text)

_WHERE_IT_STANDS: Mapping[Status, str] = {
    Status.NEW: "The service desk has it and will take it up.",
    Status.IN_PROGRESS: "The service desk is working on it.",
    Status.ON_HOLD: "The service desk waits for somebody or something before it can go on.",
    Status.RESOLVED: "There is a newer solution; the latest letter asks whether it works.",
    Status.CLOSED: "The incident is closed.",
    Status.CANCELLED: "The incident was cancelled.",
}


@dataclass(frozen=True)
class Question:
    """What the page shows: how it stands, and which answers still mean something. Without choices there is nothing to press."""

    state: str
    choices: tuple[str, ...] = ()
    shows_solution: bool = True


def question_for(link: Link, facts: Mapping[str, Any], zone: str, follow_up: str | None, now: datetime) -> Question:
    """What can be asked through this link now. Times are told in the reader's zone."""
    status, cycle = Status(facts["status"]), facts["cycle"]
    if status is Status.RESOLVED and cycle == link.cycle:
        return _unsettled(facts, zone)
    if status is Status.CLOSED and cycle == link.cycle:
        return _closed(follow_up)
    if (until := _can_be_taken_back(link, facts, now)) is not None:
        state = f"The answer was: still broken. The service desk is working on it again. Until {_told(until, zone)} you can take it back."
        return Question(state, (WORKS,))
    earlier = "This link belongs to an earlier solution. " if link.cycle < cycle else ""
    return Question(earlier + _WHERE_IT_STANDS[status], shows_solution=False)


def _unsettled(facts: Mapping[str, Any], zone: str) -> Question:
    if facts["confirmed_at"] is None:
        return Question("", (WORKS, BROKEN))
    ends = _instant(facts["confirmed_at"]) + _undo_period(facts)
    return Question(
        f"The answer was: it works. The incident closes at {_told(ends, zone)}; until then you can change the answer.", (BROKEN,)
    )


def _closed(follow_up: str | None) -> Question:
    if follow_up is not None:
        return Question(f"The incident is closed. For what is still broken there is a new one: {follow_up}.")
    return Question(
        "The incident is closed. If it is broken still or again, say so here: that opens a new incident which refers to it.", (BROKEN,)
    )


def _can_be_taken_back(link: Link, facts: Mapping[str, Any], now: datetime) -> datetime | None:
    if facts["status"] != Status.IN_PROGRESS or facts["rejected_at"] is None or facts["cycle"] - 1 != link.cycle:
        return None
    until = _instant(facts["rejected_at"]) + _undo_period(facts)
    return until if now <= until else None


def _undo_period(facts: Mapping[str, Any]) -> Any:
    return book().edition(facts["edition"]).closure.undo_period


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _told(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M on %d %B (%Z)")


# pressing


@dataclass(frozen=True)
class Pressed:
    """A form as it was sent."""

    choice: str
    text: str
    nonce: str


def what_is_missing(pressed: Pressed) -> str | None:
    """What the reader has to add before anything happens, or none."""
    if pressed.choice not in (WORKS, BROKEN):
        return "Choose one of the answers. Nothing was sent yet."
    if pressed.choice == WORKS:
        return None
    try:
        _TEXT.validate_python(pressed.text)
    except ValidationError:
        return "Say in a sentence what is still broken, in at most 10,000 characters. Nothing was sent yet."
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
    """What to tell the reader about the answer just given. Raises the problem that refused it."""
    outcome = await deliver(desk, command, standing)
    if outcome is None:
        return "Thank you. Your answer is safe and takes effect in a moment."
    if (refusal := refusal_in(outcome)) is not None:
        raise refusal
    works = isinstance(command.message, Confirm)
    return "Thank you. It is noted that it works." if works else "Thank you for telling us. The service desk takes it up again."


def is_final(problem: Problem) -> bool:
    """Whether the answer came after closure."""
    return problem.kind.code == Rule.CLOSED_IS_FINAL


def follow_up_key(link: Link) -> str:
    """The key in the intake ledger under which there is one follow-up for this solution and person (S12)."""
    return intake_key(answering(link), f"{link.number}:{link.cycle}")


async def report_again(desk: Desk, link: Link, facts: Mapping[str, Any], sentence: str, reporter: Actor | None = None) -> str:
    """The number of the new incident that follows the closed one, with its context (S12). One for each solution, by letter or by portal."""
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
    return received.number
