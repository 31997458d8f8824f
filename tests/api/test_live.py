"""Pages of the console hear when they are out of date (process.md S22)."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from html import unescape

import httpx
import pytest
import structlog
from sqlalchemy.exc import OperationalError

from api.console import live
from tests.api.house import RunningDesk

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOKS_EVERY", timedelta(milliseconds=50))
    monkeypatch.setattr(live, "LASTS", timedelta(minutes=2))


def _events(browser: httpx.Client, place: str) -> Iterator[str]:
    """The names of the events, as they come."""
    with browser.stream("GET", place, headers=STREAM) as stream:
        assert stream.status_code == 200
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["X-Accel-Buffering"] == "no"
        for line in stream.iter_lines():
            if line.startswith("event: "):
                yield line.removeprefix("event: ")


def _line(page: str) -> str:
    """Where the page asks for news, with the mark of what it shows."""
    found = re.search(r'sse-connect="([^"]+)"', page)
    assert found
    return unescape(found[1])


def test_listeners_hear_of_what_happens(desk: RunningDesk) -> None:
    """A page that is up to date hears that somebody is there and no news, until the next thing happens; shown anew it is up to date again."""
    number, asha = desk.report(title="Projector hums", category="hardware"), desk.signed_in("asha")
    for place in (f"/console/{number}", "/console?q=projector", "/console?queue=all&category=hardware"):
        line = _line(asha.get(place).text)
        assert asha.get(line).status_code == 204
        heard = _events(asha, line)
        assert next(heard) == "here"
        assert desk.tell(number, "note", text="x").status_code == 200
        assert next(heard) == "news"
        heard.close()
        assert "There is news here" in asha.get(line).text
        assert asha.get(_line(asha.get(place).text)).status_code == 204


def test_who_comes_back_is_told_what_happened_meanwhile(desk: RunningDesk) -> None:
    """News that came while the line was down are told at once; what a browser says it has heard is not told again."""
    number, asha = desk.report(), desk.signed_in("asha")
    line = _line(asha.get(f"/console/{number}").text)
    assert desk.tell(number, "note", text="x").status_code == 200
    with asha.stream("GET", line, headers=STREAM) as stream:
        lines = stream.iter_lines()
        mark = next(each.removeprefix("id: ") for each in lines if each.startswith("id: "))
    with asha.stream("GET", line, headers=STREAM | {"Last-Event-ID": mark}) as stream:
        lines = stream.iter_lines()
        assert next(each for each in lines if each.startswith((":", "event: news"))) == ": still here"


def test_a_page_is_told_that_its_session_is_over(desk: RunningDesk) -> None:
    """What a page asks by itself after its reader signed out is answered with a sentence for its place for news, and with nothing else of the page."""
    asha = desk.signed_in("asha")
    asha.post("/sign-out")
    for place in ("/console?queue=all", "/console/live?queue=all&seen=x"):
        answer = asha.get(place, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Retarget"]) == (401, "#news")
        assert "You are signed out" in answer.text
        assert "<html" not in answer.text


def test_a_stream_ends_by_itself(desk: RunningDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a session that has ended is noticed when the browser comes back; until then a quiet line is kept open."""
    monkeypatch.setattr(live, "LASTS", timedelta(milliseconds=300))
    number, asha = desk.report(), desk.signed_in("asha")
    answer = asha.get(f"/console/{number}/live", headers=STREAM)
    assert answer.text.count("event: here") == 1
    assert ": still here" in answer.text
    assert "retry: 2000" in answer.text
    asha.post("/sign-out")
    assert "You are signed out" in asha.get(f"/console/{number}/live", headers=STREAM).text


@pytest.mark.parametrize("place", ["/console/live?queue=all", "/console/{}/live"])
def test_only_who_may_see_the_page_may_listen(desk: RunningDesk, place: str) -> None:
    """Everybody of the desk; no caller, nobody from outside, and not for an incident that is not there."""
    number = desk.report()
    for person, status in (("aude", 200), ("omar", 200), ("carla", 403)):
        assert desk.signed_in(person).get(place.format(number)).status_code == status
    assert desk.as_(None).get(place.format(number)).status_code == 303
    assert desk.signed_in("asha").get("/console/INC-999001-1/live").status_code == 404


def test_readers_who_leave_are_no_fault(desk: RunningDesk) -> None:
    """A browser that closes its page ends the stream, and nobody is woken up for it."""
    number = desk.report()
    with structlog.testing.capture_logs() as told:
        heard = _events(desk.signed_in("asha"), f"/console/{number}/live")
        next(heard)
        heard.close()
        time.sleep(0.5)
    assert [line for line in told if line["log_level"] in ("error", "warning")] == []


async def test_a_database_that_goes_away_ends_the_stream() -> None:
    """The reader's browser asks again later."""
    looks = iter(["a"])

    async def look() -> str:
        for mark in looks:
            return mark
        raise OperationalError("SELECT 1", {}, ConnectionError("gone"))

    stream: AsyncIterator[bytes] = live._events("a", "a", "news", look)
    assert [each.split(b"\n")[0] async for each in stream] == [b"event: here", b": still here", b": still here"]
