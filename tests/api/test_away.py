"""What the front door says while somebody it needs is away: never a fault of ours, always how to go on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.migrate import migrate
from activities.database.session import open_database
from activities.settings import Settings
from api.app import create_app
from api.doorway.turnstile import MINE_OF_ALL, WAITING_PER_PLACE, Turnstile
from api.identity import PUBLIC
from api.problems import Problem
from emails.links import ANSWER, Signer
from tests.api.house import LINK_KEY, RunningDesk, fill_directory
from tests.ports import free_port

KEY = "3f0c9a51d2e84b77"


@asynccontextmanager
async def _visitor(app: FastAPI, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test", headers=headers) as client:
        yield client


def _settings(directory: Path, **more: Any) -> Settings:
    return Settings(database_url=f"sqlite:///{directory / 'desk.db'}", link_keys=(LINK_KEY,), **more)


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[tuple[Settings, AsyncEngine, dict[str, str]]]:
    """A record of its own with people in it, without Temporal."""
    settings = _settings(tmp_path)
    await asyncio.to_thread(migrate, settings.database_url)
    engine = open_database(settings.database_url)
    yield settings, engine, await fill_directory(engine)
    await engine.dispose()


async def test_temporal_away(own: tuple[Settings, AsyncEngine, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports and commands are 503 "not accepted, send again with the same id"; reading goes on; ready says what is wrong, health stays well."""
    settings, engine, keys = own
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    async with _visitor(create_app(settings, engine=engine), keys["asha"]) as visitor:
        for _ in range(2):
            answer = await visitor.post("/api/v1/incidents", json={"title": "x"}, headers={"Idempotency-Key": "k"})
            assert answer.status_code == 503
            assert answer.headers["Idempotency-Key"] == "k"
            assert answer.json()["type"].endswith("/problems/not-accepted")
            assert "same Command-Id" in answer.json()["detail"]
            assert int(answer.headers["Retry-After"]) > 0
        assert (await visitor.get("/api/v1/incidents")).status_code == 200
        assert (await visitor.get("/healthz")).status_code == 200
        ready = await visitor.get("/readyz")
        assert (ready.status_code, ready.json()["problems"]) == (503, ["Temporal cannot be reached."])


async def test_a_report_survives_temporals_absence(own: tuple[Settings, AsyncEngine, dict[str, str]], desk: RunningDesk) -> None:
    """The number a report got while Temporal was away is the number it keeps when the same report is sent again and accepted."""
    key = {"Idempotency-Key": "through-the-storm"}
    away = create_app(desk.settings, engine=desk.engine, temporal=_Unreachable())  # type: ignore[arg-type]

    async def send() -> int:
        async with _visitor(away, desk.keys["carla"]) as visitor:
            return (await visitor.post("/api/v1/incidents", json={"title": "x"}, headers=key)).status_code

    assert desk.run(send()) == 503
    before = desk.report("dora")
    answer = desk.as_("carla").post("/api/v1/incidents", json={"title": "x"}, headers=key)
    assert answer.status_code == 201
    assert answer.json()["number"] < before


class _Unreachable:
    """A client that lost its connection."""

    async def start_workflow(self, *_: Any, **__: Any) -> None:
        """As the SDK does it before the first connection."""
        raise RuntimeError("Failed client connect")

    def get_workflow_handle(self, _: str) -> "_Unreachable":
        """A handle needs no connection."""
        return self

    async def signal(self, *_: Any, **__: Any) -> None:
        """Hangs up."""
        raise TimeoutError


async def test_a_command_not_confirmed_can_be_sent_again(desk: RunningDesk) -> None:
    """A command that Temporal did not confirm is 503 with its Command-Id; sent again under it, it is applied once."""
    number = desk.report()
    away = create_app(desk.settings, engine=desk.engine, temporal=_Unreachable())  # type: ignore[arg-type]

    async def send() -> httpx.Response:
        async with _visitor(away, desk.keys["asha"]) as visitor:
            return await visitor.post(f"/api/v1/incidents/{number}/note", json={"text": "x"})

    refused = desk.run(send())
    assert (refused.status_code, "Command-Id" in refused.headers) == (503, True)
    again = desk.as_("asha").post(
        f"/api/v1/incidents/{number}/note", json={"text": "x"}, headers={"Command-Id": refused.headers["Command-Id"]}
    )
    assert again.status_code == 200


async def test_no_worker(desk: RunningDesk) -> None:
    """While no worker runs, what Temporal has taken in is 202 with the place where the outcome will be."""
    settings = desk.settings.model_copy(update={"task_queue": "nobody-works-here", "outcome_wait_seconds": 0.05})
    app = create_app(settings, engine=desk.engine, temporal=desk.client)

    async def send() -> None:
        async with _visitor(app, desk.keys["carla"]) as visitor:
            reported = await visitor.post("/api/v1/incidents", json={"title": "x"})
            where = reported.headers["Location"]
            assert (reported.status_code, reported.json()["result"]) == (202, "accepted")
            told = await visitor.post(f"{where}/message", json={"text": "Hello?"})
            assert (told.status_code, told.json()["result"]) == (202, "accepted")
            assert told.headers["Location"] == f"{where}/commands/{told.headers['Command-Id']}"
            assert (await visitor.get(told.headers["Location"])).status_code == 404
            assert (await visitor.get(where)).status_code == 404
        async with _visitor(app, desk.keys["dora"]) as stranger:
            assert (await stranger.post(f"{where}/message", json={"text": "Hello?"})).status_code == 404

    desk.run(send())


