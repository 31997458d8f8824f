"""The portal: callers report, follow, answer (process.md S1, S4, S11), in their language. Everything is a form and a page; no script is needed."""

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from activities.incident_facts import FACTS
from api.cursors import cursor_of, place_in
from api.delivery import Command
from api.desk import Desk
from api.files.attaching import Offer, attach_all
from api.files.downloads import find_file, handed_out
from api.files.limits import limits_of, names_in
from api.files.uploads import read_upload
from api.forms import form_of
from api.identity import SIGNED_IN, Caller
from api.links import confirmation
from api.links.confirmation import BROKEN, PageReader, Pressed, Question
from api.portal import own, promises, received
from api.pressing import Lack, command_of, message_of, press, told_to_caller
from api.problems import Problem
from api.queries.files import files_of
from api.queries.incidents import Standing, Wanted, facts_of, listed
from api.queries.links import follow_up_of
from api.queries.queues import SERVICE, names_of, spoken
from api.queries.timelines import timeline_of
from api.rendering import PRIVATE, page
from api.routes.incidents import Before, TheDesk
from api.sentences import Sentences
from api.telling import solution_in, state_of, told, will_happen
from api.views import THE_DESK, facts_for, timeline_for_caller
from emails.links import ANSWER, Link
from workflows.dates import NOT_FOR_CALLERS, ahead
from workflows.files import in_words
from workflows.messages import Confirm, PublicMessage, Reject
from workflows.policies.book import book
from workflows.vocabulary import Status

router = APIRouter(prefix="/portal", include_in_schema=False)
Someone = Annotated[Caller, Depends(SIGNED_IN)]
_PAGE = 25
_CYCLE = re.compile(r"[1-9][0-9]{0,3}")
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


@router.get("/incidents/{number}")
async def incident(request: Request, desk: TheDesk, caller: Someone, number: str, said: str = "", before: Before = None) -> Response:
    """One of my incidents: how it stands, what happened, what I can say."""
    await own(desk, caller, number)
    return await _incident(request, desk, caller, number, notice=caller.say(NOTICES[said]) if said in NOTICES else None, before=before)


@router.post("/incidents/{number}/message")
async def write(request: Request, desk: TheDesk, caller: Someone, number: str) -> Response:
    """A message to the desk, files for it, or both; the message goes first."""
    standing = await own(desk, caller, number)
    async with read_upload(request) as form:
        text, nonce = form.typed.get("text", ""), form.typed.get("nonce", "")
        message = message_of(PublicMessage, {"text": text})
        if isinstance(message, Lack) and (text or not form.files):
            missing = caller.say("message_empty" if text else "file_or_words")
            return await _incident(request, desk, caller, number, 422, missing=missing, on="message", text=text)
        if not isinstance(message, Lack):
            shown = await _pressed(request, desk, caller, command_of(number, caller.actor, message, nonce), standing, "message")
            if not form.files or shown.status_code != 303:  # noqa: PLR2004 -- the message was taken
                return shown
        added = await attach_all(desk, Offer(number, caller.actor, nonce), form.files, standing, caller.say)
    if added.refused:
        notice = caller.say(NOTICES["message"]) if text else None
        return await _incident(request, desk, caller, number, 422, notice=notice, refused=added.refused, on="message")
    said = "later" if not added.is_done else "message" if text else "file"
    return RedirectResponse(f"{desk.path}/portal/incidents/{number}?said={said}", 303)


@router.get("/incidents/{number}/files/{file}")
async def read_file(desk: TheDesk, caller: Someone, number: str, file: str) -> Response:
    """One of the files I share with the desk."""
    await own(desk, caller, number)
    return handed_out(desk, await find_file(desk, caller, number, file, public_only=True))


@router.post("/incidents/{number}/answer")
async def answer(request: Request, desk: TheDesk, caller: Someone, number: str) -> Response:
    """It works, or still broken: the same as through the link in the letter. After closure, "still broken" opens a new incident (S12)."""
    standing, typed = await own(desk, caller, number), await form_of(request)
    pressed = Pressed(typed.get("choice", ""), typed.get("text", ""), typed.get("nonce", ""))
    if (missing := confirmation.what_is_missing(pressed)) is not None:
        return await _incident(request, desk, caller, number, 422, missing=caller.say(missing), on="answer", text=pressed.text)
    facts = await _facts(desk, number)
    link = _as_link(facts, caller)
    if pressed.choice == BROKEN and facts["status"] == Status.CLOSED:
        new = await confirmation.report_again(desk, link, facts, pressed.text, caller.actor)
        return RedirectResponse(f"{desk.path}/portal/incidents/{new}?said=again", 303)
    # About the solution that the page showed: if there is another one by now, the process refuses (S11).
    cycle = int(shown) if _CYCLE.fullmatch(shown := typed.get("cycle", "")) else link.cycle
    message = Reject(pressed.text, cycle) if pressed.choice == BROKEN else Confirm(cycle)
    return await _pressed(request, desk, caller, command_of(number, caller.actor, message, pressed.nonce), standing, pressed.choice)


async def _pressed(request: Request, desk: Desk, caller: Caller, command: Command, standing: Standing, what: str) -> Response:
    try:
        is_done = await press(desk, command, standing)
    except Problem as problem:
        on = "message" if what == "message" else "answer"
        text = getattr(command.message, "text", None) or getattr(command.message, "reason", "")
        status = problem.kind.status
        return await _incident(request, desk, caller, command.number, status, missing=told_to_caller(problem, caller.say), on=on, text=text)
    return RedirectResponse(f"{desk.path}/portal/incidents/{command.number}?said={what if is_done else 'later'}", 303)


async def _incident(request: Request, desk: Desk, caller: Caller, number: str, status: int = 200, **more: Any) -> Response:
    facts = await facts_of(desk.database, number)
    if facts is None:
        return await received(request, desk, caller, number)
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
        "solution": solution_in(facts["resolution_notes"], say),
        "service": names.get(f"{SERVICE}{facts['service']}", facts["service"]),
        "state": word,
        "sentence": sentence,
        "timeline": [told(event, names | names_in(files), say, facts["affected"]) for event in reversed(timeline)],
        "files": [(each, in_words(each.size)) for each in files],
        "allowed": limits_of(book().edition(facts["edition"]).files),
        "earlier": stretch.earlier,
        "is_newest": before is None,
        "coming": [*promises(facts, say), *_coming(facts, say)],
        "question": await _question(desk, caller, facts),
        "cycle": _as_link(facts, caller).cycle,
        "nonce": secrets.token_urlsafe(12),
    }
    return page(
        request,
        "portal/incident.html",
        status,
        PRIVATE,
        **{"notice": None, "missing": None, "refused": (), "on": "", "text": ""} | known | more,
    )


def _coming(facts: Mapping[str, Any], say: Sentences) -> list[tuple[datetime, str]]:
    """What will happen by itself and concerns the caller (S9)."""
    return [
        (each.at, will_happen(each.kind, None, each.ordinal, say))
        for each in ahead(FACTS.validate_python(facts))
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
