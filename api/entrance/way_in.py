"""Where everybody ends who has shown who they are, whatever the way: a new session, and on to a page of ours (process.md S22)."""

import re
from datetime import UTC, datetime

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from activities.access.security_log import Seen, write_down
from activities.access.sessions import begin
from api.desk import Desk
from api.entrance.cookies import address_of, hand_out, token_in

# Only pages of our own: a sign-in page must not lead elsewhere.
_OURS = re.compile(r"/(portal|console|account|figures|situation|plan|admin)(?=[/?.]|$)[A-Za-z0-9/_.-]*(\?[A-Za-z0-9=&%+*_.-]*)?")
_LONGEST = 500


def ours(back_to: str) -> str:
    """The page to go on to, or nothing where it is none of ours."""
    return back_to if len(back_to) <= _LONGEST and _OURS.fullmatch(back_to) else ""


async def let_in(request: Request, desk: Desk, person: str, way: str, back_to: str) -> Response:
    """A session for this person instead of the one the browser brought, written down, and on to the page they wanted."""
    token = await begin(desk.database, person, way, datetime.now(UTC), instead_of=token_in(request, desk.base_url))
    await write_down(desk.database, Seen.SIGNED_IN, person=person, address=address_of(request), detail=way)
    response = RedirectResponse(desk.path + (ours(back_to) or "/welcome"), 303)
    hand_out(response, token, desk.base_url)
    return response
