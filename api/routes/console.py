"""The console: queues, and one page per incident with everything needed to act (process.md S4, S5, S6, S9, S22)."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.console.countdown import countdown
from api.console.forms import forms_for_many
from api.console.frame import console_page
from api.console.live import Seen, answer, mark_of
from api.cursors import cursor_of_spot, spot_in
from api.identity import AGENTS_SIGNED_IN, STAFF_SIGNED_IN, Caller
from api.queries.queues import Asked, Queue, Spot, Waiting, desk_choices, lengths, names_of, waiting
from api.report_form import topics
from api.routes.incidents import TheDesk
from workflows.vocabulary import Priority, Status

router = APIRouter(prefix="/console", include_in_schema=False)
Staff = Annotated[Caller, Depends(STAFF_SIGNED_IN)]
Agent = Annotated[Caller, Depends(AGENTS_SIGNED_IN)]
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


async def _asked(
    caller: Staff,
    filters: Annotated[dict[str, tuple[str, ...]], Depends(_filters)],
    queue: Queue = Queue.GROUPS,
    q: str = "",
    after: Annotated[str, Query(max_length=300)] = "",
) -> Asked:
    words = " ".join(q[:_LONGEST_SEARCH].replace("\x00", " ").split())
    return Asked(queue, caller.actor, words, filters, spot_in(after) if after else None)


AskedFor = Annotated[Asked, Depends(_asked)]


def _address(asked: Asked, after: Spot | None = None) -> str:
    """What follows the question mark: everything that chose the page stands in its address."""
    chosen = [("q", asked.words)] if asked.words else [("queue", asked.queue.value)]
    chosen += [(name, value) for name, values in asked.filters.items() for value in values]
    return urlencode([*chosen, *([("after", cursor_of_spot(after))] if after else [])])


@router.get("")
async def queue(request: Request, desk: TheDesk, caller: Staff, asked: AskedFor) -> Response:
    """A queue, or what a search finds."""
    now = datetime.now(UTC)
    lines, ends_at = await waiting(desk.database, asked, now)
    counted = await lengths(desk.database, caller.actor, now)
    mark = _mark(lines, counted)
    names = await names_of(desk.database, {each for line in lines for each in (line.group, line.person) if each})
    of_desk, here = await desk_choices(desk.database), _address(asked, asked.after)
    known: dict[str, Any] = {
        "lines": [(line, *countdown(line.promised_by, now)) for line in lines],
        "names": names,
        "queue": asked.queue,
        "queues": [(each, label, counted[each]) for each, label in _QUEUES.items()],
        "q": asked.words,
        "filters": asked.filters,
        "choices": _choices(of_desk.groups, now),
        "together": forms_for_many(now, of_desk) if AGENTS_SIGNED_IN.roles & {*caller.actor.roles} else [],
        "nonce": secrets.token_urlsafe(12),
        "here": here,
        "front": _address(asked) if asked.after else None,
        "following": _address(asked, ends_at) if ends_at else None,
        "live": f"/console/live?{here}&seen={mark}",
        "anew": f"/console?{here}",
    }
    return await console_page(request, desk, caller, "queue", **known)


@router.get("/live")
async def live(request: Request, desk: TheDesk, caller: Staff, asked: AskedFor, seen: Seen = "") -> Response:  # noqa: ARG001 -- says who may ask
    """Whether such a page still shows what it showed."""

    async def look() -> str:
        now = datetime.now(UTC)
        lines, _ = await waiting(desk.database, asked, now)
        return _mark(lines, await lengths(desk.database, asked.actor, now))

    return await answer(request, look, seen, f"/console?{_address(asked, asked.after)}")


def _mark(lines: list[Waiting], counted: dict[Queue, int]) -> str:
    return mark_of([(line.number, line.version) for line in lines], list(counted.values()))


def _choices(groups: list[tuple[str, str]], now: datetime) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What a queue can be narrowed to: name, label, and values with what they are called."""
    return [
        ("status", "State", [(each.value, each.value.replace("_", " ")) for each in Status]),
        ("priority", "Priority", [(each.value, each.value) for each in Priority]),
        ("group", "Group", groups),
        ("category", "Category", [(each, each) for each in topics(now)]),
    ]
