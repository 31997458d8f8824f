"""What all pages behind links in letters have in common (process.md S15)."""

from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from api.desk import Desk
from api.rendering import page

UNINDEXED = {"X-Robots-Tag": "noindex, nofollow"}


def neutral(request: Request) -> HTMLResponse:
    """The page of every link that does not hold, whatever is wrong with it."""
    return page(request, "neutral.html", 404, UNINDEXED)


def foreign(request: Request) -> HTMLResponse:
    """The page for a form that another site has sent."""
    return page(request, "foreign.html", 403, UNINDEXED)


def field(form: FormData, name: str) -> str:
    """A text field of a form; empty where there is none, or a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def comes_from_elsewhere(request: Request, desk: Desk) -> bool:
    """Whether a browser says that another site sent the form. A page without referrer sends ``Origin: null``: that is ours (S15)."""
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched not in ("same-origin", "none")
    origin, ours = request.headers.get("origin", "null"), urlsplit(desk.base_url)
    return origin not in ("null", f"{ours.scheme}://{ours.netloc}")
