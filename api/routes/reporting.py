"""How callers report: a form, what is known already, and the number with what happens next (process.md S1, S16). No script is needed."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from ulid import ULID

from api.administration import is_key
from api.catalogue import check_service
from api.delivery import find
from api.desk import Desk
from api.files.attaching import Offer, attach_all
from api.files.limits import limits_now
from api.files.uploads import Form, read_upload
from api.forms import cleaned
from api.identity import REPORTERS_SIGNED_IN, SIGNED_IN, Caller
from api.portal import own, received
from api.pressing import told_to_caller
from api.problems import Problem
from api.queries.incidents import intake_key
from api.queries.known import known_majors
from api.queries.links import taken_in_under
from api.queries.people import services_to_choose, whole_service
from api.reception import take_in
from api.rendering import PRIVATE, SCRIPTED, page
from api.report_form import Draft, read_report, topics
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
    """Takes the report in; the same form sent twice is one incident. What is wrong comes back with everything that was typed.

    So does, once, a report of what is known already: who then sends it anyway means something else.
    """
    async with read_upload(request) as form:
        return await _report(request, desk, caller, form)


async def _report(request: Request, desk: Desk, caller: Caller, form: Form) -> Response:
    typed = await _with_topic(desk, form.typed)
    read = read_report(
        {name: typed[name] for name in typed if name != "affected"}, caller.zone, Channel.PORTAL, datetime.now(UTC), caller.say
    )
    majors = await known_majors(desk.database, typed.get("service", ""), typed.get("topic", ""))
    shown = {"known": majors if typed.get("anyway") == "yes" else (), "has_files": bool(form.files)}
    if isinstance(read, Draft):
        return await _form(request, desk, caller, read, 422, **shown)
    key = intake_key(caller.actor, (typed.get("key") or str(ULID()))[:80])
    if majors and typed.get("anyway") != "yes" and await taken_in_under(desk.database, Channel.PORTAL, key) is None:
        return await _form(request, desk, caller, Draft(typed, {}), 422, known=majors, has_files=bool(form.files))
    try:
        await check_service(desk.database, read.service)
        taken = await take_in(desk, caller.actor, read, Channel.PORTAL.value, key)
    except Problem as problem:
        if problem.kind.code == "key-reused":
            return await _form(
                request, desk, caller, Draft(typed | {"key": str(ULID())}, {"title": caller.say("sent_before")}), 422, **shown
            )
        is_about_service = any(each["pointer"] == "/service" for each in problem.more.get("errors", ()))
        wrong = {"service": caller.say("wrong_service")} if is_about_service else {"title": told_to_caller(problem, caller.say)}
        return await _form(request, desk, caller, Draft(typed, wrong), problem.kind.status, **shown)
    # The incident exists, whatever becomes of its files; the same form sent twice adds them once.
    offer = Offer(taken.number, caller.actor, typed.get("key", ""))
    if form.files:
        added = await attach_all(desk, offer, form.files, await find(desk, caller, taken.number), caller.say)
        if added.refused:
            return await received(request, desk, caller, taken.number, added.refused)
    return RedirectResponse(f"{desk.path}/portal/reported/{taken.number}", 303)


async def _with_topic(desk: Desk, typed: dict[str, str]) -> dict[str, str]:
    """With the category that the catalogue names for the service, where somebody chose a service and no topic; the form says so (S2)."""
    if typed.get("topic") or not is_key(typed.get("service", "")):
        return typed
    service = await whole_service(desk.database, typed["service"])
    has_category = service is not None and service.category in topics(datetime.now(UTC))
    return typed | {"topic": service.category or ""} if service is not None and has_category else typed


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
