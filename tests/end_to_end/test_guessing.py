"""A thousand guesses at a password through four front doors at once, which share nothing but the record (process.md S22)."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.accounts import set_password
from activities.access.throttle import PASSWORDS_FROM_AN_ADDRESS, PASSWORDS_OF_AN_ACCOUNT, Limit
from activities.database.migrate import migrate
from activities.database.session import open_database
from activities.database.tables import security_events, throttles
from tests.api.house import LINK_KEY, fill_directory
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "blue whale, green lamp"
DOORS, GUESSES = 4, 1000


@contextmanager
def _front_doors(url: str, directory: Path) -> Iterator[list[str]]:
    """So many processes of ``holdfast api`` on one record. No Temporal: nobody reports anything here."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HOLDFAST_", "TEMPORAL_"))}
    ports = [free_port() for _ in range(DOORS)]
    mine = {"HOLDFAST_DATABASE_URL": url, "HOLDFAST_LINK_KEYS": LINK_KEY.get_secret_value(), "HOLDFAST_DATA_DIR": str(directory)}
    command = (sys.executable, "-P", "-m", "cli", "api")
    doors = [
        subprocess.Popen(
            command, env=clean | mine | {"PYTHONPATH": str(ROOT), "HOLDFAST_LISTEN_PORT": str(port)}, stdout=subprocess.DEVNULL
        )
        for port in ports
    ]
    try:
        yield [f"http://127.0.0.1:{port}" for port in ports]
    finally:
        for door in doors:
            door.terminate()
        for door in doors:
            door.wait(120)


async def _open(door: str) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=door, headers={"Sec-Fetch-Site": "same-origin"}, timeout=300, trust_env=False)
    ends = time.monotonic() + 300
    while time.monotonic() < ends:
        try:
            await client.get("/healthz")
        except httpx.TransportError:
            await asyncio.sleep(0.1)
        else:
            return client
    raise RuntimeError(f"{door} did not open")


async def _guess(client: httpx.AsyncClient, names: list[str]) -> list[int]:
    """One guess for each name, four on their way at once."""
    turn = asyncio.Semaphore(4)

    async def once(name: str) -> int:
        async with turn:
            return (await client.post("/sign-in", data={"name": name, "password": "wrong password"})).status_code

    return list(await asyncio.gather(*(once(name) for name in names)))


async def _checked(engine: AsyncEngine) -> int:
    """How many passwords were looked at: each one that was wrong is written down."""
    async with engine.connect() as connection:
        failed = select(func.count()).select_from(security_events).where(security_events.c.kind == "sign_in_failed")
        return int((await connection.execute(failed)).scalar_one())


def _is_within(limit: Limit, statuses: Mapping[int, int], checked: int) -> None:
    """Nobody is in, no more were looked at than may be, and the rest were told to wait: at most by a file that four processes wrote at once (503)."""
    assert sum(statuses.values()) == GUESSES
    assert statuses.keys() <= {401, 429, 503}
    assert 0 < checked <= limit.tries
    assert statuses.get(503, 0) < GUESSES // 10


async def _a_quarter_of_an_hour_later(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        ago = datetime.now(UTC) - PASSWORDS_OF_AN_ACCOUNT.window - timedelta(seconds=1)
        await connection.execute(update(throttles).values(began_at=ago))


async def _right(client: httpx.AsyncClient) -> int:
    return (await client.post("/sign-in", data={"name": "carla@example.org", "password": PASSWORD})).status_code


async def test_a_thousand_guesses_at_one_account(database: AsyncEngine, database_url: str, tmp_path: Path) -> None:
    """Ten are looked at, whichever door they come to and whatever carla is called; then the right one is refused as well, until the window is over."""
    await fill_directory(database)
    await set_password(database, "carla", PASSWORD)
    with _front_doors(database_url, tmp_path) as doors:
        clients = [await _open(door) for door in doors]
        names = ["carla", "Carla@example.org"] * (GUESSES // DOORS // 2)
        statuses = Counter(status for each in await asyncio.gather(*(_guess(client, names) for client in clients)) for status in each)
        _is_within(PASSWORDS_OF_AN_ACCOUNT, statuses, await _checked(database))
        assert {await _right(client) for client in clients} == {429}
        await _a_quarter_of_an_hour_later(database)
        assert await _right(clients[1]) == 303
        for client in clients:
            await client.aclose()


async def test_a_thousand_guesses_at_many_accounts(postgres_url: str, tmp_path: Path) -> None:
    """From one address fifty are looked at, at accounts that there are and at others; that it was too much is told once in the audit."""
    migrate(postgres_url)
    database = open_database(postgres_url)
    await fill_directory(database)
    await set_password(database, "carla", PASSWORD)
    with _front_doors(postgres_url, tmp_path) as doors:
        clients = [await _open(door) for door in doors]
        names = [["dora", "noah", "adam", *(f"nobody-{n}" for n in range(22))][n % 25] for n in range(GUESSES // DOORS)]
        statuses = Counter(status for each in await asyncio.gather(*(_guess(client, names) for client in clients)) for status in each)
        _is_within(PASSWORDS_FROM_AN_ADDRESS, statuses, await _checked(database))
        assert await _right(clients[0]) == 429
        await _a_quarter_of_an_hour_later(database)
        assert await _right(clients[3]) == 303
        async with database.connect() as connection:
            slowed = select(security_events.c.address).where(security_events.c.kind == "slowed_down")
            assert (await connection.execute(slowed)).scalars().all() == ["127.0.0.1"]
        for client in clients:
            await client.aclose()
    await database.dispose()
