"""Pages for people: Jinja templates with escaping on, no script, nothing from elsewhere."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.desk import desk_of
from api.figures import duration

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _in_zone(instant: datetime | str, zone: str) -> str:
    """A date and time as its reader says it: Wed 25 Nov 2026, 15:20."""
    read = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    local = read.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def _duration(minutes: float) -> str:
    """A stretch of time on the wall: 3 d 4 h."""
    return duration(minutes, is_wall=True)


_PAGES.filters["in_zone"] = _in_zone
_PAGES.filters["duration"] = _duration
# For pages behind the door. The browser names our own site when it sends their forms, and never their address to others.
PRIVATE = {"Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow"}


def page(request: Request, template: str, status: int = 200, headers: dict[str, str] | None = None, **facts: Any) -> HTMLResponse:
    """One page. Addresses in it are paths below that of the base URL of the settings; no Host header has a say in them (S15)."""
    return HTMLResponse(text(template, base=urlsplit(desk_of(request).base_url).path, **facts), status, headers)


def text(template: str, **facts: Any) -> str:
    """What a template makes of these facts, for pages that answer no request as well."""
    return _PAGES.get_template(template).render(**facts)
