"""Turns whatever a route raises into problem details, or into a page for people; the whole list of what can go wrong, in one place."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from activities.directory.changes import UnknownEntryError
from api.bodies import said
from api.console.live import over
from api.desk import desk_of
from api.doorway.requests import fault
from api.entrance.origin import SAFE
from api.identity import SignInNeededError
from api.links.pages import unavailable
from api.problems import Problem, answer
from api.queries import DATABASE_AWAY, DATABASE_FAULT, is_lost_connection
from api.rendering import page
from api.sentences import said_to

_BY_STATUS: Mapping[int, str] = {
    400: "malformed-request",
    401: "not-identified",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "wrong-media-type",
}


def register(app: FastAPI) -> None:
    """Every exception that a route is expected to raise has its answer; the doorway catches the rest."""
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
        Problem: _refused,
        HTTPException: _http,
        RequestValidationError: _wrong_parameters,
        DATABASE_FAULT: _database_fault,
        SignInNeededError: _at_the_door,
        UnknownEntryError: _unknown,
    }
    for kind, handler in (handlers | dict.fromkeys(DATABASE_AWAY, _database_away)).items():
        app.add_exception_handler(kind, handler)


def _as_problem(request: Request, problem: Problem) -> Response:
    if getattr(request.state, "is_behind_link", False):
        return unavailable(request, problem)
    if getattr(request.state, "is_for_people", False):
        say, name = said_to(request), f"refused_{problem.kind.code}"
        name = name if name in say.known else "refused_otherwise"
        told = {"say": say, "title": say(name), "meaning": say(f"{name}_why")}
        return page(request, "door/refused.html", problem.kind.status, problem.headers, **told)
    return answer(problem, desk_of(request).base_url)


async def _at_the_door(request: Request, _: SignInNeededError) -> Response:
    """A page leads to the sign-in page and back. What was typed into a form must not be lost: the browser still has it.

    A page in view that keeps itself up to date is told so in its place for news, and otherwise stays as it is.
    """
    say = said_to(request)
    if "text/event-stream" in request.headers.get("accept", ""):
        return over(request, say)
    if "hx-request" in request.headers:
        return page(request, "door/over.html", 401, {"HX-Retarget": "#news", "HX-Reswap": "innerHTML", "HX-Reselect": "#over"}, say=say)
    if request.method not in SAFE:
        return page(request, "door/signed_out.html", 401, say=say)
    asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return RedirectResponse(f"{desk_of(request).path}/sign-in?{urlencode({'next': asked})}", 303)


async def _refused(request: Request, problem: Problem) -> Response:
    return _as_problem(request, problem)


async def _unknown(request: Request, _: UnknownEntryError) -> Response:
    return _as_problem(request, Problem("not-found"))


async def _http(request: Request, error: HTTPException) -> Response:
    # No route has said whom it is for: whoever asks for a page outside the API gets one.
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/"):
        request.state.is_for_people = True
    headers = dict(error.headers or {})
    if error.status_code == 405:  # noqa: PLR2004 -- the status itself
        headers["Allow"] = ", ".join(sorted(_methods_of(request)))
    return _as_problem(request, Problem(_BY_STATUS.get(error.status_code, "not-found"), headers=headers))


def _methods_of(request: Request) -> set[str]:
    """All methods of this address; the framework knows only those of one of its routes."""
    here = getattr(request.scope.get("route"), "path_format", None)
    return {method for route in iter_route_contexts(request.app.routes) if route.path_format == here for method in route.methods or ()}


async def _wrong_parameters(request: Request, error: RequestValidationError) -> Response:
    # A parameter that can be left out has a second reading, "absent", which is of no use to the reader.
    told = {str(each["loc"][1]): said(each) for each in reversed(error.errors()) if each["loc"][-1] != "none" and len(each["loc"]) > 1}
    return _as_problem(request, Problem("invalid", errors=[{"pointer": name, "detail": detail} for name, detail in told.items()]))


async def _database_away(request: Request, _: Exception) -> Response:
    return _as_problem(request, Problem("database-away"))


async def _database_fault(request: Request, error: Exception) -> Response:
    if is_lost_connection(error):
        return await _database_away(request, error)
    return fault(error, desk_of(request).base_url)