async def test_database_away(tmp_path: Path) -> None:
    """Without the database every request that needs it is 503 with Retry-After, to people who come from a letter as a page, and ready says so."""
    settings = Settings(database_url=f"postgresql://desk@127.0.0.1:{free_port()}/desk", link_keys=(LINK_KEY,))
    app = create_app(settings)
    async with _visitor(app, "hf_" + "x" * 43) as visitor:
        for method, path in (
            ("GET", "/api/v1/me"),
            ("POST", "/api/v1/incidents"),
            ("GET", "/outbox"),
            ("GET", "/api/v1/incidents/INC-1001-9"),
        ):
            answer = await visitor.request(method, path, json={"title": "x"} if method == "POST" else None)
            assert answer.status_code == 503, answer.text
            assert answer.json()["type"].endswith("/problems/database-away")
            assert "Retry-After" in answer.headers
        link = Signer(settings.link_keys, settings.base_url, 1).url(ANSWER, "INC-1001-9", 1, "carla", now=datetime.now(UTC))
        page = await visitor.get(urlsplit(link).path, headers={"Accept-Language": "tr"})
        assert (page.status_code, "yeniden açın" in page.text, "Retry-After" in page.headers) == (503, True, True)
        ready = await visitor.get("/readyz")
        assert ready.status_code == 503
        assert "The database cannot be reached." in ready.json()["problems"]
        assert (await visitor.get("/healthz")).status_code == 200


async def test_database_never_migrated(tmp_path: Path) -> None:
    """An empty database is told as such, not taken for a working one."""
    engine = open_database(f"sqlite:///{tmp_path / 'empty.db'}")
    async with _visitor(create_app(_settings(tmp_path), engine=engine)) as visitor:
        ready = await visitor.get("/readyz")
    await engine.dispose()
    assert ready.status_code == 503
    assert "holdfast migrate" in ready.json()["problems"][0]


def _raising(error: BaseException) -> Callable[[], Coroutine[Any, Any, None]]:
    async def route() -> None:
        raise error

    return route


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("SELECT", {}, Exception("gone")), 503),
        (InterfaceError("SELECT", {}, Exception("gone")), 503),
        (PoolTimeoutError("QueuePool limit"), 503),
        (ConnectionRefusedError(), 503),
        (DBAPIError("SELECT", {}, Exception("gone"), connection_invalidated=True), 503),
        (DBAPIError("SELECT 'hush-42'", {}, Exception("hush-42")), 500),
        (ValueError("hush-42"), 500),
        (ExceptionGroup("hush-42", [ValueError("hush-42")]), 500),
    ],
)
async def test_faults(tmp_path: Path, error: Exception, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A lost database is 503 whatever the driver calls it; any other fault is 500 with an error id that stands in the log, and without its text."""
    app, router = create_app(_settings(tmp_path)), APIRouter(dependencies=[Depends(PUBLIC)])
    router.add_api_route("/fault", _raising(error))
    app.include_router(router)
    async with _visitor(app) as visitor:
        answer = await visitor.get("/fault")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    logged = capsys.readouterr().out
    assert "hush-42" not in answer.text + logged
    if status == 500:
        assert answer.json()["error_id"] in logged


async def test_only_so_many_wait() -> None:
    """Beyond the places and those who wait for one, the next is told to come back; when a place is free again, somebody is let in."""
    turnstile, leave = Turnstile(1), asyncio.Event()

    async def inside(who: str) -> None:
        async with turnstile.turn(who):
            await leave.wait()

    crowd = [asyncio.create_task(inside(f"person {each}")) for each in range(1 + WAITING_PER_PLACE)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        async with turnstile.turn("another"):
            pass
    assert (refused.value.kind.code, refused.value.headers["Retry-After"]) == ("busy", "2")
    leave.set()
    await asyncio.gather(*crowd)
    async with turnstile.turn("another"):
        pass


async def test_one_person_never_fills_the_waiting_room() -> None:
    """Whoever sends without end is told to come back while others are still let in."""
    turnstile, leave = Turnstile(1), asyncio.Event()

    async def inside(who: str) -> None:
        async with turnstile.turn(who):
            await leave.wait()

    crowd = [asyncio.create_task(inside("bora")) for _ in range(1 + WAITING_PER_PLACE // MINE_OF_ALL)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(Problem):
        async with turnstile.turn("bora"):
            pass
    other = asyncio.create_task(inside("carla"))
    await asyncio.sleep(0)
    leave.set()
    await asyncio.gather(*crowd, other)


async def test_logs_hold_no_secrets(desk: RunningDesk, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a request, with the route and not the address: no link token, no key, no words of people."""
    number = desk.resolved()
    path = desk.link(number)
    desk.as_(None).get(path)
    desk.as_(None).get("/hush-77?q=hush-77")
    desk.as_("carla").get("/api/v1/incidents?category=hush-77")
    logged = capsys.readouterr().out
    assert "route=/l/{token}" in logged
    for secret in (path.removeprefix("/l/"), desk.keys["carla"], "hush-77", "Extinguished"):
        assert secret not in logged
