"""Forms as browsers send them: texts only, cleaned of what nobody means to send."""

import re

from fastapi import Request

_MOST_FIELDS = 120
# Pasted text brings such characters along; nobody means them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def cleaned(text: str) -> str:
    """Without control characters, with plain line ends, without white space around it."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


async def form_of(request: Request) -> dict[str, str]:
    """The fields of the form; a field that is sent twice counts with its last value. Files are refused by the limit."""
    return dict(await fields_of(request))


async def fields_of(request: Request) -> list[tuple[str, str]]:
    """The fields of the form as they were sent, for those with several choices."""
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
        return [(name, cleaned(value)) for name, value in form.multi_items() if isinstance(value, str)]
