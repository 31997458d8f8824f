"""How callers report: a form, what is known already, and the number with what happens next (process.md S1, S16). No script is needed."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from ulid import ULID

from api.delivery import find
from api.desk import Desk
from api.files.attaching import Offer, attach_all
from api.files.limits import limits_now
from api.files.uploads import Form, read_upload
from api.forms import cleaned
from api.identity import REPORTERS_SIGNED_IN, SIGNED_IN, Caller
from api.portal import own, received
from api.queries.known import known_majors
from api.queries.people import services_to_choose
from api.rendering import PRIVATE, SCRIPTED, page
from api.report_counter import Again, HandedIn, hand_in
from api.report_form import Draft, topics
from api.routes.incidents import TheDesk
from workflows.vocabulary import Channel

router = APIRouter(prefix="/portal", include_in_schema=False)
Someone = Annotated[Caller, Depends(SIGNED_IN)]
Reporter = Annotated[Caller, Depends(REPORTERS_SIGNED_IN)]
Choice = Annotated[str, Query(max_length=200)]


@router.get("/report")
async def form(request: Request, desk: TheDesk, caller: Reporter) -> Response:
    """The report form, empty."""
    return await _form(request, desk, caller, Draft({"key": str(ULID())}, {}), is_new=True)


@router.get("/known")
async def known(request: Request, desk: TheDesk, caller: Reporter, service: Choice = "", topic: Choice = "") -> Response:
    """What is known already of this service or topic: a part of the report form, shown while somebody fills it in."""
    majors = await known_majors(desk.database, cleaned(service), cleaned(topic))
    return page(request, "portal/known.html", 200, PRIVATE, caller=caller, say=caller.say, known=majors)


@router.post("/report")
async def report(request: Request, desk: TheDesk, caller: Reporter) -> Response:
    """Takes the report in; here everybody reports for themselves."""
    async with read_upload(request) as form:
        return await _report(request, desk, caller, form)


async def _report(request: Request, desk: Desk, caller: Caller, form: Form) -> Response:
    typed = {name: value for name, value in form.typed.items() if name != "affected"}
    taken = await hand_in(desk, caller, HandedIn(typed, Channel.PORTAL, caller.say, {}))
    if isinstance(taken, Again):
        return await _form(request, desk, caller, taken.draft, taken.status, known=taken.known, has_files=bool(form.files))
    # The incident exists, whatever becomes of its files; the same form sent twice adds them once.
    offer = Offer(taken.number, caller.actor, typed.get("key", ""))
    if form.files:
        added = await attach_all(desk, offer, form.files, await find(desk, caller, taken.number), caller.say)
        if added.refused:
            return await received(request, desk, caller, taken.number, added.refused)
    return RedirectResponse(f"{desk.path}/portal/reported/{taken.number}", 303)


async def _form(request: Request, desk: Desk, caller: Caller, draft: Draft, status: int = 200, **more: Any) -> Response:
    facts = {"caller": caller, "say": caller.say, "typed": draft.typed, "wrong": draft.wrong, "shows_more": draft.shows_more}
    told = {"is_new": False, "known": (), "has_files": False, "allowed": limits_now()} | facts | more
    told |= {"services": await services_to_choose(desk.database)}
    return page(request, "portal/report.html", status, SCRIPTED, topics=topics(datetime.now(UTC)), **told)


@router.get("/reported/{number}")
async def reported(request: Request, desk: TheDesk, caller: Someone, number: str) -> Response:
    """The number, and what happens next."""
    await own(desk, caller, number)
    return await received(request, desk, caller, number)
