"""Passes a command on to its incident and waits a moment for the answer (design rule 3).

The same id is one command, however often it is sent. The process decides; here only what needs no incident to see: that there is such an
incident, that it is the sender's to see, that some role of theirs may send such a message at all, that the directory knows who is named.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter

from activities.access.security_log import note_refused_command
from activities.front_door import TurnedAway, signature, turn_away
from activities.incident_numbers import check_digit_fits, has_the_shape
from api.completion import completed
from api.desk import Desk
from api.identity import Caller
from api.problems import Problem, refused_by
from api.queries.incidents import Standing, standing_of
from api.queries.outcomes import Answer, answer_to, incidents_answer
from api.waiting import wait_for
from workflows.lifecycle import Rule, after_the_end
from workflows.messages import NAMES, Actor, Approve, Message, MessageT, Sent, Take
from workflows.policies.approval_rules import CAN_APPROVE
from workflows.policies.book import book
from workflows.policies.roles import permitted_as
from workflows.publication import Result

RULES: Mapping[str, Rule] = {rule.value: rule for rule in Rule}


@dataclass(frozen=True)
class Command:
    """One command as a front door received it, under the id that makes it one however often it comes.

    ``seen``: it counts only while the incident is at one of these versions; none: at any.
    """

    id: str
    number: str
    actor: Actor
    message: Message
    seen: frozenset[int] | None = None

    @property
    def name(self) -> str:
        """The name of the message, of its signal, and the last part of its URL."""
        return NAMES[type(self.message)]

    @property
    def key(self) -> str:
        """Its id inside."""
        return key_of(self.actor, self.id)

    @property
    def fingerprint(self) -> str:
        """Tells the same command sent twice from another one, or one of somebody else, under the same id."""
        parts = (self.name, self.actor.kind.value, self.actor.id)
        return hashlib.sha256("\x00".join(parts).encode() + b"\x00" + what_was_said(self.message)).hexdigest()


# What the front door began to fill in when senders knew the message already.
_CAME_LATER: Mapping[type[Message], set[str]] = {Take: {"level"}}


def what_was_said(message: Message) -> bytes:
    """The message as its sender gave it. It stays the same over every upgrade: a command that is sent again is known by it."""
    return TypeAdapter(type(message)).dump_json(message, exclude=_CAME_LATER.get(type(message)))


def key_of(actor: Actor, command_id: str) -> str:
    """Under which id the desk keeps a command: one person's ids never meet another's. Those with a colon are computed here, for links."""
    if ":" in command_id:
        return command_id
    return f"{command_id}~{signature(actor.kind, actor.id)}"


def id_in(key: str) -> str:
    """The id as its sender knows it."""
    return key.partition("~")[0]


def check_number(number: str) -> None:
    """A mistyped number is said to be mistyped, before anything is looked up (S1)."""
    if check_digit_fits(number):
        return
    raise Problem("wrong-check-digit" if has_the_shape(number) else "not-found")


async def find(desk: Desk, caller: Caller, number: str) -> Standing:
    """How the incident stands. One of somebody else is answered to callers exactly as one that does not exist (S22)."""
    check_number(number)
    standing = await standing_of(desk.database, number)
    if standing is None or not caller.may_see(standing.people):
        raise Problem("not-found")
    return standing


async def deliver(desk: Desk, command: Command, standing: Standing) -> Answer | None:
    """The answer of the incident, or none within the time of patience: it will come. Raises a problem where nothing was accepted."""
    answer = await answer_to(desk.database, command.number, command.key)
    if answer is None:
        await _check(desk, command, standing)
        message = await completed(desk.database, command.actor, command.message)
        answer = await _told(desk, command, message, standing)
    if answer is not None and answer.fingerprint != command.fingerprint:
        raise Problem("command-id-reused")
    return answer


async def _told(desk: Desk, command: Command, message: Message, standing: Standing) -> Answer | None:
    sent = sent_as(command, message, standing)
    # Also where the record says that it is over: only its process knows whether this very command is among what it has still to publish.
    async with desk.turnstile.turn(command.actor.id):
        is_told = await desk.line.tell(command.number, command.name, sent)
    if is_told:
        return await wait_for(lambda: incidents_answer(desk.database, command.number, command.key), desk.settings.outcome_wait_seconds)
    # The process has ended. Everything it answered is in the record by then, perhaps this very command, sent before.
    answered = await answer_to(desk.database, command.number, command.key)
    if answered is not None:
        return answered
    now_standing = await standing_of(desk.database, command.number) or standing
    if not now_standing.is_over:
        raise Problem("process-missing")
    return await _turn_away(desk, command)


def sent_as(command: Command, message: MessageT, standing: Standing) -> Sent[MessageT]:
    """The command as it travels to its incident, now."""
    seen = standing.version if command.seen is not None else None
    return Sent(command.key, command.actor, datetime.now(UTC), message, command.fingerprint, seen)


async def _turn_away(desk: Desk, command: Command) -> Answer | None:
    refused = TurnedAway(
        number=command.number,
        command_id=command.key,
        message=command.name,
        actor_kind=command.actor.kind.value,
        actor=command.actor.id,
        at=datetime.now(UTC),
        fingerprint=command.fingerprint,
        rule=after_the_end(type(command.message)).rule.value,
    )
    await turn_away(desk.database, refused)
    await note_refused_command(desk.database, command.actor.id, command.number, command.name, str(refused.rule))
    return await answer_to(desk.database, command.number, command.key)


async def _check(desk: Desk, command: Command, standing: Standing) -> None:
    """What the door refuses by a rule, its incident never hears of: the audit keeps it (S4)."""
    try:
        _check_role(command, standing)
        _check_version(command, standing)
    except Problem as problem:
        await note_refused_command(desk.database, command.actor.id, command.number, command.name, problem.kind.code)
        raise


def _check_role(command: Command, standing: Standing) -> None:
    """The same policy the process asks, in the edition of the incident; whether this incident is in scope is for the process (S22)."""
    if isinstance(command.message, Approve) and not CAN_APPROVE.isdisjoint(command.actor.roles):
        # Who is asked, the approval rules say, and the incident knows (S11).
        return
    check_may_send(permitted_as(command.message), command.actor, standing)


def check_may_send(kind: type[Message], actor: Actor, standing: Standing) -> None:
    """Some role of theirs may send such a message at all, else a problem."""
    edition = standing.edition or book().name_of_edition(datetime.now(UTC))
    if not book().edition(edition).permissions.scopes(kind, actor.roles):
        raise refused_by(Rule.NOT_PERMITTED)


def _check_version(command: Command, standing: Standing) -> None:
    """What the record shows already need not be told to the process; what happens from here on, the process sees itself (S4)."""
    if command.seen is not None and standing.version not in command.seen:
        raise refused_by(Rule.CHANGED_MEANWHILE, headers=etag(standing.version))


def etag(version: int | None) -> dict[str, str]:
    """The header that names the version a reader was shown."""
    return {"ETag": f'"{version}"'} if version is not None else {}


def refusal_in(answer: Answer) -> Problem | None:
    """The problem that a refused or unreadable command is answered with, or none if it was applied."""
    if answer.result is Result.APPLIED:
        return None
    if answer.result is Result.MALFORMED or answer.rule is None:
        return Problem("not-understood", command_id=id_in(answer.command_id))
    return refused_by(RULES[answer.rule], answer.detail, command_id=id_in(answer.command_id))
