"""Pages of the console hear when they are out of date (process.md S22)."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest
import structlog
from sqlalchemy.exc import OperationalError

from api import live
from tests.api.house import RunningDesk

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOKS_EVERY", timedelta(milliseconds=50))
    monkeypatch.setattr(live, "LASTS", timedelta(seconds=8))


def _marks(browser: httpx.Client, place: str) -> Iterator[str]:
    with browser.stream("GET", place, headers=STREAM) as stream:
        assert stream.status_code == 200
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["X-Accel-Buffering"] == "no"
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield line.removeprefix("data: ")


def _shown(page: str) -> tuple[str, str]:
    found = re.search(r'data-from="([^"]+)" data-mark="([^"]+)"', page)
    assert found
    return found[1].replace("&amp;", "&"), found[2]


def test_listeners_hear_of_what_happens(desk: RunningDesk) -> None:
    """The page, the answer to a question and the first thing heard have the same mark; it changes with the next thing that happens."""
    number, asha = desk.report(title="Projector hums", category="hardware"), desk.signed_in("asha")
    for place in (f"/console/{number}", "/console?q=projector", "/console?queue=all&category=hardware"):
        where, mark = _shown(asha.get(place).text)
        assert asha.get(where).json() == {"mark": mark}
        marks = _marks(asha, where)
        assert next(marks) == mark
        assert desk.tell(number, "note", text="x").status_code == 200
        heard = next(marks)
        assert heard != mark
        assert _shown(asha.get(place).text) == (where, heard)
        marks.close()


def test_a_stream_ends_by_itself(desk: RunningDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a session that has ended is noticed when the browser comes back; until then a quiet line is kept open."""
    monkeypatch.setattr(live, "LASTS", timedelta(milliseconds=300))
    number, asha = desk.report(), desk.signed_in("asha")
    answer = asha.get(f"/console/{number}/live", headers=STREAM)
    assert answer.text.count("data: ") == 1
    assert ": still here" in answer.text
    assert "retry: 2000" in answer.text
    asha.post("/sign-out")
    assert asha.get(f"/console/{number}/live", headers=STREAM).status_code == 303


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
        marks = _marks(desk.signed_in("asha"), f"/console/{number}/live")
        next(marks)
        marks.close()
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
    assert [b"data: a" in each async for each in stream] == [True, False]
