"""Absences as people say them: their own, and for a lead those of the group (process.md S5). Who is absent is never picked and never called."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from activities.directory.changes import change_absence
from api.absences import read_absence
from api.administration import Filled, Occasion, hand_of, key_in, leads_to, local, occasion
from api.desk import Desk
from api.identity import STAFF_SIGNED_IN, Caller
from api.problems import Problem
from api.queries.people import PersonLine, led_by, whole_person
from api.rendering import PRIVATE, page
from api.routes.incidents import TheDesk

router = APIRouter(prefix="/account/absences", include_in_schema=False)
Staff = Annotated[Caller, Depends(STAFF_SIGNED_IN)]


@router.get("")
async def absences(request: Request, desk: TheDesk, caller: Staff, done: str = "") -> Response:
    """Mine, and those of whom I lead."""
    return await _page(request, desk, caller, occasion(done))


@router.post("/{person}")
async def note(request: Request, desk: TheDesk, caller: Staff, person: str, sheet: Filled) -> Response:
    """Notes or ends an absence; of somebody I do not lead it is answered as of nobody."""
    if key_in(person) not in {each.id for each in await _mine(desk, caller)}:
        raise Problem("not-found")
    when = read_absence(sheet, caller.zone)
    if isinstance(when, dict):
        return await _page(request, desk, caller, Occasion(422, wrong=when, sheet=sheet), person)
    is_new = await change_absence(desk.database, person, *when, hand_of(request, caller))
    return leads_to(desk, "account", "absences", done="absence" if is_new else "same")


async def _mine(desk: Desk, caller: Caller) -> list[PersonLine]:
    """Myself first, then whom I lead."""
    found = await whole_person(desk.database, caller.actor.id)
    if found is None:
        raise Problem("not-found")
    me, _ = found
    line = PersonLine(caller.actor.id, me.name, me.email, [role.value for role in me.roles], me.absent_from, me.absent_until, None)
    return [line, *(each for each in await led_by(desk.database, caller.actor.id) if each.id != caller.actor.id)]


async def _page(request: Request, desk: Desk, caller: Caller, why: Occasion, on: str = "") -> Response:
    def typed(line: PersonLine) -> dict[str, Any]:
        if line.id == on and why.sheet:
            return why.sheet.typed()
        return {"since": local(line.absent_from, caller.zone), "until": local(line.absent_until, caller.zone)}

    lines = [(each, typed(each)) for each in await _mine(desk, caller)]
    known = {"lines": lines, "on": on, "why": why, "wrong": why.wrong, "now": datetime.now(UTC)}
    return page(request, "account/absences.html", why.status, PRIVATE, caller=caller, **known)
