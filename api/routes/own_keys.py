"""One's own API keys, made, seen and closed by their owner (process.md S22). A key opens what its owner may do, and can make no other key."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from activities.access.keys import IssuedKey, KeyMadeBeforeError, count_open_keys, issue_key, list_keys, revoke_key
from api.administration import Filled, Occasion, hand_of, key_in, leads_to, occasion
from api.desk import Desk
from api.entrance.cookies import address_of, token_in
from api.entrance.door import right_password
from api.identity import SIGNED_IN, Caller
from api.key_forms import ENDS, MADE_BEFORE, ends_at
from api.problems import Problem
from api.queries.sessions import began_lately, has_password
from api.rendering import PRIVATE, page
from api.routes.incidents import TheDesk

router = APIRouter(prefix="/account/api-keys", include_in_schema=False)
Someone = Annotated[Caller, Depends(SIGNED_IN)]
MOST_KEYS = 20
_TOO_MANY = f"You have {MOST_KEYS} keys in force. Close one that is no longer needed first."
_WRONG_PASSWORD = "That is not your current password. No key was made."  # noqa: S105 -- a sentence
_SLOW = "There were too many attempts. Wait a quarter of an hour. No key was made."
_SIGN_IN_ANEW = (
    "Sign out and in again, then make the key within a quarter of an hour: an open browser alone is not enough. No key was made."
)


@router.get("")
async def keys(request: Request, desk: TheDesk, caller: Someone, done: str = "") -> Response:
    """My keys, newest first."""
    return await _page(request, desk, caller, occasion(done))


@router.post("")
async def make(request: Request, desk: TheDesk, caller: Someone, sheet: Filled) -> Response:
    """A key of my own; shown on this page and never again. Needs the password, or, for who has none, a fresh session."""
    now, person = datetime.now(UTC), caller.actor.id
    if (wrong := await _doubts(request, desk, caller, sheet["password"], now)) is not None:
        return await _page(request, desk, caller, wrong, label=sheet["label"][:100])
    if await count_open_keys(desk.database, person, now) >= MOST_KEYS:
        return await _page(request, desk, caller, Occasion(409, missing=_TOO_MANY), label=sheet["label"][:100])
    try:
        made = await issue_key(
            desk.database,
            person=person,
            label=sheet["label"][:100],
            ends_at=ends_at(sheet, now),
            by=hand_of(request, caller),
            form=sheet["nonce"] or None,
        )
    except KeyMadeBeforeError:
        return await _page(request, desk, caller, Occasion(409, missing=MADE_BEFORE))
    return await _page(request, desk, caller, Occasion(), made=made)


@router.post("/{key}/revocation")
async def close(request: Request, desk: TheDesk, caller: Someone, key: str) -> Response:
    """Closes one of my keys; one of somebody else is answered as one that does not exist."""
    if not await revoke_key(desk.database, key_in(key), person=caller.actor.id, by=hand_of(request, caller)):
        raise Problem("not-found")
    return leads_to(desk, "account", "api-keys", done="revoked")


async def _doubts(request: Request, desk: Desk, caller: Caller, password: str, now: datetime) -> Occasion | None:
    if await has_password(desk.database, caller.actor.id):
        knock = await right_password(desk.database, caller.actor.id, password, address_of(request))
        if knock.person == caller.actor.id:
            return None
        return Occasion(429 if knock.is_slowed_down else 422, wrong={"password": _SLOW if knock.is_slowed_down else _WRONG_PASSWORD})
    if await began_lately(desk.database, token_in(request, desk.base_url) or "", now):
        return None
    return Occasion(409, missing=_SIGN_IN_ANEW)


async def _page(request: Request, desk: Desk, caller: Caller, why: Occasion, *, made: IssuedKey | None = None, label: str = "") -> Response:
    now = datetime.now(UTC)
    found = [each for each in reversed(await list_keys(desk.database, caller.actor.id)) if each.is_open(now)]
    return page(
        request,
        "account/keys.html",
        why.status,
        PRIVATE,
        caller=caller,
        why=why,
        wrong=why.wrong,
        typed={"label": label, "ends": ENDS[0][0]},
        lines=found,
        made=made,
        ends=ENDS,
        needs_password=await has_password(desk.database, caller.actor.id),
        nonce=secrets.token_urlsafe(12),
        now=now,
    )
