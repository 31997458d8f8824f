"""The Outbox: the letters of the desk, for those who answer for them (process.md S14)."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import TypeAdapter

from activities.erasure.marks import is_pseudonym
from activities.mail.postbox import CAN_BE_RESENT, LetterState, root_of, send_again
from api.bodies import Plausible
from api.desk import Desk
from api.doorway.requests import CONTENT_POLICY
from api.forms import read_form
from api.identity import LETTER_READERS, Caller
from api.links.pages import field, foreign, is_surely_ours
from api.problems import Problem, invalid
from api.queries.letters import LetterView, Search, held_by, newest, one, sent_again
from api.rendering import PRIVATE, page
from api.routes.incidents import TheDesk
from emails.links import without_tokens

router = APIRouter(include_in_schema=False)
Reader = Annotated[Caller, Depends(LETTER_READERS)]

# A letter brings its own styles, and its frame inherits the policy of this page. Scripts stay forbidden: by the policy and by the frame.
_LETTER_POLICY = CONTENT_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Plausible)
# In these states nobody else has the letter: the Outbox is where its reader reads it.
_STILL_HERE = (LetterState.KEPT,)
# What has been written, and is shown unless it was erased.
_WENT_OUT = (LetterState.SENT, LetterState.KEPT)
_LONGEST_COUNT = 4


@router.get("/outbox")
async def outbox(
    request: Request, caller: Reader, desk: TheDesk, number: str = "", person: str = "", state: str = "", before: str | None = None
) -> Response:
    """Letters newest first, all of them or those of an incident, of a person, in a state."""
    wanted = {name: _typed(value) for name, value in (("number", number), ("person", person), ("state", state))}
    letters, more = await newest(desk.database, Search(**wanted, before=_place(before) if before else None))
    chosen = {name: value for name, value in wanted.items() if value}
    older = urlencode(chosen | {"before": f"{letters[-1].at.isoformat()} {letters[-1].key}"}) if more else None
    facts: dict[str, Any] = {
        "caller": caller,
        "letters": letters,
        "older": older,
        "has_relay": desk.settings.smtp_host is not None,
        "wanted": wanted,
        "states": list(LetterState),
    }
    return page(request, "outbox.html", headers=PRIVATE, **facts)


@router.get("/outbox/{key:path}")
async def letter(request: Request, caller: Reader, desk: TheDesk, key: str) -> Response:
    """One letter: its headers, its text, its HTML in a frame that can run nothing."""
    found = await _found(desk, key)
    links_work = found.state in _STILL_HERE and desk.settings.smtp_host is None
    text, html, headers = (
        each if links_work or each is None else without_tokens(each, "…") for each in (found.text, found.html, found.headers)
    )
    again = await sent_again(desk.database, root_of(key))
    is_erased = found.text is None and (found.state in _WENT_OUT or is_pseudonym(found.recipient))
    facts: dict[str, Any] = {
        "caller": caller,
        "letter": found,
        "text": text,
        "html": f'<base target="_blank">{html}' if html is not None else None,
        "sent_headers": headers,
        "links_work": links_work,
        "held": await held_by(desk.database, root_of(key)),
        "again": [each for each in again if each.key != key],
        "is_erased": is_erased,
        "next_count": len(again) + 1 if found.state in CAN_BE_RESENT and not is_erased else None,
    }
    return page(request, "outbox_letter.html", headers=PRIVATE | {"Content-Security-Policy": _LETTER_POLICY}, **facts)


@router.post("/outbox/{key:path}")
async def send_once_more(request: Request, caller: Reader, desk: TheDesk, key: str) -> Response:
    """Owes the letter once more, in the name of who asked for it; the form counts, so that pressing twice sends once."""
    if not is_surely_ours(request, desk):
        return foreign(request)
    found = await _found(desk, key)
    async with read_form(request, 10) as form:
        count = field(form, "count")
    if len(count) > _LONGEST_COUNT or not count.isdecimal() or not 0 < int(count) <= len(await sent_again(desk.database, root_of(key))) + 1:
        raise invalid("count", "Must come from the form on the page of the letter")
    again = await send_again(desk.database, found.key, int(count), caller.actor.id, datetime.now(UTC))
    if again is None:
        raise Problem("letter-under-way")
    return RedirectResponse(f"{desk.path}/outbox/{quote(again)}", 303)


async def _found(desk: Desk, key: str) -> LetterView:
    found = await one(desk.database, key) if key.isprintable() else None
    if found is None:
        raise Problem("not-found")
    return found


def _typed(value: str) -> str | None:
    """What somebody typed into a field to look for; PostgreSQL knows no NUL."""
    return value.replace("\x00", "").strip()[:300] or None


def _place(before: str) -> tuple[datetime, str]:
    instant, _, key = before.partition(" ")
    try:
        return _INSTANT.validate_python(instant), key.replace("\x00", "")
    except ValueError:
        raise invalid("before", "Must come from the link to older letters") from None
