"""API keys of everybody: seen and closed, and made for integrations (process.md S22). A secret is shown once."""

import secrets
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from activities.access.keys import IssuedKey, KeyMadeBeforeError, KeyRefusedError, issue_key, list_keys, revoke_key
from api.administration import Admin, Filled, Occasion, Sheet, admin_page, hand_of, key_in, leads_to, occasion
from api.desk import Desk
from api.identity import Caller
from api.key_forms import ENDS, MADE_BEFORE, ends_at
from api.problems import Problem
from api.queries.queues import names_of
from api.routes.incidents import TheDesk
from workflows.vocabulary import Role

router = APIRouter(prefix="/admin/keys", include_in_schema=False)
_ROLES = [(role.value, role.value.replace("_", " ").capitalize()) for role in Role]


@router.get("")
async def keys(request: Request, desk: TheDesk, caller: Admin, owner: str = "", closed: str = "", done: str = "") -> Response:
    """Keys in force, newest first, of everybody or of one owner; with ``closed`` also those that open nothing any more."""
    return await _page(request, desk, caller, occasion(done), owner=owner[:100], shows_closed=closed == "yes")


@router.post("")
async def make(request: Request, desk: TheDesk, caller: Admin, sheet: Filled) -> Response:
    """A key for an integration, with roles of its own; shown on this page and never again."""
    now = datetime.now(UTC)
    wrong = {} if sheet.all("roles") else {"roles": "Choose at least one role: without one the key opens nothing."}
    wrong |= {} if set(sheet.all("roles")) <= set(Role) else {"roles": "Choose among these roles."}
    if wrong:
        return await _page(request, desk, caller, Occasion(422, wrong=wrong, sheet=sheet))
    try:
        made = await issue_key(
            desk.database,
            integration=sheet["integration"],
            roles=tuple(Role(role) for role in sheet.all("roles")),
            label=sheet["label"][:100],
            ends_at=ends_at(sheet, now),
            by=hand_of(request, caller),
            form=sheet["nonce"] or None,
        )
    except KeyMadeBeforeError:
        return await _page(request, desk, caller, Occasion(409, missing=MADE_BEFORE))
    except KeyRefusedError as error:
        says = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return await _page(request, desk, caller, Occasion(422, wrong={"integration": says}, sheet=sheet))
    return await _page(request, desk, caller, Occasion(), made=made)


@router.post("/{key}/revocation")
async def close(request: Request, desk: TheDesk, caller: Admin, key: str) -> Response:
    """Closes a key, whoever owns it."""
    if not await revoke_key(desk.database, key_in(key), by=hand_of(request, caller)):
        raise Problem("not-found")
    return leads_to(desk, "admin", "keys", done="revoked")


async def _page(
    request: Request,
    desk: Desk,
    caller: Caller,
    why: Occasion,
    *,
    owner: str = "",
    shows_closed: bool = False,
    made: IssuedKey | None = None,
) -> Response:
    now = datetime.now(UTC)
    found = [each for each in reversed(await list_keys(desk.database)) if owner in ("", each.owner)]
    sheet = why.sheet or Sheet()
    return admin_page(
        request,
        caller,
        "keys",
        "keys",
        why,
        lines=[each for each in found if shows_closed or each.is_open(now)],
        closed=sum(not each.is_open(now) for each in found),
        shows_closed=shows_closed,
        owner=owner,
        names=await names_of(desk.database, {each.person for each in found if each.person}),
        now=now,
        made=made,
        typed={"ends": ENDS[0][0]} | sheet.typed(),
        chosen={"roles": sheet.all("roles")},
        roles=_ROLES,
        ends=ENDS,
        nonce=secrets.token_urlsafe(12),
    )
