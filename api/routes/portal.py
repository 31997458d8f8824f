"""The portal: callers report, follow, answer (process.md S1, S4, S11), in their language. Everything is a form and a page; no script is needed."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter
from ulid import ULID

from api import confirmation
from api.administration import is_key
from api.attaching import Offer, attach_all
from api.catalogue import check_service
from api.confirmation import BROKEN, PageReader, Pressed, Question
from api.cursors import cursor_of, place_in
from api.delivery import Command, find
from api.desk import Desk
from api.downloads import find_file, handed_out
from api.file_limits import limits_now, limits_of, names_in
from api.forms import form_of
from api.identity import REPORTERS_SIGNED_IN, SIGNED_IN, Caller
from api.pressing import command_of, message_of, press, told_to_caller
from api.problems import Problem
from api.queries.files import files_of
from api.queries.incidents import Standing, Wanted, facts_of, intake_key, listed
from api.queries.known import known_majors
from api.queries.links import follow_up_of, taken_in_under
from api.queries.people import services_to_choose, whole_service
from api.queries.queues import SERVICE, names_of, spoken
from api.queries.timelines import timeline_of
from api.reception import take_in
from api.rendering import PRIVATE, SCRIPTED, page
from api.report_form import Draft, read_report, topics
from api.routes.incidents import Before, TheDesk
from api.sentences import Sentences
from api.telling import state_of, told, will_happen
from api.uploads import Form, read_upload
from api.views import THE_DESK, facts_for, timeline_for_caller
from emails.links import ANSWER, Link
from workflows.dates import NOT_FOR_CALLERS, ahead
from workflows.files import in_words
from workflows.messages import Confirm, PublicMessage, Reject
from workflows.policies.book import book
from workflows.publication import Snapshot
from workflows.timekeeping import PROMISES
from workflows.vocabulary import Channel, Status

router = APIRouter(prefix="/portal", include_in_schema=False)
Someone = Annotated[Caller, Depends(SIGNED_IN)]
Reporter = Annotated[Caller, Depends(REPORTERS_SIGNED_IN)]
_FACTS = TypeAdapter(Snapshot)
_PAGE = 25
Choice = Annotated[str, Query(max_length=200)]
NOTICES = {
    "message": "message_sent",
    "file": "file_sent",
    "works": "thanks_works",
    "broken": "thanks_broken",
    "again": "thanks_again",
    "later": "taken_later",
}


@router.get("")
async def mine(request: Request, desk: TheDesk, caller: Someone, older: str = "") -> Response:
    """My incidents, the latest change first."""
    wanted = Wanted(only_of=caller.actor.id, limit=_PAGE, after=place_in(older) if older else None)
    found = await listed(desk.database, wanted)
    lines = [facts_for(facts, is_staff=False) | {"state": state_of(facts, caller.say)[0]} for facts in found.items]
    following = cursor_of(found.ends_at) if found.ends_at else None
    return page(request, "portal/incidents.html", 200, PRIVATE, caller=caller, say=caller.say, incidents=lines, older=following)


@router.get("/report")
async def form(request: Request, desk: TheDesk, caller: Reporter) -> Response:
    """The report form, empty."""
    return await _form(request, desk, caller, Draft({"key": str(ULID())}, {}), is_new=True)


@router.get("/known")
async def known(request: Request, desk: TheDesk, caller: Reporter, service: Choice = "", topic: Choice = "") -> Response:
    """What is known already of this service or topic: a part of the report form, shown while somebody fills it in."""
    majors = await known_majors(desk.database, service, topic)
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
        received = await take_in(desk, caller.actor, read, Channel.PORTAL.value, key)
    except Problem as problem:
        if problem.kind.code == "key-reused":
            return await _form(
                request, desk, caller, Draft(typed | {"key": str(ULID())}, {"title": caller.say("sent_before")}), 422, **shown
            )
        is_about_service = any(each["pointer"] == "/service" for each in problem.more.get("errors", ()))
        wrong = {"service": caller.say("wrong_service")} if is_about_service else {"title": told_to_caller(problem, caller.say)}
        return await _form(request, desk, caller, Draft(typed, wrong), problem.kind.status, **shown)
    # The incident exists, whatever becomes of its files; the same form sent twice adds them once.
    offer = Offer(received.number, caller.actor, typed.get("key", ""))
    if form.files:
        added = await attach_all(desk, offer, form.files, await find(desk, caller, received.number), caller.say)
        if added.refused:
            return await _received(request, desk, caller, received.number, added.refused)
    return RedirectResponse(f"{_base(desk)}/portal/reported/{received.number}", 303)


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
    await _own(desk, caller, number)
    return await _received(request, desk, caller, number)


async def _received(request: Request, desk: Desk, caller: Caller, number: str, refused: tuple[str, ...] = ()) -> Response:
    facts = await facts_of(desk.database, number)
    told = {"number": number, "promises": _promises(facts, caller.say) if facts else [], "refused": refused}
    return page(request, "portal/reported.html", 200, SCRIPTED, caller=caller, say=caller.say, **told)


@router.get("/incidents/{number}")
async def incident(request: Request, desk: TheDesk, caller: Someone, number: str, said: str = "", before: Before = None) -> Response:
    """One of my incidents: how it stands, what happened, what I can say."""
    await _own(desk, caller, number)
    return await _incident(request, desk, caller, number, notice=caller.say(NOTICES[said]) if said in NOTICES else None, before=before)


@router.post("/incidents/{number}/message")
async def write(request: Request, desk: TheDesk, caller: Someone, number: str) -> Response:
    """A message to the desk, files for it, or both; the message goes first."""
    standing = await _own(desk, caller, number)
    async with read_upload(request) as form:
        text, nonce = form.typed.get("text", ""), form.typed.get("nonce", "")
        message = message_of(PublicMessage, {"text": text})
        if isinstance(message, str) and (text or not form.files):
            missing = caller.say("message_empty" if text else "file_or_words")
            return await _incident(request, desk, caller, number, 422, missing=missing, on="message", text=text)
        if not isinstance(message, str):
            shown = await _pressed(request, desk, caller, command_of(number, caller.actor, message, nonce), standing, "message")
            if not form.files or shown.status_code != 303:  # noqa: PLR2004 -- the message was taken
                return shown
        added = await attach_all(desk, Offer(number, caller.actor, nonce), form.files, standing, caller.say)
    if added.refused:
        notice = caller.say(NOTICES["message"]) if text else None
        return await _incident(request, desk, caller, number, 422, notice=notice, refused=added.refused, on="message")
    said = "later" if not added.is_done else "message" if text else "file"
    return RedirectResponse(f"{_base(desk)}/portal/incidents/{number}?said={said}", 303)


@router.get("/incidents/{number}/files/{file}")
async def read_file(desk: TheDesk, caller: Someone, number: str, file: str) -> Response:
    """One of the files I share with the desk."""
    await _own(desk, caller, number)
    return handed_out(desk, await find_file(desk, caller, number, file, public_only=True))


@router.post("/incidents/{number}/answer")
async def answer(request: Request, desk: TheDesk, caller: Someone, number: str) -> Response:
    """It works, or still broken: the same as through the link in the letter. After closure, "still broken" opens a new incident (S12)."""
    standing, typed = await _own(desk, caller, number), await form_of(request)
    pressed = Pressed(typed.get("choice", ""), typed.get("text", ""), typed.get("nonce", ""))
    if (missing := confirmation.what_is_missing(pressed)) is not None:
        return await _incident(request, desk, caller, number, 422, missing=caller.say(missing), on="answer", text=pressed.text)
    facts = await _facts(desk, number)
    link = _as_link(facts, caller)
    if pressed.choice == BROKEN and facts["status"] == Status.CLOSED:
        new = await confirmation.report_again(desk, link, facts, pressed.text, caller.actor)
        return RedirectResponse(f"{_base(desk)}/portal/incidents/{new}?said=again", 303)
    message = Reject(pressed.text, link.cycle) if pressed.choice == BROKEN else Confirm(link.cycle)
    return await _pressed(request, desk, caller, command_of(number, caller.actor, message, pressed.nonce), standing, pressed.choice)


async def _pressed(request: Request, desk: Desk, caller: Caller, command: Command, standing: Standing, what: str) -> Response:
    try:
        is_done = await press(desk, command, standing)
    except Problem as problem:
        on = "message" if what == "message" else "answer"
        text = getattr(command.message, "text", None) or getattr(command.message, "reason", "")
        status = problem.kind.status
        return await _incident(request, desk, caller, command.number, status, missing=told_to_caller(problem, caller.say), on=on, text=text)
    return RedirectResponse(f"{_base(desk)}/portal/incidents/{command.number}?said={what if is_done else 'later'}", 303)


async def _incident(request: Request, desk: Desk, caller: Caller, number: str, status: int = 200, **more: Any) -> Response:
    facts = await facts_of(desk.database, number)
    if facts is None:
        return await _received(request, desk, caller, number)
    before = more.pop("before", None)
    stretch = await timeline_of(desk.database, number, public_only=True, before=before)
    timeline = timeline_for_caller(facts, stretch.events)
    say = caller.say
    groups = {str(event["after"]["group"]) for event in timeline if event["after"].get("group")}
    names = await names_of(desk.database, groups) | {
        THE_DESK: say("who_desk"),
        caller.actor.id: say("who_you"),
        facts["affected"]: say("who_you" if facts["affected"] == caller.actor.id else "who_caller"),
    }
    of_services = {each for each in spoken(facts, timeline) if each.startswith(SERVICE)}
    names |= await names_of(desk.database, of_services) if of_services else {}
    files = await files_of(desk.database, number, public_only=True)
    word, sentence = state_of(facts, say)
    known = {
        "caller": caller,
        "say": say,
        "facts": facts_for(facts, is_staff=False),
        "service": names.get(f"{SERVICE}{facts['service']}", facts["service"]),
        "state": word,
        "sentence": sentence,
        "timeline": [told(event, names | names_in(files), say) for event in reversed(timeline)],
        "files": [(each, in_words(each.size)) for each in files],
        "allowed": limits_of(book().edition(facts["edition"]).files),
        "earlier": stretch.earlier,
        "is_newest": before is None,
        "coming": [*_promises(facts, say), *_coming(facts, say)],
        "question": await _question(desk, caller, facts),
        "nonce": secrets.token_urlsafe(12),
    }
    return page(
        request,
        "portal/incident.html",
        status,
        PRIVATE,
        **{"notice": None, "missing": None, "refused": (), "on": "", "text": ""} | known | more,
    )


def _promises(facts: Mapping[str, Any], say: Sentences) -> list[tuple[datetime, str]]:
    clocks = [clock for clock in _FACTS.validate_python(facts).clocks if clock.kind in PROMISES and clock.due_at and not clock.is_over]
    return [(clock.due_at, say(f"promise_{clock.kind}")) for clock in clocks if clock.due_at]


def _coming(facts: Mapping[str, Any], say: Sentences) -> list[tuple[datetime, str]]:
    """What will happen by itself and concerns the caller (S9)."""
    return [
        (each.at, will_happen(each.kind, None, each.ordinal, say))
        for each in ahead(_FACTS.validate_python(facts))
        if each.kind not in NOT_FOR_CALLERS
    ]


async def _question(desk: Desk, caller: Caller, facts: Mapping[str, Any]) -> Question | None:
    """What can be answered now; nothing to somebody whose roles may not answer at all (S22)."""
    if not book().edition(facts["edition"]).permissions.scopes(Confirm, caller.actor.roles):
        return None
    link = _as_link(facts, caller)
    follow_up = await follow_up_of(desk.database, confirmation.follow_up_key(link))
    question = confirmation.question_for(link, facts, PageReader(caller.say, caller.zone), follow_up, datetime.now(UTC))
    return question if question.choices else None


def _as_link(facts: Mapping[str, Any], caller: Caller) -> Link:
    """The solution that an answer is about: the present one, or the one just rejected, as the link in its letter would say."""
    was_rejected = facts["status"] == Status.IN_PROGRESS and facts["rejected_at"] is not None
    cycle = facts["cycle"] - 1 if was_rejected else facts["cycle"]
    return Link(ANSWER, facts["number"], cycle, caller.actor.id, datetime.now(UTC) + timedelta(minutes=1))


async def _facts(desk: Desk, number: str) -> dict[str, Any]:
    facts = await facts_of(desk.database, number)
    if facts is None:
        raise Problem("not-found")
    return facts


async def _own(desk: Desk, caller: Caller, number: str) -> Standing:
    """In the portal everybody is a caller: of others' incidents nothing is shown here, to the desk neither."""
    standing = await find(desk, caller, number)
    if caller.actor.id not in standing.people:
        raise Problem("not-found")
    return standing


def _base(desk: Desk) -> str:
    return urlsplit(desk.base_url).path
