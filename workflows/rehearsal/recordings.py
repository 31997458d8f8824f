"""What happened, in the one form that rehearsals play: an arrival, and what people said to it afterwards, in order.

A recording comes from the record of this desk (``activities/recorded_lives.py``) or from a file in the format of ``recorded_desk``.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, TypeAdapter

from workflows.messages import Actor, Amend, Confirm, Intake, Message, Note, Reject, Report, Resolve
from workflows.policies.book import Edition
from workflows.publication import Snapshot
from workflows.reading import Malformed, read
from workflows.rehearsal import recorded_desk
from workflows.rehearsal.engine import at
from workflows.vocabulary import ActorKind, Role

# Whoever did it was allowed to: rehearsals ask what the process makes of it, not who may do what.
OF_THE_DESK = (Role.AGENT, Role.INCIDENT_MANAGER)
UNSAID = recorded_desk.UNSAID


@dataclass(frozen=True)
class Line:
    """Something a person or a machine told the incident: the command, who, when (UTC), and the message as plain values."""

    command: str
    actor: Actor
    at: AwareDatetime
    said: dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """One incident of this desk as it was: the report, and what was said. Free texts are not taken over."""

    number: str
    report: Report
    reporter: Actor
    reported_at: AwareDatetime
    logged_at: AwareDatetime
    lines: tuple[Line, ...] = ()
    follows: str | None = None


@dataclass(frozen=True)
class Cue:
    """When something is said, and what, given the facts of that moment; none where the recording holds nothing the process knows."""

    at: datetime
    said: Callable[[Snapshot], tuple[Actor, Message] | None]


@dataclass(frozen=True)
class Part:
    """A recording ready to be played under an edition."""

    intake: Intake
    cues: tuple[Cue, ...]
    unmodelled: Counter[str] = field(default_factory=Counter)


RECORDING: TypeAdapter[Recording] = TypeAdapter(Recording)


def part(line: dict[str, Any], edition: str) -> Part:
    """Reads one line of a file or of the record. Raises KeyError, TypeError or ValueError where it is no recording."""
    return (
        _of_a_file(recorded_desk.recorded(line), edition) if "steps" in line else _of_the_record(RECORDING.validate_python(line), edition)
    )


def _of_a_file(incident: recorded_desk.Recorded, edition: str) -> Part:
    intake = replace(recorded_desk.intake(incident), edition=edition)
    later = incident.steps[1:]
    cues = tuple(
        Cue(at(step["at"]), lambda facts, step=step: _spoken(recorded_desk.message(step, facts), facts))  # type: ignore[misc]
        for step in later
        if step["cmd"] not in recorded_desk.UNMODELLED
    )
    return Part(intake, cues, Counter(step["cmd"] for step in later if step["cmd"] in recorded_desk.UNMODELLED))


def _spoken(message: Message | None, facts: Snapshot) -> tuple[Actor, Message] | None:
    """A recorded desk has no names for who acted; what only a caller can say is said by the caller."""
    if message is None:
        return None
    if isinstance(message, Confirm | Reject):
        return Actor(ActorKind.PERSON, facts.affected, (Role.CALLER,)), message
    return replace(recorded_desk.DESK, roles=OF_THE_DESK), message


def _of_the_record(recording: Recording, edition: str) -> Part:
    intake = Intake(
        recording.number, recording.report, recording.reporter, recording.reported_at, recording.logged_at, edition, recording.follows
    )
    return Part(intake, tuple(Cue(line.at, lambda _, line=line: _read(line)) for line in recording.lines))  # type: ignore[misc]


def _read(line: Line) -> tuple[Actor, Message]:
    payload = {"command_id": "recorded", "actor": line.actor, "sent_at": line.at, "message": line.said}
    sent = read(line.command, payload)
    if isinstance(sent, Malformed):
        raise ValueError(f"{line.command}: {sent.problem}")  # noqa: TRY004 -- the values are wrong
    return sent.actor, sent.message


def in_words_of(edition: Edition, message: Message, facts: Snapshot) -> tuple[Message, str | None]:
    """The message with words that the edition knows, and what was exchanged, if anything."""
    match message:
        case Resolve(code=code) if (codes := edition.closure.resolution_codes) and code not in codes:
            return replace(message, code=codes[0]), "a resolution code that the edition does not have: its first one"
        case Amend() if not edition.assignment.knows(message.category or facts.category, message.subcategory):
            kept = {name: value for name, value in vars(message).items() if value and name not in ("category", "subcategory")}
            return Amend(**kept) if kept else Note(UNSAID), "a category that the edition does not have: left as it was"
        case _:
            return message, None


def report_in_words_of(edition: Edition, report: Report) -> tuple[Report, str | None]:
    """The report, without a category that the edition does not have."""
    if edition.assignment.knows(report.category, report.subcategory):
        return report, None
    return replace(report, category=None, subcategory=None), "a category that the edition does not have: reported without"
