"""Forms as browsers send them: texts only, cleaned of what nobody means to send."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.datastructures import FormData

from api.problems import Problem

_MOST_FIELDS = 120
# Pasted text brings such characters along; nobody means them. Half a character cannot be kept at all.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# Pages here send nothing else. The other kind lets its sender choose a codec, and some take minutes for a page of text.
_FORM = "application/x-www-form-urlencoded"


def cleaned(text: str) -> str:
    """Without control characters, with plain line ends, without white space around it."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


@asynccontextmanager
async def read_form(request: Request, most_fields: int) -> AsyncIterator[FormData]:
    """The form that was sent. Raises Problem where it is of another kind than those that pages here send."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("", _FORM):
        raise Problem("malformed-request")
    async with request.form(max_files=0, max_fields=most_fields) as form:
        yield form


async def form_of(request: Request) -> dict[str, str]:
    """The fields of the form; a field that is sent twice counts with its last value."""
    return dict(await fields_of(request))


async def fields_of(request: Request) -> list[tuple[str, str]]:
    """The fields of the form as they were sent, for those with several choices."""
    async with read_form(request, _MOST_FIELDS) as form:
        return [(name, cleaned(value)) for name, value in form.multi_items() if isinstance(value, str)]


def in_zone(local: str, zone: str) -> str:
    """A local date and time as it was typed, with its offset in that zone; what is none stays as it is, to be told to whoever typed it.

    One that has an offset already keeps it.
    """
    try:
        typed = datetime.fromisoformat(local)
    except ValueError:
        return local
    return (typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(zone))).isoformat()
