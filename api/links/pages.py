"""What all pages behind links in letters share: who reads, where a form came from, the page for links that do not hold (process.md S15)."""

from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from api.desk import Desk
from api.entrance import origin
from api.links.confirmation import PageReader
from api.problems import Problem
from api.queries.links import reads_in
from api.rendering import page
from api.sentences import sentences_in, wished_for

UNINDEXED = {"X-Robots-Tag": "noindex, nofollow"}


async def reader_of(desk: Desk, person: str) -> PageReader:
    """How the person a link was made for reads."""
    language, zone = await reads_in(desk.database, person)
    return PageReader(sentences_in(language), zone)


def neutral(request: Request) -> Response:
    """The same for every link that does not hold, whatever is wrong with it."""
    return page(request, "neutral.html", 404, UNINDEXED, say=wished_for(request))


def foreign(request: Request) -> Response:
    """For a form that another site sent."""
    return page(request, "foreign.html", 403, UNINDEXED, say=wished_for(request))


def unavailable(request: Request, problem: Problem) -> Response:
    """Whatever keeps a page from being shown: who came from a letter can do nothing with the details of it."""
    return page(request, "unavailable.html", problem.kind.status, UNINDEXED | problem.headers, say=wished_for(request))


def field(form: FormData, name: str) -> str:
    """A text field of a form; empty where there is none, or more than one: nobody means two answers."""
    values = form.getlist(name)
    return values[0] if len(values) == 1 and isinstance(values[0], str) else ""


def comes_from_elsewhere(request: Request, desk: Desk) -> bool:
    """Whether a browser says that another site sent the form. A page without referrer sends ``Origin: null``: that is ours (S15)."""
    return origin.comes_from_elsewhere(request, desk.base_url, unnamed_is_ours=True)


def is_surely_ours(request: Request, desk: Desk) -> bool:
    """Whether a form of staff comes from a page of ours. A password that the browser adds by itself proves nothing, so here its word is needed."""
    ours = urlsplit(desk.base_url)
    is_by_hand = request.headers.get("authorization", "").lower().startswith("bearer ")
    said = (request.headers.get("sec-fetch-site"), request.headers.get("origin"))
    return is_by_hand or said[0] == "same-origin" or (said[0] is None and said[1] == f"{ours.scheme}://{ours.netloc}")
