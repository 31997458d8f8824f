"""How people like to work: with single keys in the console, or without (process.md S22). Kept with the person, not in one browser."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from activities.mail.preferences import NO_KEYS, decline, want_again
from api.forms import form_of
from api.identity import STAFF_SIGNED_IN, Caller
from api.routes.incidents import TheDesk

router = APIRouter(prefix="/account", include_in_schema=False)


@router.post("/keys")
async def keys(request: Request, desk: TheDesk, caller: Annotated[Caller, Depends(STAFF_SIGNED_IN)]) -> Response:
    """Switches single keys on or off. Anything else than "on" means off: whoever presses a key by mistake is better off without."""
    if (await form_of(request)).get("keys") == "on":
        await want_again(desk.database, caller.actor.id, NO_KEYS)
    else:
        await decline(desk.database, caller.actor.id, NO_KEYS, datetime.now(UTC))
    return RedirectResponse(f"{desk.path}/account#keys", 303)
