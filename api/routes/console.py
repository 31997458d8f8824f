"""The console: queues, and one page per incident with everything needed to act (process.md S4, S5, S6, S9, S22)."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter

from api.console_forms import forms, values_of
from api.countdown import countdown
from api.cursors import cursor_of_spot, spot_in
from api.delivery import find
from api.desk import Desk
from api.forms import form_of
from api.identity import AGENTS_SIGNED_IN, STAFF_SIGNED_IN, Caller
from api.pressing import command_of, message_of, press, sentence_of
from api.problems import Problem
from api.queries.incidents import facts_of, timeline_of
from api.queries.queues import Asked, Queue, desk_people, lengths, names_of, spoken, waiting
from api.rendering import PRIVATE, page
from api.report_form import topics
from api.routes.incidents import TheDesk
from api.telling import told, will_happen
from workflows.dates import ahead
from workflows.explanations import explain
from workflows.messages import COMMANDS
from workflows.policies.book import book
from workflows.publication import Snapshot
from workflows.vocabulary import Priority, Status

router = APIRouter(prefix="/console", include_in_schema=False)
Staff = Annotated[Caller, Depends(STAFF_SIGNED_IN)]
Agent = Annotated[Caller, Depends(AGENTS_SIGNED_IN)]
_FACTS = TypeAdapter(Snapshot)
_QUEUES = {
    Queue.MINE: "Mine",
    Queue.GROUPS: "My groups",
    Queue.UNASSIGNED: "Unassigned",
    Queue.SOON: "Breaching soon",
    Queue.ALL: "All open",
}
_FILTERS = ("status", "priority", "group", "category")
_LONGEST_SEARCH = 200


def _filters(request: Request) -> dict[str, tuple[str, ...]]:
    """What the address asks for; a choice left at "any" is empty, and one that does not exist finds nothing."""
    given = {name: tuple(value[:100] for value in request.query_params.getlist(name) if value.isprintable() and value) for name in _FILTERS}
    return {name: values for name, values in given.items() if values}


@router.get("")
async def queue(
    request: Request,
    desk: TheDesk,
    caller: Staff,
    filters: Annotated[dict[str, tuple[str, ...]], Depends(_filters)],
    queue: Queue = Queue.GROUPS,
    q: str = "",
    after: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """A queue, or what a search finds; everything that chose it stands in the address."""
    now, words = datetime.now(UTC), " ".join(q[:_LONGEST_SEARCH].replace("\x00", " ").split())
    asked = Asked(queue, caller.actor, words, filters, spot_in(after) if after else None)
    lines, ends_at = await waiting(desk.database, asked, now)
    counted = await lengths(desk.database, caller.actor, now)
    names = await names_of(desk.database, {each for line in lines for each in (line.group, line.person) if each})
    chosen = [("q", words)] if words else [("queue", queue.value)]
    chosen += [(name, value) for name, values in filters.items() for value in values]
    known = {
        "lines": [(line, *countdown(line.promised_by, now)) for line in lines],
        "names": names,
        "queue": queue,
        "queues": [(each, label, counted[each]) for each, label in _QUEUES.items()],
        "q": words,
        "filters": filters,
        "choices": _choices((await desk_people(desk.database))[0], now),
        "front": urlencode(chosen) if after else None,
        "following": urlencode([*chosen, ("after", cursor_of_spot(ends_at))]) if ends_at else None,
    }
    return page(request, "console/queue.html", 200, PRIVATE, caller=caller, **known)


def _choices(groups: list[tuple[str, str]], now: datetime) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What a queue can be narrowed to: name, label, and values with what they are called."""
    return [
        ("status", "State", [(each.value, each.value.replace("_", " ")) for each in Status]),
        ("priority", "Priority", [(each.value, each.value) for each in Priority]),
        ("group", "Group", groups),
        ("category", "Category", [(each, each) for each in topics(now)]),
    ]


@router.get("/{number}")
async def incident(request: Request, desk: TheDesk, caller: Staff, number: str, done: str = "") -> Response:
    """Everything about one incident on one screen."""
    notice = (
        f"Done: {done.replace('_', ' ')}." if done in COMMANDS else "It is safe and takes effect in a moment." if done == "later" else None
    )
    return await _incident(request, desk, caller, number, notice=notice)


@router.post("/{number}/{command}")
async def act(request: Request, desk: TheDesk, caller: Agent, number: str, command: str) -> Response:
    """One command. If somebody changed the incident since the page was shown, it is shown anew first, with what was typed."""
    if command not in COMMANDS:
        raise Problem("not-found")
    standing, typed = await find(desk, caller, number), await form_of(request)
    facts = await facts_of(desk.database, number)
    if facts is not None and typed.get("version") != str(facts["version"]):
        return await _incident(request, desk, caller, number, 409, on=command, typed=typed, seen=typed.get("version", ""))
    message = message_of(COMMANDS[command], values_of(command, typed, caller.zone))
    if isinstance(message, str):
        return await _incident(request, desk, caller, number, 422, on=command, typed=typed, missing=message)
    try:
        is_done = await press(desk, command_of(number, caller.actor, message, typed.get("nonce", "")), standing)
    except Problem as problem:
        return await _incident(request, desk, caller, number, problem.kind.status, on=command, typed=typed, missing=sentence_of(problem))
    return RedirectResponse(f"{urlsplit(desk.base_url).path}/console/{number}?done={command if is_done else 'later'}", 303)


async def _incident(request: Request, desk: Desk, caller: Caller, number: str, status: int = 200, **more: Any) -> Response:
    await find(desk, caller, number)
    stored = await facts_of(desk.database, number)
    if stored is None:
        raise Problem("not-found")
    facts, now = _FACTS.validate_python(stored), datetime.now(UTC)
    timeline = await timeline_of(desk.database, number, public_only=False)
    names, calendars = await names_of(desk.database, spoken(stored, timeline)), book().edition(facts.edition).calendars
    lines = [told(event, names) for event in reversed(timeline)]
    seen = more.pop("seen", None)
    known = {
        "caller": caller,
        "facts": stored,
        "names": names,
        "timeline": lines,
        "forms": forms(facts, caller.actor, *await desk_people(desk.database)),
        "clocks": [
            (explain(clock, calendars[clock.calendar], now), *countdown(clock.breached_at or clock.due_at, now)) for clock in facts.clocks
        ],
        "dates": [(each.at, will_happen(each.kind, each.about, each.ordinal)) for each in ahead(facts)],
        "nonce": secrets.token_urlsafe(12),
        "meanwhile": [line for line in lines if seen is not None and not (seen.isdecimal() and line.seq <= int(seen[:9]))],
    }
    blank: dict[str, Any] = {"notice": None, "missing": None, "on": "", "typed": {}}
    return page(request, "console/incident.html", status, PRIVATE, **blank | known | more)
