"""Says when a page of the console is no longer what its reader sees: as server-sent events, or asked now and then where those do not come through.

A page has a mark that changes with what it shows. Streams are short, and browsers come back by themselves: so a session that has ended is noticed, and no
server waits long for its last reader.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, format_sse_event

from api.queries import DATABASE_AWAY

LOOKS_EVERY = timedelta(seconds=3)
LASTS = timedelta(minutes=2)
# Proxies hold an answer back until it is whole unless they are told not to.
_HEADERS = {"X-Accel-Buffering": "no"}
_COMES_BACK_AFTER = timedelta(seconds=2)

Look = Callable[[], Awaitable[str]]


def mark_of(*shown: Any) -> str:
    """A short text that differs whenever what is shown differs."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


async def answer(request: Request, look: Look) -> Response:
    """The mark now and whenever it changes, to those who listen; to others the mark now, as JSON."""
    mark = await look()
    if "text/event-stream" in request.headers.get("accept", ""):
        return EventSourceResponse(_marks(mark, look), headers=_HEADERS)
    return JSONResponse({"mark": mark})


async def _marks(mark: str, look: Look) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    ends = loop.time() + LASTS.total_seconds()
    yield format_sse_event(data_str=mark, retry=int(_COMES_BACK_AFTER.total_seconds() * 1000))
    while loop.time() < ends:
        await asyncio.sleep(LOOKS_EVERY.total_seconds())
        try:
            now = await look()
        except DATABASE_AWAY:
            return
        # A comment keeps what stands between from taking a quiet line for a dead one.
        yield format_sse_event(data_str=now) if now != mark else format_sse_event(comment="still here")
        mark = now
