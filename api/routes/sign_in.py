"""The door for people in browsers: sign in with a password or a one-time link, sign out, change the password (process.md S22)."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from activities.accounts import OneTimeLink, Purpose, read_link, set_password, use_link
from activities.passwords import LEAST_VARIETY, LONGEST, SHORTEST, Weakness, WeakPasswordError
from activities.preferences import NO_KEYS
from activities.security_log import Seen, write_down
from activities.sessions import begin, end, end_all
from api.cookies import address_of, hand_out, take_back, token_in
from api.desk import Desk
from api.door import ask_for_a_link, right_password
from api.forms import form_of
from api.identity import PUBLIC, SIGNED_IN, Caller
from api.origin import comes_from_elsewhere
from api.problems import Problem
from api.queries.links import has_declined
from api.rendering import PRIVATE, SCRIPTED, page
from api.routes.incidents import TheDesk
from api.sentences import Sentences, said_to

router = APIRouter(include_in_schema=False)
# Only pages of our own: a sign-in page must not lead elsewhere.
_OURS = re.compile(r"/(portal|console|account|figures|situation|plan|admin)(?=[/?.]|$)[A-Za-z0-9/_.-]*(\?[A-Za-z0-9=&%+*_.-]*)?")
Someone = Annotated[Caller, Depends(SIGNED_IN)]


async def _from_our_pages(request: Request, desk: TheDesk) -> None:
    """Another site must not sign somebody in either, as somebody else."""
    request.state.is_for_people = True
    if comes_from_elsewhere(request, desk.base_url):
        await write_down(desk.database, Seen.FOREIGN_FORM, address=address_of(request))
        raise Problem("foreign-form")


@router.get("/sign-in", dependencies=[Depends(PUBLIC)])
async def door(request: Request, desk: TheDesk, next: str = "", out: str = "") -> Response:  # noqa: A002 -- the name in the address
    """Name and password, or a link by mail. ``out``: somebody just signed out here."""
    return _door(request, desk, back_to=next, is_signed_out=out == "yes")


@router.post("/sign-in", dependencies=[Depends(PUBLIC), Depends(_from_our_pages)])
async def sign_in(request: Request, desk: TheDesk) -> Response:
    """With the password; or asks for a link, and then says the same whether anybody has that name."""
    form, address, say = await form_of(request), address_of(request), said_to(request)
    name, back_to = form.get("name", "")[:320], form.get("next", "")
    if not name:
        return _door(request, desk, 422, missing=say("name_needed"), back_to=back_to)
    if form.get("how") == "link":
        is_too_much = not await ask_for_a_link(desk.database, name, address)
        facts = {"say": say, "is_too_much": is_too_much, "has_relay": _has_relay(desk)}
        return page(request, "door/sent.html", 429 if is_too_much else 200, PRIVATE, **facts)
    found = await right_password(desk.database, name, form.get("password", ""), address)
    if found.person is None:
        status, missing = (429, "slowed_down") if found.is_slowed_down else (401, "sign_in_failed")
        return _door(request, desk, status, missing=say(missing), name=name, back_to=back_to)
    return await _let_in(request, desk, found.person, "password", back_to)


@router.api_route("/sign-in/link/{token}", methods=["GET", "HEAD"], dependencies=[Depends(PUBLIC)])
async def open_link(request: Request, desk: TheDesk, token: str) -> Response:
    """Shows who the link is for and changes nothing: programs that follow links in letters use nothing up."""
    link = await read_link(desk.database, token, datetime.now(UTC))
    return _link_page(request, link)


@router.post("/sign-in/link/{token}", dependencies=[Depends(PUBLIC), Depends(_from_our_pages)])
async def use(request: Request, desk: TheDesk, token: str) -> Response:
    """Signs in, once, whoever says that it is them; with an invitation, after a password is chosen."""
    form, now = await form_of(request), datetime.now(UTC)
    link = await read_link(desk.database, token, now)
    if link is None:
        return _link_page(request, None)
    if form.get("me") != "yes":
        return _link_page(request, link, 422, missing=said_to(request)("confirm_you"))
    if link.purpose is Purpose.INVITE:
        try:
            await _choose(desk, link.person, form, address_of(request))
        except WeakPasswordError as error:
            return _link_page(request, link, 422, missing=_weak(error, said_to(request)))
    if not await use_link(desk.database, token, now):
        return _link_page(request, None)
    return await _let_in(request, desk, link.person, link.purpose.value, "")


@router.post("/sign-out")
async def sign_out(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """Ends this session here and in the record."""
    await end(desk.database, token_in(request, desk.base_url) or "")
    await write_down(desk.database, Seen.SIGNED_OUT, person=caller.actor.id, address=address_of(request))
    return _out(desk)


@router.get("/account")
async def account(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """The password, all sessions, and for the desk whether single keys act in the console."""
    return await _account(request, desk, caller)


@router.post("/account/password")
async def change_password(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """Needs the present password: an open browser is not enough. Ends all sessions but this one, which is renewed."""
    form, address = await form_of(request), address_of(request)
    missing = None
    found = await right_password(desk.database, caller.actor.id, form.get("present", ""), address)
    if found.person is None:
        missing = caller.say("slowed_down" if found.is_slowed_down else "present_is_wrong")
    else:
        try:
            await _choose(desk, caller.actor.id, form, address)
        except WeakPasswordError as error:
            missing = _weak(error, caller.say)
    if missing:
        return await _account(request, desk, caller, 422, missing)
    return await _let_in(request, desk, caller.actor.id, "password", "/account")


@router.post("/account/sessions")
async def end_sessions(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """Signs out everywhere."""
    ended = await end_all(desk.database, caller.actor.id)
    await write_down(desk.database, Seen.SESSIONS_ENDED, person=caller.actor.id, address=address_of(request), detail=f"{ended} sessions")
    return _out(desk)


def _out(desk: Desk) -> Response:
    """Nothing of theirs stays on the machine: no cookie, and no draft of a report. The page that follows throws drafts away too, where only it can."""
    response = RedirectResponse(f"{_base(desk)}/sign-in?out=yes", 303, {"Clear-Site-Data": '"storage"'})
    take_back(response, desk.base_url)
    return response


def _weak(error: WeakPasswordError, say: Sentences) -> str:
    return say(f"weak_{error.weakness}", shortest=str(SHORTEST), longest=str(LONGEST), variety=str(LEAST_VARIETY))


async def _choose(desk: Desk, person: str, form: dict[str, str], address: str) -> None:
    """Raises WeakPasswordError also where the two do not agree."""
    if form.get("password", "") != form.get("again", ""):
        raise WeakPasswordError(Weakness.AGAIN)
    await set_password(desk.database, person, form.get("password", ""))
    await end_all(desk.database, person)
    await write_down(desk.database, Seen.PASSWORD_SET, person=person, address=address)


async def _let_in(request: Request, desk: Desk, person: str, way: str, back_to: str) -> Response:
    token = await begin(desk.database, person, way, datetime.now(UTC), instead_of=token_in(request, desk.base_url))
    await write_down(desk.database, Seen.SIGNED_IN, person=person, address=address_of(request), detail=way)
    response = RedirectResponse(_base(desk) + (back_to if _OURS.fullmatch(back_to) else "/welcome"), 303)
    hand_out(response, token, desk.base_url)
    return response


@router.get("/welcome")
async def welcome(desk: TheDesk, caller: Someone) -> Response:
    """To the place where this person works: the console, or the portal."""
    return RedirectResponse(_base(desk) + ("/console" if caller.is_staff else "/portal"), 303)


async def _account(request: Request, desk: Desk, caller: Caller, status: int = 200, missing: str | None = None) -> Response:
    has_keys = not await has_declined(desk.database, caller.actor.id, NO_KEYS)
    facts = {"caller": caller, "say": caller.say, "missing": missing, "shortest": SHORTEST, "has_keys": has_keys}
    return page(request, "door/account.html", status, PRIVATE, **facts)


def _door(request: Request, desk: Desk, status: int = 200, **more: Any) -> Response:
    back_to = more.pop("back_to", "")
    known = {"say": said_to(request), "missing": None, "name": "", "has_relay": _has_relay(desk), "is_signed_out": False}
    facts = known | {"next": back_to if _OURS.fullmatch(back_to) else ""} | more
    return page(request, "door/sign_in.html", status, SCRIPTED if facts["is_signed_out"] else PRIVATE, **facts)


def _link_page(request: Request, link: OneTimeLink | None, status: int = 200, missing: str | None = None) -> Response:
    if link is None:
        return page(request, "door/spent.html", 404, PRIVATE, say=said_to(request))
    facts = {"link": link, "missing": missing, "chooses": link.purpose is Purpose.INVITE, "shortest": SHORTEST}
    return page(request, "door/link.html", status, PRIVATE, say=said_to(request), **facts)


def _has_relay(desk: Desk) -> bool:
    return desk.settings.smtp_host is not None


def _base(desk: Desk) -> str:
    return urlsplit(desk.base_url).path
