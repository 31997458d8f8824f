"""Forms as browsers send them: texts only, cleaned of what nobody means to send."""

import re

from fastapi import Request

_MOST_FIELDS = 40
# Pasted text brings such characters along; nobody means them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def cleaned(text: str) -> str:
    """Without control characters, with plain line ends, without white space around it."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


async def form_of(request: Request) -> dict[str, str]:
    """The fields of the form; a field that is sent twice counts with its last value. Files are refused by the limit."""
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
        return {name: cleaned(value) for name, value in form.multi_items() if isinstance(value, str)}
