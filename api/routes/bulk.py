"""The same for several incidents at once: each is a command of its own, with an outcome of its own (process.md S4, S5)."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.console.forms import TOGETHER, asked_as, forms_for_many, missing_for_many, values_of
from api.console.frame import console_page
from api.delivery import find
from api.desk import Desk
from api.forms import fields_of
from api.identity import Caller
from api.pressing import Lack, command_of, message_of, press, seen_by, sentence_of
from api.problems import Problem
from api.queries import DATABASE_AWAY
from api.queries.queues import PAGE, desk_choices, lines_of
from api.routes.console import Agent
from api.routes.incidents import TheDesk
from workflows.lifecycle import Rule
from workflows.messages import COMMANDS, Message

router = APIRouter(prefix="/console", include_in_schema=False)
# On their way at once; the turnstile lets one person have only so many waiting.
_AT_ONCE = 8


@dataclass(frozen=True)
class Chosen:
    """One incident of the form, and the version that the form showed."""

    number: str
    shown: str


@dataclass(frozen=True)
class Became:
    """What became of the command for one incident: done, later, refused, overtaken or not_accepted; with a sentence."""

    chosen: Chosen
    how: str
    says: str

    @property
    def can_be_sent_again(self) -> bool:
        """Whether the same may still be meant: nothing has refused it."""
        return self.how in ("overtaken", "not_accepted")


@router.post("/together")
async def together(request: Request, desk: TheDesk, caller: Agent) -> Response:
    """One command for each incident that was chosen. What is missing is said before anything is sent."""
    fields = await fields_of(request)
    typed, chosen = dict(fields), _chosen([value for name, value in fields if name == "pick"])
    command, nonce = typed.get("command", ""), typed.get("nonce", "") or secrets.token_urlsafe(12)
    if command not in TOGETHER:
        raise Problem("not-found")
    mine = _fields_for(command, typed)
    message = missing_for_many(command, mine) or message_of(COMMANDS[command], values_of(command, mine, caller.zone))
    lack = message if isinstance(message, Lack) else None
    missing = lack.says if lack else None if chosen else "Choose at least one incident. Nothing was sent yet."
    became: Sequence[Became] = []
    if not isinstance(message, Lack):
        in_hand = asyncio.Semaphore(_AT_ONCE)
        became = await asyncio.gather(*(_told(desk, caller, each, message, nonce, in_hand) for each in chosen))
    open_still = [each.chosen.number for each in became if each.can_be_sent_again] if became else [each.number for each in chosen]
    lines = await lines_of(desk.database, [each.number for each in chosen])
    form = next(each for each in forms_for_many(datetime.now(UTC), await desk_choices(desk.database)) if each.command == command)
    known: dict[str, Any] = {
        "form": form,
        "typed": mine,
        "missing": missing,
        "wrong": {asked_as(command, lack.field): lack.says} if lack else {},
        "became": became,
        "lines": lines,
        "again": [lines[number] for number in open_still if number in lines],
        "back": typed.get("back", ""),
        "nonce": nonce,
    }
    return await console_page(request, desk, caller, "together", 422 if missing else 200, **known)


def _chosen(picks: list[str]) -> list[Chosen]:
    """Each number once; a page has no more of them than this."""
    apart = (pick.partition("@") for pick in picks[:PAGE])
    return [Chosen(number, shown) for number, shown in {number: shown for number, _, shown in apart}.items()]


def _fields_for(command: str, typed: dict[str, str]) -> dict[str, str]:
    """The page has the fields of several commands; each is named after its own."""
    return {name.removeprefix(f"{command}-"): value for name, value in typed.items() if name.startswith(f"{command}-")}


async def _told(desk: Desk, caller: Caller, chosen: Chosen, message: Message, nonce: str, in_hand: asyncio.Semaphore) -> Became:
    async with in_hand:
        try:
            standing = await find(desk, caller, chosen.number)
            seen = await seen_by(desk, chosen.number, caller.actor, chosen.shown, standing)
            is_done = await press(desk, command_of(chosen.number, caller.actor, message, nonce, seen), standing)
        except Problem as problem:
            return Became(chosen, *_why(problem))
        except DATABASE_AWAY:
            return Became(chosen, *_why(Problem("database-away")))
    return Became(chosen, "done", "Done.") if is_done else Became(chosen, "later", "It is safe and takes effect in a moment.")


def _why(problem: Problem) -> tuple[str, str]:
    if problem.kind.code == Rule.CHANGED_MEANWHILE:
        return "overtaken", "Not sent: somebody changed it in the meantime."
    if problem.kind.code in set(Rule):
        return "refused", f"{problem.detail} ({problem.more['section']})"
    return "not_accepted", sentence_of(problem)
