"""The Outbox: the letters of the desk, for those who answer for them (process.md S14)."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import TypeAdapter

from api.bodies import Plausible
from api.doorway import CONTENT_POLICY
from api.identity import LETTER_READERS, Caller
from api.problems import Problem, invalid
from api.queries.letters import newest, one
from api.rendering import page
from api.routes.incidents import TheDesk

router = APIRouter(include_in_schema=False)
Reader = Annotated[Caller, Depends(LETTER_READERS)]

# A letter brings its own styles, and its frame inherits the policy of this page. Scripts stay forbidden: by the policy and by the frame.
_LETTER_POLICY = CONTENT_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_TOKEN = re.compile(r"(/l/)[A-Za-z0-9_.~=-]+")
# In these states nobody else has the letter: the Outbox is where its reader reads it.
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Plausible)
_STILL_HERE = ("kept",)


@router.get("/outbox")
async def outbox(request: Request, _: Reader, desk: TheDesk, before: str | None = None) -> Response:
    """Letters newest first."""
    letters, more = await newest(desk.database, _place(before) if before else None)
    older = f"{letters[-1].at.isoformat()} {letters[-1].key}" if more else None
    return page(request, "outbox.html", letters=letters, older=older, has_relay=desk.settings.smtp_host is not None)


@router.get("/outbox/{key:path}")
async def letter(request: Request, _: Reader, desk: TheDesk, key: str) -> Response:
    """One letter: its headers, its text, its HTML in a frame that can run nothing."""
    found = await one(desk.database, key) if key.isprintable() else None
    if found is None:
        raise Problem("not-found")
    links_work = found.state in _STILL_HERE
    text, html = (each if links_work or each is None else _TOKEN.sub(r"\1…", each) for each in (found.text, found.html))
    framed = f'<base target="_blank">{html}' if html is not None else None
    policy = {"Content-Security-Policy": _LETTER_POLICY}
    return page(request, "outbox_letter.html", headers=policy, letter=found, text=text, html=framed, links_work=links_work)


def _place(before: str) -> tuple[datetime, str]:
    instant, _, key = before.partition(" ")
    try:
        return _INSTANT.validate_python(instant), key.replace("\x00", "")
    except ValueError:
        raise invalid("before", "Must come from the link to older letters") from None
