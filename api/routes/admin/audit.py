"""The audit: who came in, who was turned away, who changed what (process.md S21, S22). Read by administrators and auditors, changed by nobody."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from activities.access.security_log import SecurityEvent, Seen, write_down
from api.administration import Occasion, admin_page
from api.cursors import cursor_of, place_in
from api.desk import Desk
from api.entrance.cookies import address_of
from api.figures.spreadsheets import table, visible
from api.identity import AUDIT_SIGNED_IN, Caller
from api.queries.audit import MOST_IN_A_FILE, Place, Sought, audit_lines
from api.queries.incidents import Place as Cursor
from api.queries.queues import names_of
from api.rendering import PRIVATE
from api.routes.incidents import TheDesk

router = APIRouter(prefix="/admin", include_in_schema=False)
Reader = Annotated[Caller, Depends(AUDIT_SIGNED_IN)]
_HEADING = ("at", "kind", "actor", "person", "subject", "before", "after", "address", "detail")
_KINDS = [(kind.value, kind.value.replace("_", " ").capitalize()) for kind in Seen]
_FILTERS = ("actor", "about", "kind", "from", "to")


async def _asked(request: Request) -> dict[str, str]:
    """The filters as they were typed; PostgreSQL knows no NUL."""
    given = {name: request.query_params.get(name, "").replace("\x00", "").strip()[:200] for name in _FILTERS}
    return {name: value for name, value in given.items() if value}


Asked = Annotated[dict[str, str], Depends(_asked)]


@router.get("/audit")
async def audit(
    request: Request, desk: TheDesk, caller: Reader, asked: Asked, before: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """Lines, newest first, as far as the filters let them through."""
    sought, wrong = _sought(asked, before)
    lines, following = await audit_lines(desk.database, sought)
    known: dict[str, Any] = {
        "lines": [(each, _changes(each)) for each in lines],
        "who": await _who(desk, {each for line in lines for each in (line.actor, line.person) if each}),
        "asked": asked,
        "kinds": [("", "Everything"), *_KINDS],
        "older": urlencode(asked | {"before": cursor_of(Cursor(following.at, following.id))}) if following else None,
        "address": urlencode(asked),
        "is_newest": not before,
    }
    return admin_page(request, caller, "audit", "audit", Occasion(422 if wrong else 200, wrong=wrong), **known)


@router.get("/audit.csv")
async def audit_as_csv(request: Request, desk: TheDesk, caller: Reader, asked: Asked) -> Response:
    """The same lines for a spreadsheet; that somebody took them out is a line of its own."""
    sought, _ = _sought(asked, "")
    await write_down(desk.database, Seen.AUDIT_EXPORTED, address=address_of(request), actor=caller.actor.id)
    lines, _ = await audit_lines(desk.database, sought, MOST_IN_A_FILE)
    headers = PRIVATE | {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(table(_HEADING, [_row(each) for each in lines]), headers=headers, media_type="text/csv; charset=utf-8; header=present")


def _sought(asked: dict[str, str], before: str) -> tuple[Sought, dict[str, str]]:
    """What to look for; a day that is none is left out and said. Days are those of UTC."""
    days, wrong = {}, {}
    for name in ("from", "to"):
        try:
            days[name] = datetime.strptime(asked[name], "%Y-%m-%d").replace(tzinfo=UTC) if name in asked else None
        except ValueError:
            days[name], wrong[name] = None, "This is not a day, such as 2026-12-31."
    last = days["to"]
    try:
        until = last + timedelta(days=1) if last else None
    except OverflowError:
        until = None
    place = place_in(before) if before else None
    found = Sought(
        asked.get("actor", ""),
        asked.get("about", ""),
        asked.get("kind", ""),
        days["from"],
        until,
        Place(place.changed_at, place.number) if place else None,
    )
    return found, wrong


async def _who(desk: Desk, ids: set[str]) -> dict[str, str]:
    """The id first, which nobody can choose anew; a name can be anybody's, and pretend to be the rest of the line."""
    names = await names_of(desk.database, ids)
    return {each: f"{each} ({visible(names[each])})" if each in names else each for each in ids}


def _changes(line: SecurityEvent) -> list[str]:
    """Each value that changed, as it was and as it is; of what is new or gone, only the one that there is."""
    before, after = line.before, line.after
    if before is None or after is None:
        return [f"{name.replace('_', ' ')}: {_value(value)}" for name, value in (before or after or {}).items()]
    names = dict.fromkeys([*before, *after])
    return [f"{name.replace('_', ' ')}: {_value(before.get(name))} → {_value(after.get(name))}" for name in names]


def _value(value: Any) -> str:
    if value in (None, [], ""):
        return "nothing"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return visible(", ".join(value))
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _row(line: SecurityEvent) -> list[str | None]:
    before, after = (visible(json.dumps(each, ensure_ascii=False)) if each else None for each in (line.before, line.after))
    return [line.at.isoformat(), line.kind, line.actor, line.person, line.subject, before, after, line.address, line.detail]
