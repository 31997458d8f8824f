"""Pages for people: Jinja templates with escaping on, no script in them, nothing from elsewhere."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from activities.erasure.marks import ERASED
from api.assets import address
from api.desk import desk_of
from api.doorway.requests import WITH_SCRIPTS
from api.figures.presented import duration
from api.sentences import sentences_in
from emails.languages import FALLBACK


@pass_context
def _in_words(context: Context, value: Any) -> Any:
    """What was erased is said in the language of the page; everything else as it is."""
    return context["say"]("erased") if value == ERASED else value


_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    finalize=_in_words,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _in_zone(instant: datetime | str, zone: str) -> str:
    """A date and time as its reader says it: Wed 25 Nov 2026, 15:20."""
    return sentences_in(FALLBACK).short(instant, zone)


def _duration(minutes: float) -> str:
    """A stretch of time on the wall: 3 d 4 h."""
    return duration(minutes, is_wall=True)


_PAGES.filters["in_zone"] = _in_zone
_PAGES.filters["duration"] = _duration
# htmx evaluates nothing, asks nobody but us, adds no styles, and keeps no pages in the browser. Who is signed out is told so in the page.
_HTMX = {
    "selfRequestsOnly": True,
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "historyEnabled": False,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..|401", "swap": True},
        {"code": "...", "swap": False, "error": True},
    ],
}
# A page that says nothing else speaks English: the console does, and what machines and operators read.
_PAGES.globals |= {"asset": address, "say": sentences_in(FALLBACK), "htmx_config": json.dumps(_HTMX)}
# For pages behind the door. The browser names our own site when it sends their forms, and never their address to others.
PRIVATE = {"Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow"}
# The same for pages with scripts of ours.
SCRIPTED = PRIVATE | {"Content-Security-Policy": WITH_SCRIPTS}


def page(request: Request, template: str, status: int = 200, headers: dict[str, str] | None = None, **facts: Any) -> HTMLResponse:
    """One page. Addresses in it are paths below that of the base URL of the settings; no Host header has a say in them (S15)."""
    return HTMLResponse(text(template, base=desk_of(request).path, **facts), status, headers)


def text(template: str, **facts: Any) -> str:
    """What a template makes of these facts, for pages that answer no request as well."""
    return _PAGES.get_template(template).render(**facts)
