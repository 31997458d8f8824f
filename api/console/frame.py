"""What every page of the console has around it: the reader's habits, and leave to run our own scripts (process.md S22)."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from activities.mail.preferences import NO_KEYS
from api.desk import Desk
from api.identity import Caller
from api.queries.links import has_declined
from api.rendering import SCRIPTED, page


async def console_page(request: Request, desk: Desk, caller: Caller, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
    """A page of the console for this reader."""
    has_keys = not await has_declined(desk.database, caller.actor.id, NO_KEYS)
    return page(request, f"console/{template}.html", status, SCRIPTED, caller=caller, has_keys=has_keys, **facts)
