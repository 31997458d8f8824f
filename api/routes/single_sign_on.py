"""The door through an identity provider: there with an errand, back with a code (process.md S22). What goes wrong is told in sentences."""

import re
from datetime import UTC, datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from activities.access.security_log import Seen, write_down
from activities.access.single_sign_on.errand import Errand
from activities.access.single_sign_on.identities import recognise
from activities.access.single_sign_on.provider import BACK, CodeRefusedError, IdentityProvider, ProviderAwayError, Told
from activities.access.throttle import RETURNS_FROM_AN_ADDRESS, count, give_back, is_spent
from api.desk import Desk, desk_of
from api.entrance.cookies import address_of
from api.entrance.errands import end, errand_of, send_off
from api.entrance.way_in import let_in, ours
from api.identity import PUBLIC
from api.problems import Problem
from api.rendering import PRIVATE, page
from api.routes.incidents import TheDesk
from api.sentences import said_to

router = APIRouter(include_in_schema=False)
WAY = "oidc"
_A_WORD = re.compile(r"[a-z_]{1,40}")
log = structlog.get_logger("holdfast.sign_in")


async def _provider(request: Request) -> IdentityProvider:
    """The one of the settings; without one there is nothing here."""
    request.state.is_for_people = True
    if (found := desk_of(request).provider) is None:
        raise Problem("not-found")
    return found


Provider = Annotated[IdentityProvider, Depends(_provider)]
Given = Annotated[str, Query(max_length=4000)]


@router.get("/sign-in/provider", dependencies=[Depends(PUBLIC)])
async def set_out(request: Request, desk: TheDesk, provider: Provider, next: str = "") -> Response:  # noqa: A002 -- the name in the address
    """Sends the browser to the provider."""
    errand = Errand.begun(ours(next))
    try:
        response = RedirectResponse(await provider.way_in(errand), 303)
    except ProviderAwayError as error:
        return _away(request, desk, error)
    send_off(response, errand, desk.settings.link_keys, desk.base_url)
    return response


@router.get(BACK, dependencies=[Depends(PUBLIC)])
async def come_back(
    request: Request, desk: TheDesk, provider: Provider, state: Given = "", code: Given = "", error: Given = "", iss: Given = ""
) -> Response:
    """Takes what the provider says of this browser; once, whatever it is."""
    errand = errand_of(request, desk.settings.link_keys, desk.base_url)
    if errand is None or not errand.fits(state) or iss not in ("", desk.settings.oidc_issuer):
        response = _told(request, desk, "strange", 400)
    elif error or not code:
        log.info("the identity provider said no", said=error if _A_WORD.fullmatch(error) else "something else")
        response = _told(request, desk, "cancelled" if error == "access_denied" else "refused", 403)
    else:
        response = await _take(request, desk, provider, code, errand)
    end(response, desk.base_url)
    return response


async def _take(request: Request, desk: Desk, provider: IdentityProvider, code: str, errand: Errand) -> Response:
    from activities.access.single_sign_on.tokens import NotBelievedError  # noqa: PLC0415 -- needs the extra, which is there where a provider is

    address, limit, now = address_of(request), RETURNS_FROM_AN_ADDRESS, datetime.now(UTC)
    if await is_spent(desk.database, limit, address, now) or await count(desk.database, limit, address, now) > limit.tries:
        return _told(request, desk, "slow", 429)
    try:
        told = await provider.told_by(code, errand)
    except ProviderAwayError as error:
        return _away(request, desk, error)
    except (CodeRefusedError, NotBelievedError) as error:
        log.warning("the identity provider's answer is not believed", why=str(error))
        await write_down(desk.database, Seen.PROVIDER_DOUBTED, address=address, detail=str(error)[:200])
        return _told(request, desk, "unbelievable", 403)
    return await _welcome(request, desk, told, errand, address)


async def _welcome(request: Request, desk: Desk, told: Told, errand: Errand, address: str) -> Response:
    found = await recognise(desk.database, told, by_claim=desk.settings.oidc_claim is not None, now=datetime.now(UTC))
    if found.person is None:
        await write_down(desk.database, Seen.PROVIDER_DOUBTED, address=address, detail=str(found.doubt))
        return _told(
            request, desk, found.doubt.name.lower() if found.doubt else "not_in_directory", 403, called=told.called or told.subject
        )
    if found.is_new:
        await write_down(desk.database, Seen.IDENTITY_BOUND, person=found.person, address=address, detail=WAY)
    await give_back(desk.database, RETURNS_FROM_AN_ADDRESS, address)
    return await let_in(request, desk, found.person, WAY, errand.back_to)


def _away(request: Request, desk: Desk, error: ProviderAwayError) -> Response:
    log.warning("the identity provider does not answer as one", why=str(error))
    return _told(request, desk, "away", 503)


def _told(request: Request, desk: Desk, what: str, status: int, *, called: str = "") -> Response:
    settings = desk.settings
    return page(
        request,
        "door/provider.html",
        status,
        PRIVATE | ({"Retry-After": "30"} if what == "away" else {}),
        say=said_to(request),
        what=what,
        label=settings.oidc_label,
        called=called,
        others=settings.oidc_only != "everything",
    )
