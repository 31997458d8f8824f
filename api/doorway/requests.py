"""What happens to every request: an id, one line in the log, headers that protect, a limit on size, and never a naked fault.

Logs name the route, not the address: links in letters and search words of people stay out of them (design rule 10).
"""

import re
import time
import traceback
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

from api.doorway.patience import Patience
from api.problems import Problem, answer

LARGEST_BODY = 256 * 1024
# A client that is still sending would not read our answer; so much more is taken and thrown away first.
_DRAINED = 4 * 1024 * 1024
_LONGEST_COOKIES = 4096
_LONGEST_NUMBER = 15
# Where a form may bring files. What is read there lies on disk, so it may be larger; more of what is too much is taken and thrown away, for browsers show no
# answer before they have sent everything.
_UPLOADS = re.compile(r"/(?:api/v1/incidents/[^/]+/files|portal/incidents/[^/]+/message|portal/report|console/[^/]+/files)$")
_DRAINED_OF_UPLOADS = 8
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# Pictures may also stand in the style sheet itself, as Bootstrap's ticks and arrows do: such a picture fetches nothing and runs nothing.
CONTENT_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
# For pages with scripts of their own: from our own files only, and they talk to nobody but us.
WITH_SCRIPTS = f"{CONTENT_POLICY}; script-src 'self'; connect-src 'self'"
PROTECTING: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# Supervisors, balancers and open pages of the console ask every few seconds.
LOOKED_AT_OFTEN = frozenset({"/healthz", "/readyz", "/console/live", "/console/{number}/live"})
log = structlog.get_logger("holdfast.api")


class Doorway:
    """The outermost layer of ours around the application."""

    def __init__(self, app: ASGIApp, base_url: str, largest_upload: int) -> None:
        self._app = app
        self._base_url = base_url
        self._largest_upload = largest_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request and logs it in one line."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, begun, said = _request_id(scope), time.monotonic(), {"status": 0}

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                said["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                _protect(headers, request_id)
                headers.update(scope.get("state", {}).get("send_again_with", {}))
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._serve(scope, receive, send_protected, said)
            described = _described(scope)
            tell = log.debug if described["route"] in LOOKED_AT_OFTEN else log.info
            tell("request", **described, status=said["status"], ms=round((time.monotonic() - begun) * 1000, 1))

    async def _serve(self, scope: Scope, receive: Receive, send: Send, said: Mapping[str, int]) -> None:
        limit = BodyLimit(scope, Patience(receive), self._largest_upload)
        try:
            if _has_endless_cookies(scope):
                await answer(Problem("malformed-request", "The cookies are longer than any of ours."), self._base_url)(scope, receive, send)
            elif limit.refuses:
                await limit.drain()
                await answer(Problem("too-large"), self._base_url)(scope, receive, send)
            else:
                await self._app(scope, limit, send)
        except Problem as problem:  # of what was thrown away unread; routes answer their own
            if said["status"] == 0:
                await answer(problem, self._base_url)(scope, receive, send)
        except ClientDisconnect:  # left in the middle of sending: no fault of ours, and nobody to answer
            return
        except Exception as error:  # noqa: BLE001 -- the last place that can answer
            response = fault(error, self._base_url)
            if said["status"] == 0:
                await response(scope, receive, send)


class BodyLimit:
    """Receives at most ``LARGEST_BODY`` bytes, more where files come in. FastAPI has such a limit too, but it answers in plain text, not as a problem."""

    def __init__(self, scope: Scope, receive: Receive, largest_upload: int) -> None:
        self._receive = receive
        self._taken = 0
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        self._told = int(length[:_LONGEST_NUMBER]) if length.isdecimal() else 0
        is_form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        self._is_upload = is_form and scope["method"] == "POST" and _UPLOADS.search(scope["path"]) is not None
        self._most = largest_upload if self._is_upload else LARGEST_BODY
        self._drained = largest_upload * _DRAINED_OF_UPLOADS if self._is_upload else _DRAINED

    @property
    def refuses(self) -> bool:
        """Whether the request says itself that it is too large. Where files come in, it is for the page or route that was asked to say so."""
        return self._told > self._most and not self._is_upload

    async def __call__(self) -> Message:
        """The next part; raises the problem ``too-large`` when it is too much."""
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if max(self._taken, self._told) > self._most:
            if message.get("more_body"):
                await self.drain()
            raise Problem("too-large")
        return message

    async def drain(self) -> None:
        """Takes and forgets what is still coming, within reason."""
        while self._taken <= self._drained:
            message = await self._receive()
            self._taken += len(message.get("body", b""))
            if not message.get("more_body"):
                return


def fault(error: Exception, base_url: str) -> JSONResponse:
    """A fault of ours: an id for the reader, the place for the log. The error's text may hold what people wrote, so it is not logged."""
    error_id = str(ULID())
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("fault", error_id=error_id, error=type(error).__name__, places=places[-12:])
    return answer(Problem("internal", f"Something went wrong on our side; it is in the log as {error_id}.", error_id=error_id), base_url)


def _has_endless_cookies(scope: Scope) -> bool:
    """Older Pythons take time by the square of their length to read some cookies (CVE-2024-7592)."""
    return sum(len(value) for name, value in scope["headers"] if name == b"cookie") > _LONGEST_COOKIES


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(ULID())


def _protect(headers: MutableHeaders, request_id: str) -> None:
    headers["X-Request-Id"] = request_id
    for name, value in PROTECTING.items():
        headers.setdefault(name, value)


def _described(scope: Scope) -> dict[str, Any]:
    route = scope.get("route")
    return {
        "method": scope["method"],
        "route": getattr(route, "path_format", None) or getattr(route, "path", "none"),
        "actor": scope.get("state", {}).get("actor"),
    }
