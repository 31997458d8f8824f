"""Forms as browsers send them: texts only, cleaned of what nobody means to send."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import FormData

from api.problems import Problem

_MOST_FIELDS = 120
# Pasted text brings such characters along; nobody means them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def cleaned(text: str) -> str:
    """Without control characters, with plain line ends, without white space around it."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


@asynccontextmanager
async def read_form(request: Request, most_fields: int) -> AsyncIterator[FormData]:
    """The form that was sent, without files. Raises Problem where it is no text, whatever encoding it says it has."""
    try:
        form = await request.form(max_files=0, max_fields=most_fields)
    except UnicodeError:
        raise Problem("malformed-request") from None
    try:
        yield form
    finally:
        await form.close()


async def form_of(request: Request) -> dict[str, str]:
    """The fields of the form; a field that is sent twice counts with its last value. Files are refused by the limit."""
    return dict(await fields_of(request))


async def fields_of(request: Request) -> list[tuple[str, str]]:
    """The fields of the form as they were sent, for those with several choices."""
    async with read_form(request, _MOST_FIELDS) as form:
        return [(name, cleaned(value)) for name, value in form.multi_items() if isinstance(value, str)]
