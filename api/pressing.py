"""A button or form of a page as a command: the same form sent twice is one command (design rule 3)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError

from api.bodies import said, strict
from api.delivery import Command, deliver, refusal_in, what_was_said
from api.desk import Desk
from api.problems import Problem
from api.queries.incidents import Standing, is_news_to
from api.sentences import Sentences
from workflows.lifecycle import Rule
from workflows.messages import Actor, Message

# Other rules say to a caller that things have moved on; those of files have sentences of their own (api.files.limits).
_FOR_CALLERS: Mapping[str, str] = {
    Rule.CLOSED_IS_FINAL: "closed_final",
    Rule.NOT_PERMITTED: "not_yours_to_say",
    Rule.RECORD_BEHIND: "send_again_soon",
}


@dataclass(frozen=True)
class Lack:
    """Why a form was not sent: which field it is about, and a sentence."""

    field: str
    says: str


def message_of(kind: Any, values: Mapping[str, Any]) -> Message | Lack:
    """The message with these values, or what is missing or wrong in them."""
    try:
        read = strict(kind).model_validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = str(first["loc"][0])
        name = field.replace("_", " ")
        wish = f"Fill in the {name}" if first["type"] == "missing" else f"{name.capitalize()}: {said(first)[:1].lower()}{said(first)[1:]}"
        return Lack(field, f"{wish}. Nothing was sent yet.")
    return cast(Message, kind(**{name: getattr(read, name) for name in type(read).model_fields}))


def command_of(number: str, actor: Actor, message: Message, nonce: str, seen: frozenset[int] | None = None) -> Command:
    """The command that this form is, for this person; a page loaded anew brings a fresh nonce. ``seen``: see Command."""
    parts = (number, actor.id, type(message).__name__, nonce[:64], what_was_said(message).decode())
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()
    return Command(f"page:{digest[:40]}", number, actor, message, seen)


async def seen_by(desk: Desk, number: str, actor: Actor, shown: str, standing: Standing) -> frozenset[int]:
    """At which version a form counts that shows version ``shown``: at the present one, or, if somebody else moved the incident since, at none (S4)."""
    if standing.version is None or not shown.isdecimal() or await is_news_to(desk.database, number, actor, int(shown[:9])):
        return frozenset()
    return frozenset({standing.version})


async def press(desk: Desk, command: Command, standing: Standing) -> bool:
    """Whether its effect can be seen already; otherwise it is safe and comes later. Raises the problem that refused it."""
    answer = await deliver(desk, command, standing)
    if answer is None:
        return False
    if (refusal := refusal_in(answer)) is not None:
        raise refusal
    return True


def sentence_of(problem: Problem) -> str:
    """What to tell a person about a command that was not carried out."""
    if problem.kind.status >= 500:  # noqa: PLR2004 -- a class of status
        return "That could not be accepted just now. Please send it again in a moment."
    if errors := problem.more.get("errors"):
        return f"{errors[0]['detail']}. Nothing was changed."
    return f"{problem.detail} Nothing was changed."


def told_to_caller(problem: Problem, say: Sentences) -> str:
    """The same for a caller, in their language."""
    if problem.kind.status >= 500:  # noqa: PLR2004 -- a class of status
        return say("send_again_soon")
    return say(_FOR_CALLERS.get(problem.kind.code, "moved_on"))


def field_of(problem: Problem) -> str:
    """The field that a problem is about, or nothing."""
    errors = problem.more.get("errors")
    return str(errors[0]["pointer"]).removeprefix("/") if errors else ""
