"""A body that does not come holds nobody up (process.md S22)."""

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Message

from api.doorway import patience
from api.doorway.patience import Patience
from api.problems import Problem
from tests.api.house import RunningDesk

HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\n{more}Content-Length: 100\r\n\r\n"


def _send(desk: RunningDesk, path: str, more: str, begun: bytes) -> bytes:
    """Sends the beginning of a body and then nothing; everything that is answered until the connection is closed."""
    with socket.create_connection(("127.0.0.1", desk.settings.listen_port), timeout=30) as wire:
        wire.sendall(HEAD.format(path=path, more=more).encode() + begun)
        answer = b""
        while part := wire.recv(65536):
            answer += part
        return answer


def test_a_body_that_stops_is_not_waited_for(desk: RunningDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the API, on a page and where nobody is asked who they are: 408 says what to do, the connection ends, and nothing has happened."""
    before = desk.as_("carla").get("/api/v1/incidents?limit=200").json()["items"]
    key = f"Authorization: Bearer {desk.keys['carla']}\r\n"
    session = f"Cookie: holdfast={desk.signed_in('carla').cookies['holdfast']}\r\nSec-Fetch-Site: same-origin\r\n"
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    link = desk.link(desk.report())
    monkeypatch.setattr(patience, "BETWEEN_PARTS", 0.3)
    for path, more, begun in (
        ("/api/v1/incidents", f"{key}Content-Type: application/json\r\n", b'{"title": "Half a'),
        ("/portal/report", session + form, b"title=Half+a"),
        ("/sign-in", form, b""),
        (link, form, b"choice=wor"),
    ):
        answer = _send(desk, path, more, begun)
        assert answer.startswith(b"HTTP/1.1 408 "), (path, answer[:200])
        assert b"connection: close" in answer.lower(), path
        assert b"half a minute" in answer or b"text/html" in answer, path
    monkeypatch.undo()
    assert len(desk.as_("carla").get("/api/v1/incidents?limit=200").json()["items"]) == len(before) + 1


def test_what_is_thrown_away_is_not_waited_for_either(desk: RunningDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that says itself that it is too large, and then does not come."""
    monkeypatch.setattr(patience, "BETWEEN_PARTS", 0.3)
    with socket.create_connection(("127.0.0.1", desk.settings.listen_port), timeout=30) as wire:
        wire.sendall(b"POST /api/v1/incidents HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n{")
        answer = b""
        while part := wire.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_slow_but_honest_sender_gets_through(desk: RunningDesk) -> None:
    """Piece by piece is in order."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"title": ', b'"Piece ', b'by piece"}'):
            await asyncio.sleep(0.05)
            yield piece

    async def send() -> httpx.Response:
        headers = {"Authorization": f"Bearer {desk.keys['carla']}", "Content-Type": "application/json"}
        async with httpx.AsyncClient(base_url=desk.base_url, headers=headers, timeout=30, trust_env=False) as client:
            return await client.post("/api/v1/incidents", content=pieces())

    assert asyncio.run(send()).status_code == 201


async def test_a_body_that_trickles() -> None:
    """A byte now and then never ends: what comes slower than 1 KiB a second is given up, a large one that comes faster is not."""

    async def received(size: int, seconds: float) -> int:
        clock = {"now": 0.0}

        async def part() -> Message:
            clock["now"] += seconds
            return {"type": "http.request", "body": b"x" * size, "more_body": True}

        waiting = Patience(part, lambda: clock["now"])
        for count in range(100):
            try:
                await waiting()
            except Problem:
                return count
        return 100

    assert await received(1, 10) == 3
    assert await received(20_000, 10) == 100


async def test_after_the_body_there_is_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of a feed who stays is no slow sender."""
    monkeypatch.setattr(patience, "BETWEEN_PARTS", 0.02)
    messages = [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        if len(messages) == 1:
            await asyncio.sleep(0.1)
        return messages.pop(0)

    waiting = Patience(receive)
    assert (await waiting())["type"] == "http.request"
    assert (await waiting())["type"] == "http.disconnect"
