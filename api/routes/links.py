"""The page behind a link in a letter (process.md S15). GET and HEAD show and change nothing; only a chosen answer, sent by POST, acts."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from activities.erasure.marks import is_erased
from api.desk import Desk
from api.forms import cleaned, read_form
from api.identity import LINK
from api.links import confirmation
from api.links.confirmation import BROKEN, PageReader, Pressed
from api.links.pages import UNINDEXED, comes_from_elsewhere, field, foreign, neutral, reader_of
from api.problems import Problem
from api.queries.incidents import Standing, facts_of
from api.queries.links import follow_up_of
from api.rendering import page
from api.routes.incidents import TheDesk
from api.telling import solution_in
from emails.links import ANSWER, Link
from workflows.vocabulary import Status

router = APIRouter(dependencies=[Depends(LINK)], include_in_schema=False)


@dataclass(frozen=True)
class Visit:
    """A link that holds, and its incident as the record shows it."""

    token: str
    link: Link
    facts: Mapping[str, Any]
    reader: PageReader

    @property
    def standing(self) -> Standing:
        """What the delivery of a command needs to know."""
        return Standing(Status(self.facts["status"]), self.facts["edition"], frozenset())


async def _visit(token: str, desk: TheDesk) -> Visit | None:
    link = desk.signer.read(token)
    if link is None or link.purpose != ANSWER:
        return None
    facts = await facts_of(desk.database, link.number)
    if facts is None or is_erased(facts):
        return None
    return Visit(token, link, facts, await reader_of(desk, link.person))


Visitor = Annotated[Visit | None, Depends(_visit)]


@router.api_route("/l/{token}", methods=["GET", "HEAD"])
async def show(request: Request, desk: TheDesk, visit: Visitor) -> Response:
    """Title, number, solution and the question; nothing is pre-selected and nothing changes, whoever opens it."""
    return await _page(request, desk, visit) if visit else neutral(request)


@router.post("/l/{token}")  # noqa: FAST003 -- the token is read by the visitor
async def press(request: Request, desk: TheDesk, visit: Visitor) -> Response:
    """Acts on the answer that was chosen; without one, or without the sentence it needs, the page comes again and says what is missing."""
    if comes_from_elsewhere(request, desk):
        return foreign(request)
    if visit is None:
        return neutral(request)
    async with read_form(request, 10) as form:
        pressed = Pressed(field(form, "choice"), cleaned(field(form, "text")), field(form, "nonce")[:64])
    if (missing := confirmation.what_is_missing(pressed)) is not None:
        return await _page(request, desk, visit, 422, missing=visit.reader.say(missing), text=pressed.text)
    try:
        notice = await _act(desk, visit, pressed)
    except Problem as problem:
        return await _not_done(request, desk, visit, pressed, problem)
    return await _page(request, desk, await _visit(visit.token, desk) or visit, notice=notice)


async def _act(desk: Desk, visit: Visit, pressed: Pressed) -> str:
    link, facts = visit.link, visit.facts
    is_last = link.cycle == facts["cycle"]
    if pressed.choice == BROKEN and visit.standing.is_over and facts["closed_at"] and is_last:
        return await _again(desk, visit, pressed)
    try:
        return visit.reader.say(await confirmation.answer(desk, confirmation.command_for(link, pressed), visit.standing))
    except Problem as problem:
        later = await facts_of(desk.database, link.number) or facts
        if pressed.choice == BROKEN and confirmation.is_final(problem) and later["closed_at"] and link.cycle == later["cycle"]:
            return await _again(desk, visit, pressed)
        raise


async def _again(desk: Desk, visit: Visit, pressed: Pressed) -> str:
    number = await confirmation.report_again(desk, visit.link, visit.facts, pressed.text)
    return visit.reader.say("thanks_new", number=number)


async def _not_done(request: Request, desk: Desk, visit: Visit, pressed: Pressed, problem: Problem) -> Response:
    if problem.kind.status >= 500:  # noqa: PLR2004 -- a class of status
        said = visit.reader.say("not_taken")
        return await _page(request, desk, visit, problem.kind.status, missing=said, text=pressed.text, nonce=pressed.nonce)
    return await _page(request, desk, await _visit(visit.token, desk) or visit, notice=visit.reader.say("not_changed"))


async def _page(request: Request, desk: Desk, visit: Visit, status: int = 200, **more: Any) -> Response:
    link, facts = visit.link, visit.facts
    follow_up = await follow_up_of(desk.database, confirmation.follow_up_key(link))
    question = confirmation.question_for(link, facts, visit.reader, follow_up, datetime.now(UTC))
    known = {
        "say": visit.reader.say,
        "number": link.number,
        "title": facts["title"],
        "state": question.state,
        "solution": solution_in(facts["resolution_notes"], visit.reader.say) if question.shows_solution else None,
        "choices": question.choices,
        "action": f"{desk.path}/l/{visit.token}",
        "nonce": secrets.token_urlsafe(12),
    }
    return page(request, "answer.html", status, UNINDEXED, **{"missing": None, "text": "", "notice": None} | known | more)
