"""The console's page of one incident, with everything needed to act (process.md S4, S5, S6, S9, S22)."""

import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter

from api.console_forms import forms, values_of
from api.countdown import countdown
from api.delivery import find
from api.desk import Desk
from api.forms import form_of
from api.identity import Caller
from api.pressing import command_of, message_of, press, seen_by, sentence_of
from api.problems import Problem
from api.queries.incidents import facts_of
from api.queries.queues import desk_people, names_of, spoken
from api.queries.timelines import timeline_of
from api.rendering import PRIVATE, page
from api.routes.console import Agent, Staff
from api.routes.incidents import Before, TheDesk
from api.telling import told, will_happen
from workflows.dates import ahead
from workflows.explanations import explain
from workflows.lifecycle import Rule
from workflows.messages import COMMANDS
from workflows.policies.book import book
from workflows.publication import Snapshot
from workflows.record import NOTICES

router = APIRouter(prefix="/console", include_in_schema=False)
_FACTS = TypeAdapter(Snapshot)


@router.get("/{number}")
async def incident(request: Request, desk: TheDesk, caller: Staff, number: str, done: str = "", before: Before = None) -> Response:
    """Everything about one incident on one screen."""
    notice = (
        f"Done: {done.replace('_', ' ')}." if done in COMMANDS else "It is safe and takes effect in a moment." if done == "later" else None
    )
    return await _incident(request, desk, caller, number, notice=notice, before=before)


@router.post("/{number}/{command}")
async def act(request: Request, desk: TheDesk, caller: Agent, number: str, command: str) -> Response:
    """One command. If somebody changed the incident since the page was shown, it is shown anew first, with what was typed."""
    if command not in COMMANDS:
        raise Problem("not-found")
    standing, typed = await find(desk, caller, number), await form_of(request)
    message = message_of(COMMANDS[command], values_of(command, typed, caller.zone))
    if isinstance(message, str):
        return await _incident(request, desk, caller, number, 422, on=command, typed=typed, missing=message)
    shown = typed.get("version", "")
    seen = await seen_by(desk, number, caller.actor, shown, standing)
    try:
        is_done = await press(desk, command_of(number, caller.actor, message, typed.get("nonce", ""), seen), standing)
    except Problem as problem:
        is_overtaken = problem.kind.code == Rule.CHANGED_MEANWHILE
        more = {"shown": shown} if is_overtaken else {"missing": sentence_of(problem)}
        return await _incident(request, desk, caller, number, problem.kind.status, on=command, typed=typed, **more)
    return RedirectResponse(f"{urlsplit(desk.base_url).path}/console/{number}?done={command if is_done else 'later'}", 303)


async def _incident(request: Request, desk: Desk, caller: Caller, number: str, status: int = 200, **more: Any) -> Response:
    await find(desk, caller, number)
    stored = await facts_of(desk.database, number)
    if stored is None:
        raise Problem("not-found")
    facts, now = _FACTS.validate_python(stored), datetime.now(UTC)
    shown, before = more.pop("shown", None), more.pop("before", None)
    stretch = await timeline_of(desk.database, number, public_only=False, before=before)
    timeline = stretch.events
    names, calendars = await names_of(desk.database, spoken(stored, timeline)), book().edition(facts.edition).calendars
    known = {
        "caller": caller,
        "facts": stored,
        "names": names,
        "timeline": [told(event, names) for event in reversed(timeline)],
        "earlier": stretch.earlier,
        "is_newest": before is None,
        "forms": forms(facts, caller.actor, *await desk_people(desk.database)),
        "clocks": [
            (explain(clock, calendars[clock.calendar], now), *countdown(clock.breached_at or clock.due_at, now)) for clock in facts.clocks
        ],
        "dates": [(each.at, will_happen(each.kind, each.about, each.ordinal)) for each in ahead(facts)],
        "nonce": secrets.token_urlsafe(12),
        "is_overtaken": shown is not None,
        "meanwhile": [told(event, names) for event in timeline if shown is not None and _is_news(event, shown, caller)],
    }
    blank: dict[str, Any] = {"notice": None, "missing": None, "on": "", "typed": {}}
    return page(request, "console/incident.html", status, PRIVATE, **blank | known | more)


def _is_news(event: dict[str, Any], shown: str, caller: Caller) -> bool:
    is_newer = not shown.isdecimal() or event["seq"] > int(shown[:9])
    return is_newer and event["kind"] not in NOTICES and event["actor"] != caller.actor.id
