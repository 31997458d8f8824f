"""How agents log what somebody tells them: who is affected, how it reached the desk, and all that callers are asked (process.md S1, S16). No script is needed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from ulid import ULID

from api.console.callers import MOST, Sought, sought
from api.console.frame import console_page
from api.delivery import find
from api.desk import Desk
from api.files.attaching import Offer, attach_all
from api.files.limits import limits_now
from api.files.uploads import Form, read_upload
from api.forms import cleaned
from api.identity import REPORT_FOR_OTHERS_SIGNED_IN, Caller
from api.queries.known import known_majors
from api.queries.people import services_to_choose
from api.rendering import PRIVATE, page
from api.report_counter import Again, HandedIn, hand_in
from api.report_form import Draft, topics
from api.routes.incidents import TheDesk
from api.sentences import sentences_in
from emails.languages import FALLBACK
from workflows.vocabulary import Channel

router = APIRouter(prefix="/console", include_in_schema=False)
Agent = Annotated[Caller, Depends(REPORT_FOR_OTHERS_SIGNED_IN)]
Words = Annotated[str, Query(max_length=200)]

# How somebody reaches a person of the desk; the other channels are doors of their own.
CHANNELS: Mapping[str, str] = {Channel.PHONE: "Phone", Channel.CHAT: "Chat", Channel.EMAIL: "E-mail"}
_WHO_SEES_FILES: Mapping[str, bool] = {"no": False, "yes": True}
# The form asks callers about themselves; here somebody else answers for them.
_ABOUT_OTHERS: Mapping[str, str] = {
    "ask_title_hint": "In a few words: the caller reads it in every letter.",
    "ask_description_hint": "What did they do, what did they expect, what do they see instead? Error messages help.",
    "ask_service_hint": "Whatever they call it. Leave it empty if nobody knows.",
    "unknown": "Not known",
    "impact_3": "One person",
    "ask_more": "More details, if they know them",
    "ask_symptoms": "What exactly do they see?",
    "ask_can_wait_hint": "A date of theirs that depends on it, for example.",
    "ask_contact": "How can we best reach them?",
    "known_help": "Tell them. If theirs is a different problem, or they want to be kept informed, send the report anyway.",
}
_ENGLISH = sentences_in(FALLBACK)
SAY = replace(_ENGLISH, known={**_ENGLISH.known, **_ABOUT_OTHERS})


@dataclass(frozen=True)
class _Shown:
    """What the form shows beside what was typed."""

    again: Again
    sought: Sought
    has_files: bool = False


@router.get("/report")
async def form(request: Request, desk: TheDesk, caller: Agent) -> Response:
    """The form, empty."""
    return await _form(request, desk, caller, _Shown(Again(Draft({"key": str(ULID())}, {}), 200), Sought("")))


@router.get("/people")
async def people(request: Request, desk: TheDesk, caller: Agent, who: Words = "", affected: Words = "") -> Response:
    """Whom these words lead to: a part of the form, shown while somebody types."""
    typed = {"who": cleaned(who), "affected": cleaned(affected)}
    found = await sought(desk.database, typed | {"found_for": " ".join(typed["who"].split())})
    return page(request, "console/people.html", 200, PRIVATE, caller=caller, sought=found, most=MOST)


@router.get("/known")
async def known(request: Request, desk: TheDesk, caller: Agent, service: Words = "", topic: Words = "") -> Response:
    """What is known already of this service or topic, as callers are told."""
    majors = await known_majors(desk.database, cleaned(service), cleaned(topic))
    return page(request, "portal/known.html", 200, PRIVATE, caller=caller, say=SAY, known=majors)


@router.post("/report")
async def report(request: Request, desk: TheDesk, caller: Agent) -> Response:
    """Takes the report in and shows its incident; the same form sent twice is one. What is wrong comes back with everything that was typed."""
    async with read_upload(request) as form:
        return await _report(request, desk, caller, form)


async def _report(request: Request, desk: Desk, caller: Caller, form: Form) -> Response:
    whom = await sought(desk.database, form.typed)
    typed = form.typed | {"affected": whom.id}
    taken = await hand_in(desk, caller, HandedIn(typed, _channel(typed), SAY, _wrong(form, whom)))
    if isinstance(taken, Again):
        return await _form(request, desk, caller, _Shown(taken, whom, bool(form.files)))
    refused = await _attached(desk, caller, taken.number, form)
    if refused or not taken.is_in_record:
        return await console_page(request, desk, caller, "reported", number=taken.number, refused=refused)
    return RedirectResponse(f"{desk.path}/console/{taken.number}?done=report", 303)


def _channel(typed: Mapping[str, str]) -> Channel:
    """One that is not of the list is said to be wrong before anything is taken in under this one."""
    return Channel(typed["channel"]) if typed.get("channel") in CHANNELS else Channel.PHONE


def _wrong(form: Form, whom: Sought) -> dict[str, str]:
    """What the counter cannot see: nobody is chosen, no channel, or not who sees the files."""
    wrong = {"who": whom.wrong} if whom.wrong else {}
    if form.typed.get("channel") not in CHANNELS:
        wrong["channel"] = "Say how it reached you."
    if form.files and form.typed.get("inside") not in _WHO_SEES_FILES:
        wrong["inside"] = "Say who sees the files, and choose them once more."
    return wrong


async def _attached(desk: Desk, caller: Caller, number: str, form: Form) -> tuple[str, ...]:
    """A sentence for each file that was not added; the same form sent twice adds each once."""
    if not form.files:
        return ()
    offer = Offer(number, caller.actor, form.typed.get("key", ""), _WHO_SEES_FILES[form.typed["inside"]])
    return (await attach_all(desk, offer, form.files, await find(desk, caller, number))).refused


async def _form(request: Request, desk: Desk, caller: Caller, shown: _Shown) -> Response:
    draft = shown.again.draft
    told: dict[str, Any] = {
        "say": SAY,
        "typed": draft.typed,
        "wrong": draft.wrong,
        "shows_more": draft.shows_more,
        "known": shown.again.known,
        "sought": shown.sought,
        "most": MOST,
        "channels": CHANNELS,
        "has_files": shown.has_files,
        "allowed": limits_now(),
        "topics": topics(datetime.now(UTC)),
        "services": await services_to_choose(desk.database),
    }
    return await console_page(request, desk, caller, "report", shown.again.status, **told)
