"""Says when a page of the console is no longer what its reader sees: as server-sent events, or asked now and then where those do not come through.

A page has a mark that changes with what it shows, and asks with the mark it has. Streams are short, and browsers come back by themselves, with the mark
they heard last: so a session that has ended is noticed, and no server waits long for its last reader.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, format_sse_event

from api.queries import DATABASE_AWAY
from api.rendering import PRIVATE, page
from api.sentences import Sentences

LOOKS_EVERY = timedelta(seconds=3)
LASTS = timedelta(minutes=2)
# Proxies hold an answer back until it is whole unless they are told not to.
_HEADERS = {"X-Accel-Buffering": "no"}
_COMES_BACK_AFTER = timedelta(seconds=2)

# The mark of what the page shows.
Seen = Annotated[str, Query(max_length=40)]
Look = Callable[[], Awaitable[str]]


def mark_of(*shown: Any) -> str:
    """A short text that differs whenever what is shown differs."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


async def answer(request: Request, look: Look, seen: str, anew: str) -> Response:
    """News for a page that shows what had the mark ``seen``: as events for those who listen, else at once, or 204 where there is none.

    ``anew``: where the page is shown anew, below the base path.
    """
    mark, news = await look(), page(request, "console/news.html", 200, PRIVATE, anew=anew)
    if "text/event-stream" in request.headers.get("accept", ""):
        return EventSourceResponse(
            _events(mark, request.headers.get("last-event-id", seen), bytes(news.body).decode(), look), headers=_HEADERS
        )
    return Response(status_code=204) if mark == seen else news


def over(request: Request, say: Sentences) -> Response:
    """For a page that listens after its session has ended: it says so where its news stand, and does not come back every moment."""
    told = bytes(page(request, "door/over.html", say=say).body).decode()
    event = format_sse_event(data_str=told, event="news", retry=int(LASTS.total_seconds() * 1000))
    return Response(event, headers=_HEADERS, media_type="text/event-stream")


async def _events(mark: str, seen: str, news: str, look: Look) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    ends = loop.time() + LASTS.total_seconds()
    yield format_sse_event(data_str="", event="here", retry=int(_COMES_BACK_AFTER.total_seconds() * 1000))
    while True:
        # A comment keeps what stands between from taking a quiet line for a dead one.
        yield format_sse_event(data_str=news, event="news", id=mark) if mark != seen else format_sse_event(comment="still here")
        if loop.time() >= ends:
            return
        await asyncio.sleep(LOOKS_EVERY.total_seconds())
        seen = mark
        try:
            mark = await look()
        except DATABASE_AWAY:
            return
