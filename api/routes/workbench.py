"""The console's page of one incident, with everything needed to act (process.md S4, S5, S6, S9, S22)."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from activities.incident_facts import FACTS
from api.console.countdown import countdown
from api.console.forms import asked_as, forms, held_by, missing_for_one, values_of, why_not
from api.console.frame import console_page
from api.console.live import Seen, answer, mark_of
from api.delivery import find
from api.desk import Desk
from api.files.attaching import Offer, attach_all
from api.files.downloads import find_file, handed_out
from api.files.limits import limits_of, names_in
from api.files.uploads import read_upload
from api.forms import form_of
from api.identity import Caller
from api.pressing import Lack, command_of, field_of, message_of, press, seen_by, sentence_of
from api.problems import Problem
from api.queries.files import files_of
from api.queries.incidents import facts_of
from api.queries.letters import around, unreached
from api.queries.links import reads_in
from api.queries.outcomes import version_of
from api.queries.queues import desk_choices, names_of, spoken
from api.queries.timelines import timeline_of
from api.routes.console import Agent, Staff
from api.routes.incidents import Before, TheDesk
from api.telling import told, will_happen
from emails.replies import Reply, replies_in
from workflows.dates import ahead
from workflows.event_kinds import NOTICES
from workflows.explanations import explain
from workflows.files import in_words
from workflows.lifecycle import Rule
from workflows.messages import COMMANDS, SIGNALS
from workflows.policies.book import book
from workflows.publication import Snapshot
from workflows.vocabulary import FINAL

router = APIRouter(prefix="/console", include_in_schema=False)


_cause = attrgetter("cause")
_DONE = {
    "later": "It is safe and takes effect in a moment.",
    "report": "Reported. Tell them the number that stands above.",
    "take": "Done: it is yours.",
    "attach_file": "Done: the file was added.",
    "remove_file": "Done: the file was removed.",
}


@dataclass(frozen=True)
class Occasion:
    """Why the page is shown: read, with a canned ``reply`` begun, after a command (``notice``), or again because ``on`` a command something is ``missing``, ``about`` a field of it.

    ``shown``: the version that a form was filled in for and that somebody else has overtaken. ``before``: the stretch of the timeline. ``refused``: files that were not added.
    """

    status: int = 200
    notice: str | None = None
    missing: str | None = None
    about: str = ""
    on: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    shown: str | None = None
    before: int | None = None
    reply: str = ""
    refused: tuple[str, ...] = ()


@router.get("/{number}")
async def incident(
    request: Request, desk: TheDesk, caller: Staff, number: str, done: str = "", reply: str = "", before: Before = None
) -> Response:
    """Everything about one incident on one screen."""
    notice = _DONE.get(done) or (f"Done: {done.replace('_', ' ')}." if done in SIGNALS else None)
    await find(desk, caller, number)
    return await _incident(request, desk, caller, number, Occasion(notice=notice, before=before, reply=reply))


@router.get("/{number}/live")
async def live(request: Request, desk: TheDesk, caller: Staff, number: str, seen: Seen = "") -> Response:
    """Whether the page of this incident still shows what it showed."""
    await find(desk, caller, number)

    async def look() -> str:
        return mark_of(await version_of(desk.database, number))

    return await answer(request, look, seen, f"/console/{number}")


@router.post("/{number}/files")
async def add_files(request: Request, desk: TheDesk, caller: Agent, number: str) -> Response:
    """Files for the caller and the desk, or for the desk alone."""
    standing = await find(desk, caller, number)
    async with read_upload(request) as form:
        inside = form.typed.get("inside", "")
        if not form.files or inside not in _WHO_SEES_IT:
            missing = "Choose a file, and say who sees it. Nothing was sent yet."
            return await _incident(request, desk, caller, number, Occasion(422, on="files", missing=missing, typed=form.typed))
        offer = Offer(number, caller.actor, form.typed.get("nonce", ""), _WHO_SEES_IT[inside])
        added = await attach_all(desk, offer, form.files, standing)
    if added.refused:
        return await _incident(request, desk, caller, number, Occasion(422, on="files", refused=added.refused, typed=form.typed))
    return RedirectResponse(f"{desk.path}/console/{number}?done={'attach_file' if added.is_done else 'later'}", 303)


_WHO_SEES_IT = {"no": False, "yes": True}


@router.get("/{number}/files/{file}")
async def read_file(desk: TheDesk, caller: Staff, number: str, file: str) -> Response:
    """One file of the incident."""
    await find(desk, caller, number)
    return handed_out(desk, await find_file(desk, caller, number, file, public_only=False))


@router.post("/{number}/{command}")
async def act(request: Request, desk: TheDesk, caller: Agent, number: str, command: str) -> Response:
    """One command. If somebody changed the incident since the page was shown, it is shown anew first, with what was typed."""
    if command not in COMMANDS:
        raise Problem("not-found")
    standing, typed = await find(desk, caller, number), await form_of(request)
    again = Occasion(on=command, typed=typed)
    values = values_of(command, typed, caller.zone)
    message = missing_for_one(command, values) or message_of(COMMANDS[command], values)
    if isinstance(message, Lack):
        return await _incident(
            request, desk, caller, number, replace(again, status=422, missing=message.says, about=asked_as(command, message.field))
        )
    shown = typed.get("version", "")
    seen = await seen_by(desk, number, caller.actor, shown, standing)
    try:
        is_done = await press(desk, command_of(number, caller.actor, message, typed.get("nonce", ""), seen), standing)
    except Problem as problem:
        is_overtaken = problem.kind.code == Rule.CHANGED_MEANWHILE
        why = (
            replace(again, shown=shown)
            if is_overtaken
            else replace(again, missing=sentence_of(problem), about=asked_as(command, field_of(problem)))
        )
        return await _incident(request, desk, caller, number, replace(why, status=problem.kind.status))
    return RedirectResponse(f"{desk.path}/console/{number}?done={command if is_done else 'later'}", 303)


async def _incident(request: Request, desk: Desk, caller: Caller, number: str, why: Occasion) -> Response:
    stored = await facts_of(desk.database, number)
    if stored is None:
        raise Problem("not-found")
    facts = FACTS.validate_python(stored)
    stretch = await timeline_of(desk.database, number, public_only=False, before=why.before)
    files = await files_of(desk.database, number, public_only=False)
    letters = await around(desk.database, number, [event["seq"] for event in stretch.events])
    names = await names_of(desk.database, spoken(stored, stretch.events)) | names_in(files)
    replies = replies_in((await reads_in(desk.database, facts.affected))[0])
    known = {
        "facts": stored,
        "names": names,
        "timeline": [told(event, names, affected=facts.affected) for event in reversed(stretch.events)],
        "letters": {seq: list(those) for seq, those in groupby(sorted(letters, key=_cause), key=_cause)},
        "unreached": () if facts.status in FINAL else unreached(letters),
        "files": [(each, in_words(each.size)) for each in files],
        "allowed": limits_of(book().edition(facts.edition).files),
        "may_add_files": why_not("message", facts, caller.actor) is None,
        "may_remove_files": why_not("note", facts, caller.actor) is None,
        "earlier": stretch.earlier,
        "live": f"/console/{number}/live?seen={mark_of(facts.version)}",
        "forms": forms(facts, caller.actor, await desk_choices(desk.database), why.on),
        "holder": held_by(facts),
        "replies": replies,
        "nonce": secrets.token_urlsafe(12),
        "meanwhile": [told(event, names, affected=facts.affected) for event in stretch.events if _is_news(event, why.shown, caller)],
        "why": _with_reply(why, replies, {"caller": names.get(facts.affected, facts.affected), "number": number, "agent": caller.name}),
    }
    return await console_page(request, desk, caller, "incident", why.status, **known, **_times(facts, caller.zone, datetime.now(UTC)))


def _times(facts: Snapshot, zone: str, now: datetime) -> dict[str, Any]:
    """The clocks with their reasons and countdowns, and what will happen by itself (S6, S9)."""
    calendars = book().edition(facts.edition).calendars
    clocks = [
        (explain(clock, calendars[clock.calendar], now, zone), *countdown(clock.breached_at or clock.due_at, now)) for clock in facts.clocks
    ]
    return {"clocks": clocks, "dates": [(each.at, will_happen(each.kind, each.about, each.ordinal)) for each in ahead(facts)]}


def _with_reply(why: Occasion, replies: Sequence[Reply], facts: Mapping[str, str]) -> Occasion:
    begun = next((reply for reply in replies if reply.name == why.reply), None)
    return replace(why, on="message", typed={"text": begun.filled(facts)}) if begun else why


def _is_news(event: Mapping[str, Any], shown: str | None, caller: Caller) -> bool:
    if shown is None or event["kind"] in NOTICES or event["actor"] == caller.actor.id:
        return False
    return not shown.isdecimal() or event["seq"] > int(shown[:9])
