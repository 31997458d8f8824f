"""The page of a survey (process.md S13, S15). GET and HEAD show and change nothing, whatever mark the link names; one button stores."""

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
from api.links import rating
from api.links.confirmation import PageReader
from api.links.pages import UNINDEXED, comes_from_elsewhere, field, foreign, neutral, reader_of
from api.links.rating import Filled, Question, Said
from api.problems import Problem
from api.queries.incidents import Standing, facts_of
from api.rendering import page
from api.routes.incidents import TheDesk
from emails.links import SURVEY, Link
from workflows.vocabulary import Status

router = APIRouter(dependencies=[Depends(LINK)], include_in_schema=False)


@dataclass(frozen=True)
class Visit:
    """A link that holds, its incident as the record shows it, and what can be said."""

    token: str
    link: Link
    facts: Mapping[str, Any]
    question: Question
    reader: PageReader


async def _visit(token: str, desk: TheDesk) -> Visit | None:
    link = desk.signer.read(token)
    if link is None or link.purpose != SURVEY:
        return None
    facts = await facts_of(desk.database, link.number)
    question = rating.question_for(link, facts, datetime.now(UTC)) if facts and not is_erased(facts) else None
    return Visit(token, link, facts, question, await reader_of(desk, link.person)) if facts and question else None


Visitor = Annotated[Visit | None, Depends(_visit)]


@router.api_route("/s/{token}", methods=["GET", "HEAD"])
async def show(request: Request, desk: TheDesk, visit: Visitor, score: str = "") -> Response:
    """The question, with the mark of the link chosen; what was answered before stays until the button is pressed."""
    if visit is None:
        return neutral(request)
    return await _page(request, desk, visit, chosen=rating.mark_in(score) or visit.question.score)


@router.post("/s/{token}")  # noqa: FAST003 -- the token is read by the visitor
async def press(request: Request, desk: TheDesk, visit: Visitor) -> Response:
    """Stores the mark that is chosen if its reader says that it shall count; otherwise the page comes again and says what is missing."""
    if comes_from_elsewhere(request, desk):
        return foreign(request)
    if visit is None:
        return neutral(request)
    async with read_form(request, 10) as form:
        mark, comment = rating.mark_in(field(form, "score")), cleaned(field(form, "comment"))
        filled = Filled(mark, comment, field(form, "meant"), field(form, "nonce")[:64])
    if (missing := rating.what_is_missing(filled)) is not None:
        return await _page(request, desk, visit, 422, missing=visit.reader.say(missing), chosen=filled.score, comment=filled.comment)
    return await _store(request, desk, visit, filled)


async def _store(request: Request, desk: Desk, visit: Visit, filled: Filled) -> Response:
    standing = Standing(Status(visit.facts["status"]), visit.facts["edition"], frozenset())
    try:
        said = await rating.rate(desk, visit.link, filled, standing)
    except Problem as problem:
        if not rating.is_temporary(problem):
            raise
        again = {"chosen": filled.score, "comment": filled.comment, "nonce": filled.nonce}
        return await _page(request, desk, visit, problem.kind.status, missing=visit.reader.say(Said.LATER), **again)
    return await _page(request, desk, await _visit(visit.token, desk) or visit, notice=visit.reader.say(said))


async def _page(request: Request, desk: Desk, visit: Visit, status: int = 200, **more: Any) -> Response:
    known = {
        "say": visit.reader.say,
        "number": visit.link.number,
        "title": visit.facts["title"],
        "state": rating.state_of(visit.question, visit.reader),
        "is_open": visit.question.until is not None,
        "marks": rating.MARKS,
        "chosen": visit.question.score,
        "comment": visit.question.comment or "",
        "action": f"{desk.path}/s/{visit.token}",
        "nonce": secrets.token_urlsafe(12),
    }
    return page(request, "survey.html", status, UNINDEXED, **{"notice": None, "missing": None} | known | more)
