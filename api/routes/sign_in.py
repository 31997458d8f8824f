"""The door for people in browsers: sign in with a password or a one-time link, sign out, change the password (process.md S22)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from activities.access.accounts import OneTimeLink, Purpose, read_link, set_password, use_link
from activities.access.passwords import LONGEST, SHORTEST, Weakness, WeakPasswordError
from activities.access.security_log import Seen, note_foreign_form, write_down
from activities.access.sessions import end, end_all
from activities.mail.preferences import NO_KEYS
from api.desk import Desk
from api.entrance.cookies import address_of, take_back, token_in
from api.entrance.door import ask_for_a_link, right_password
from api.entrance.origin import comes_from_elsewhere
from api.entrance.way_in import let_in, ours
from api.forms import form_of
from api.identity import PUBLIC, SIGNED_IN, Caller
from api.problems import Problem
from api.queries.links import has_declined
from api.rendering import PRIVATE, SCRIPTED, page
from api.routes.incidents import TheDesk
from api.sentences import Sentences, said_to
from workflows.counting import counted

router = APIRouter(include_in_schema=False)
Someone = Annotated[Caller, Depends(SIGNED_IN)]


async def _from_our_pages(request: Request, desk: TheDesk) -> None:
    """Another site must not sign somebody in either, as somebody else."""
    request.state.is_for_people = True
    if comes_from_elsewhere(request, desk.base_url):
        await note_foreign_form(desk.database, address_of(request), datetime.now(UTC))
        raise Problem("foreign-form")


@router.get("/sign-in", dependencies=[Depends(PUBLIC)])
async def door(request: Request, desk: TheDesk, next: str = "", out: str = "", way: str = "") -> Response:  # noqa: A002 -- the name in the address
    """Name and password, a link by mail, or an identity provider. ``out``: somebody just signed out here, who had come in by this ``way``."""
    is_signed_out = out == "yes"
    way_out = await desk.provider.way_out() if is_signed_out and way == "oidc" and desk.provider else None
    return _door(request, desk, back_to=next, is_signed_out=is_signed_out, way_out=way_out)


@router.post("/sign-in", dependencies=[Depends(PUBLIC), Depends(_from_our_pages)])
async def sign_in(request: Request, desk: TheDesk) -> Response:
    """With the password; or asks for a link, and then says the same whether anybody has that name."""
    form, address, say = await form_of(request), address_of(request), said_to(request)
    name, back_to = form.get("name", "")[:320], form.get("next", "")
    if not name:
        return _door(request, desk, 422, missing=say("name_needed"), back_to=back_to)
    if not (_takes_passwords(desk) if form.get("how") != "link" else desk.settings.oidc_only != "everything"):
        return _door(request, desk, 403, missing=say("way_closed", label=desk.settings.oidc_label), back_to=back_to)
    if form.get("how") == "link":
        is_too_much = not await ask_for_a_link(desk.database, name, address)
        facts = {"say": say, "is_too_much": is_too_much, "has_relay": _has_relay(desk)}
        return page(request, "door/sent.html", 429 if is_too_much else 200, PRIVATE, **facts)
    found = await right_password(desk.database, name, form.get("password", ""), address)
    if found.person is None:
        status, missing = (429, "slowed_down") if found.is_slowed_down else (401, "sign_in_failed")
        return _door(request, desk, status, missing=say(missing), name=name, back_to=back_to)
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
        return _link_page(request, desk, link, 422, missing=said_to(request)("confirm_you"))
    if link.purpose is Purpose.INVITE and _takes_passwords(desk):
        try:
            await _choose(desk, link.person, form, address_of(request))
        except WeakPasswordError as error:
            return _link_page(request, desk, link, 422, missing=_weak(error, said_to(request)))
    if not await use_link(desk.database, token, now):
        return _link_page(request, desk, None)
    return await let_in(request, desk, link.person, link.purpose.value, "")


@router.post("/sign-out")
async def sign_out(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """Ends this session here and in the record."""
    way = await end(desk.database, token_in(request, desk.base_url) or "")
    await write_down(desk.database, Seen.SIGNED_OUT, person=caller.actor.id, address=address_of(request))
    return _out(desk, way)


@router.get("/account")
async def account(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """The password, all sessions, and for the desk whether single keys act in the console."""
    return await _account(request, desk, caller)


@router.post("/account/password")
async def change_password(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """Needs the current password: an open browser is not enough. Ends all sessions but this one, which is renewed."""
    if not _takes_passwords(desk):
        raise Problem("not-allowed")
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
    return await let_in(request, desk, caller.actor.id, "password", "/account")


@router.post("/account/sessions")
async def end_sessions(request: Request, desk: TheDesk, caller: Someone) -> Response:
    """Signs out everywhere."""
    ended = await end_all(desk.database, caller.actor.id)
    await write_down(
        desk.database, Seen.SESSIONS_ENDED, person=caller.actor.id, address=address_of(request), detail=counted(ended, "session")
    )
    return _out(desk)


def _out(desk: Desk, way: str | None = None) -> Response:
    """Nothing of theirs stays on the machine: no cookie, and no draft of a report. The page that follows throws drafts away too, where only it can."""
    by_provider = "&way=oidc" if way == "oidc" else ""
    response = RedirectResponse(f"{desk.path}/sign-in?out=yes{by_provider}", 303, {"Clear-Site-Data": '"storage"'})
    take_back(response, desk.base_url)
    return response


def _weak(error: WeakPasswordError, say: Sentences) -> str:
    return say(f"weak_{error.weakness}", shortest=str(SHORTEST), longest=str(LONGEST))


async def _choose(desk: Desk, person: str, form: dict[str, str], address: str) -> None:
    """Raises WeakPasswordError also where the two do not agree."""
    if form.get("password", "") != form.get("again", ""):
        raise WeakPasswordError(Weakness.AGAIN)
    await set_password(desk.database, person, form.get("password", ""))
    await end_all(desk.database, person)
    await write_down(desk.database, Seen.PASSWORD_SET, person=person, address=address)


@router.get("/welcome")
async def welcome(desk: TheDesk, caller: Someone) -> Response:
    """To the place where this person works: the console, or the portal."""
    return RedirectResponse(desk.path + ("/console" if caller.is_staff else "/portal"), 303)


async def _account(request: Request, desk: Desk, caller: Caller, status: int = 200, missing: str | None = None) -> Response:
    has_keys = not await has_declined(desk.database, caller.actor.id, NO_KEYS)
    facts = {"caller": caller, "say": caller.say, "missing": missing, "shortest": SHORTEST, "has_keys": has_keys}
    facts |= {"passwords": _takes_passwords(desk)}
    return page(request, "door/account.html", status, PRIVATE, **facts)


def _door(request: Request, desk: Desk, status: int = 200, **more: Any) -> Response:
    back_to = more.pop("back_to", "")
    known = {"say": said_to(request), "missing": None, "name": "", "has_relay": _has_relay(desk), "is_signed_out": False}
    ways = {"only": desk.settings.oidc_only, "provider": desk.settings.oidc_label if desk.provider else None, "way_out": None}
    facts = known | ways | {"next": ours(back_to)} | more
    return page(request, "door/sign_in.html", status, SCRIPTED if facts["is_signed_out"] else PRIVATE, **facts)


def _link_page(request: Request, desk: Desk, link: OneTimeLink | None, status: int = 200, missing: str | None = None) -> Response:
    if link is None:
        return page(request, "door/spent.html", 404, PRIVATE, say=said_to(request))
    facts = {"link": link, "missing": missing, "chooses": link.purpose is Purpose.INVITE and _takes_passwords(desk), "shortest": SHORTEST}
    return page(request, "door/link.html", status, PRIVATE, say=said_to(request), **facts)


def _has_relay(desk: Desk) -> bool:
    return desk.settings.smtp_host is not None


def _takes_passwords(desk: Desk) -> bool:
    return desk.settings.oidc_only == "no"
