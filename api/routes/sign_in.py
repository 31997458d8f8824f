"""The door for people in browsers: sign in with a password or a one-time link, sign out, change the password (process.md S22)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from activities.accounts import OneTimeLink, Purpose, read_link, set_password, use_link
from activities.passwords import SHORTEST, WeakPasswordError
from activities.preferences import NO_KEYS
from activities.security_log import Seen, note_foreign_form, write_down
from activities.sessions import end, end_all
from api.cookies import address_of, take_back, token_in
from api.desk import Desk
from api.door import ask_for_a_link, right_password
from api.entrance import let_in, ours, path_of
from api.forms import form_of
from api.identity import PUBLIC, SIGNED_IN, Caller
from api.origin import comes_from_elsewhere
from api.problems import Problem
from api.queries.links import has_declined
from api.rendering import PRIVATE, page
from api.routes.incidents import TheDesk

router = APIRouter(include_in_schema=False)
_FAILED = "That did not work. Check the name and the password, or ask for a link by mail."
_SLOW = "There were too many tries. Wait a quarter of an hour, or ask for a link by mail."
Someone = Annotated[Caller, Depends(SIGNED_IN)]


async def _from_our_pages(request: Request, desk: TheDesk) -> None:
    """Another site must not sign somebody in either, as somebody else."""
    request.state.is_for_people = True
    if comes_from_elsewhere(request, desk.base_url):
        await note_foreign_form(desk.database, address_of(request), datetime.now(UTC))
        raise Problem("foreign-form")


@router.get("/sign-in", dependencies=[Depends(PUBLIC)])
async def door(request: Request, desk: TheDesk, next: str = "", left: str = "") -> Response:  # noqa: A002 -- the name in the address
    """Name and password, or a link by mail, or an identity provider; who just ``left`` is told where else they may still be signed in."""
    way_out = await desk.provider.way_out() if left and desk.provider else None
    return _door(request, desk, back_to=next, way_out=way_out, left=bool(left))


@router.post("/sign-in", dependencies=[Depends(PUBLIC), Depends(_from_our_pages)])
async def sign_in(request: Request, desk: TheDesk) -> Response:
    """With the password; or asks for a link, and then says the same whether anybody has that name."""
    form, address = await form_of(request), address_of(request)
    name, back_to = form.get("name", "")[:320], form.get("next", "")
    if not name:
        return _door(request, desk, 422, missing="Enter your name or your e-mail address.", back_to=back_to)
    if not (_takes_passwords(desk) if form.get("how") != "link" else desk.settings.oidc_only != "everything"):
        return _door(request, desk, 403, missing=f"This way is closed here. Sign in with {desk.settings.oidc_label}.", back_to=back_to)
    if form.get("how") == "link":
        is_too_much = not await ask_for_a_link(desk.database, name, address)
        return page(request, "door/sent.html", 429 if is_too_much else 200, PRIVATE, is_too_much=is_too_much, has_relay=_has_relay(desk))
    found = await right_password(desk.database, name, form.get("password", ""), address)
    if found.person is None:
        status, missing = (429, _SLOW) if found.is_slowed_down else (401, _FAILED)
        return _door(request, desk, status, missing=missing, name=name, back_to=back_to)
    return await let_in(request, desk, found.person, "password", back_to)


@router.api_route("/sign-in/link/{token}", methods=["GET", "HEAD"], dependencies=[Depends(PUBLIC)])
async def open_link(request: Request, desk: TheDesk, token: str) -> Response:
    """Shows who the link is for and changes nothing: programs that follow links in letters use nothing up."""
    link = await read_link(desk.database, token, datetime.now(UTC))
    return _link_page(request, desk, link)


@router.post("/sign-in/link/{token}", dependencies=[Depends(PUBLIC), Depends(_from_our_pages)])
async def use(request: Request, desk: TheDesk, token: str) -> Response:
    """Signs in, once, whoever says that it is them; with an invitation, after a password is chosen."""
    form, now = await form_of(request), datetime.now(UTC)
    link = await read_link(desk.database, token, now)
    if link is None:
        return _link_page(request, desk, None)
    if form.get("me") != "yes":
        return _link_page(request, desk, link, 422, missing="Confirm that it is you. Nothing was done yet.")
    if link.purpose is Purpose.INVITE and _takes_passwords(desk):
        try:
            await _choose(desk, link.person, form, address_of(request))
        except WeakPasswordError as error:
            return _link_page(request, desk, link, 422, missing=str(error))
    if not await use_link(desk.database, token, now):
        return _link_page(request, desk, None)
    return await let_in(request, desk, link.person, link.purpose.value, "")


@router.post("/sign-out")
async def sign_out(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """Ends this session here and in the record."""
    way = await end(desk.database, token_in(request, desk.base_url) or "")
    await write_down(desk.database, Seen.SIGNED_OUT, person=caller.actor.id, address=address_of(request))
    response = RedirectResponse(f"{path_of(desk)}/sign-in{'?left=yes' if way == 'oidc' else ''}", 303)
    take_back(response, desk.base_url)
    return response


@router.get("/account")
async def account(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """The password, all sessions, and for the desk whether single keys act in the console."""
    return await _account(request, desk, caller)


@router.post("/account/password")
async def change_password(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """Needs the present password: an open browser is not enough. Ends all sessions but this one, which is renewed."""
    form, address = await form_of(request), address_of(request)
    missing = None
    if not _takes_passwords(desk):
        raise Problem("not-allowed")
    found = await right_password(desk.database, caller.actor.id, form.get("present", ""), address)
    if found.person is None:
        missing = _SLOW if found.is_slowed_down else "The present password is another one."
    else:
        try:
            await _choose(desk, caller.actor.id, form, address)
        except WeakPasswordError as error:
            missing = str(error)
    if missing:
        return await _account(request, desk, caller, 422, missing)
    return await let_in(request, desk, caller.actor.id, "password", "/account")


@router.post("/account/sessions")
async def end_sessions(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """Signs out everywhere."""
    ended = await end_all(desk.database, caller.actor.id)
    await write_down(desk.database, Seen.SESSIONS_ENDED, person=caller.actor.id, address=address_of(request), detail=f"{ended} sessions")
    response = RedirectResponse(f"{path_of(desk)}/sign-in", 303)
    take_back(response, desk.base_url)
    return response


async def _choose(desk: Desk, person: str, form: dict[str, str], address: str) -> None:
    """Raises WeakPasswordError also where the two do not agree."""
    if form.get("password", "") != form.get("again", ""):
        raise WeakPasswordError("The two passwords are not the same.")
    await set_password(desk.database, person, form.get("password", ""))
    await end_all(desk.database, person)
    await write_down(desk.database, Seen.PASSWORD_SET, person=person, address=address)


@router.get("/welcome")
async def welcome(desk: TheDesk, caller: Someone) -> Response:
    """To the place where this person works: the console, or the portal."""
    return RedirectResponse(path_of(desk) + ("/console" if caller.is_staff else "/portal"), 303)


async def _account(request: Request, desk: Desk, caller: Caller, status: int = 200, missing: str | None = None) -> Response:
    has_keys = not await has_declined(desk.database, caller.actor.id, NO_KEYS)
    known = {"shortest": SHORTEST, "has_keys": has_keys, "passwords": _takes_passwords(desk)}
    return page(request, "door/account.html", status, PRIVATE, caller=caller, missing=missing, **known)


def _door(request: Request, desk: Desk, status: int = 200, **more: Any) -> Response:
    back_to = more.pop("back_to", "")
    known = {"missing": None, "name": "", "has_relay": _has_relay(desk), "next": ours(back_to), "way_out": None, "left": False}
    ways = {"only": desk.settings.oidc_only, "provider": desk.settings.oidc_label if desk.provider else None}
    return page(request, "door/sign_in.html", status, PRIVATE, **known | ways | more)


def _link_page(request: Request, desk: Desk, link: OneTimeLink | None, status: int = 200, missing: str | None = None) -> Response:
    if link is None:
        return page(request, "door/spent.html", 404, PRIVATE)
    chooses = link.purpose is Purpose.INVITE and _takes_passwords(desk)
    return page(request, "door/link.html", status, PRIVATE, link=link, missing=missing, chooses=chooses, shortest=SHORTEST)


def _has_relay(desk: Desk) -> bool:
    return desk.settings.smtp_host is not None


def _takes_passwords(desk: Desk) -> bool:
    return desk.settings.oidc_only == "no"
