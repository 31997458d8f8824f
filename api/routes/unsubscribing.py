"""The page behind "unsubscribe" (RFC 8058, process.md S13, S14). GET shows; a chosen answer acts; so does the one press that mail programs make for their reader."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from activities.mail.preferences import decline, want_again
from api.desk import Desk
from api.forms import read_form
from api.identity import LINK
from api.links.pages import UNINDEXED, comes_from_elsewhere, field, foreign, neutral, reader_of
from api.queries.links import has_declined, is_in_directory
from api.rendering import page
from api.routes.incidents import TheDesk
from emails.links import UNSUBSCRIBES, Link

router = APIRouter(dependencies=[Depends(LINK)], include_in_schema=False)
STOP, WANT = "stop", "want"
# What a mail program sends when its reader presses the button it shows for the header of the letter (RFC 8058).
_ONE_CLICK = ("List-Unsubscribe", "One-Click")


@dataclass(frozen=True)
class Subscription:
    """A link that holds."""

    token: str
    link: Link


async def _subscription(token: str, desk: TheDesk) -> Subscription | None:
    link = desk.signer.read(token)
    if link is None or link.purpose not in UNSUBSCRIBES or not await is_in_directory(desk.database, link.person):
        return None
    return Subscription(token, link)


Known = Annotated[Subscription | None, Depends(_subscription)]


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
async def show(request: Request, desk: TheDesk, known: Known) -> Response:
    """What is sent at present, and the choice; nothing is pre-selected and nothing changes, whoever opens it."""
    return await _page(request, desk, known) if known else neutral(request)


@router.post("/u/{token}")  # noqa: FAST003 -- the token is read by the subscription
async def choose(request: Request, desk: TheDesk, known: Known) -> Response:
    """Acts on the choice, or on the one press of a mail program; a form without either changes nothing."""
    if comes_from_elsewhere(request, desk):
        return foreign(request)
    if known is None:
        return neutral(request)
    async with read_form(request, 10) as form:
        choice = STOP if field(form, _ONE_CLICK[0]) == _ONE_CLICK[1] else field(form, "choice")
    person, purpose = known.link.person, known.link.purpose
    if choice == STOP:
        await decline(desk.database, person, purpose, datetime.now(UTC))
    elif choice == WANT:
        await want_again(desk.database, person, purpose)
    else:
        return await _page(request, desk, known, 422, missing="choose_one")
    return await _page(request, desk, known, notice="noted")


async def _page(
    request: Request, desk: Desk, known: Subscription, status: int = 200, missing: str | None = None, notice: str | None = None
) -> Response:
    link = known.link
    reader = await reader_of(desk, link.person)
    is_off = await has_declined(desk.database, link.person, link.purpose)
    action = f"{desk.path}/u/{known.token}"
    facts = {"say": reader.say, "purpose": link.purpose, "is_off": is_off, "action": action, "missing": missing, "notice": notice}
    return page(request, "unsubscribe.html", status, UNINDEXED, **facts)
