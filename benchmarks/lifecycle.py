"""Whole incidents through the HTTP API of a running desk, beside a bare workflow with the same messages, in one run.

    python -m benchmarks.lifecycle [--in-flight 1 4 16] [--incidents 60] [--json FILE]

A desk of its own (``holdfast up``: Temporal server, worker, front door, SQLite) in a temporary directory; letters go to an SMTP server in here.
Each incident: report, acknowledge, escalate, hold, resolve, confirm, then closure after an undo period of one second. The next click follows when
the one before shows in the record. Only ratios within one run mean something: the machine decides about the rest.
"""

import argparse
import asyncio
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
from aiosmtpd.controller import Controller
from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from tests.house.whole_house import House, clean_environment, wait_until
from tests.ports import free_port

COMMANDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("acknowledge", "AGENT", {}),
    ("escalate", "AGENT", {"diagnosis": "The switch does not answer; a reboot changed nothing.", "group": "network"}),
    ("hold", "AGENT", {"reason": "vendor"}),
    ("resolve", "AGENT", {"code": "replaced", "notes": "The switch was replaced."}),
    ("confirm", "CALLER", {}),
)
REPORT = {"title": "No network on the third floor", "category": "network", "impact": 2, "urgency": 2}
PROCESSES = {"server": "temporal-server", "worker": "worker", "api": "api"}


@dataclass
class Sink:
    """An SMTP server that takes every letter and counts."""

    letters: int = 0

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802 -- as aiosmtpd calls it
        """Takes one."""
        self.letters += 1
        return "250 taken"


@dataclass
class Measured:
    """One side at one number in flight; seconds, and CPU milliseconds per incident by process."""

    side: str
    in_flight: int
    incidents: int
    seconds: float
    clicks: list[float] = field(repr=False)
    cpu_ms: dict[str, float]
    events: float
    letters: float = 0

    @property
    def rate(self) -> float:
        """Incidents per second."""
        return self.incidents / self.seconds

    def percentile(self, percent: int) -> float:
        """Milliseconds from a click until it shows."""
        return 1000 * statistics.quantiles(self.clicks, n=100)[percent - 1]


@contextmanager
def desk(directory: Path, **settings: str) -> Iterator[tuple[House, Sink]]:
    """A whole desk with a relay that takes everything, and with more settings where wanted."""
    sink, port = Sink(), free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    house = House(
        directory / "data",
        {
            "HOLDFAST_SMTP_HOST": "127.0.0.1",
            "HOLDFAST_SMTP_PORT": str(port),
            "HOLDFAST_SMTP_SECURITY": "none",
            "HOLDFAST_POLICIES": str(Path(__file__).with_name("quick_closing.py")),
        }
        | settings,
    )
    try:
        house.open()
        yield house, sink
    finally:
        if house.process is not None and house.process.poll() is None:
            house.close()
        house.tidy_up()
        controller.stop()


class Clicks:
    """What people do at the desk, and how long each click took to show in the record."""

    def __init__(self, house: House) -> None:
        self.seconds: list[float] = []
        self._keys = {whose: f"Bearer {house.key(whose)}" for whose in ("CALLER", "AGENT")}
        self._http = httpx.AsyncClient(base_url=house.url, timeout=60, trust_env=False, limits=httpx.Limits(max_connections=64))

    async def life(self) -> str:
        """One incident from report to closed; answers with its number."""
        number: str = (await self._click("/api/v1/incidents", "CALLER", REPORT, "Idempotency-Key"))["number"]
        for name, whose, body in COMMANDS:
            await self._click(f"/api/v1/incidents/{number}/{name}", whose, body, "Command-Id")
        return number

    async def until_closed(self, number: str) -> None:
        """Waits for the undo period to pass and the closure to show."""
        headers = {"Authorization": self._keys["AGENT"]}
        while (await self._http.get(f"/api/v1/incidents/{number}", headers=headers)).json()["status"] != "closed":  # noqa: ASYNC110 -- the record is all there is to look at
            await asyncio.sleep(0.25)

    async def close(self) -> None:
        """Hangs up."""
        await self._http.aclose()

    async def _click(self, path: str, whose: str, body: dict[str, Any], id_header: str) -> dict[str, Any]:
        headers, begun = {"Authorization": self._keys[whose], id_header: str(uuid4())}, time.perf_counter()
        while True:
            answer = await self._http.post(path, json=body, headers=headers)
            if answer.status_code in {200, 201}:
                break
            if answer.status_code not in {202, 503}:
                raise SystemExit(f"{path}: {answer.status_code} {answer.text}")
        self.seconds.append(time.perf_counter() - begun)
        told: dict[str, Any] = answer.json()
        return told


async def desk_lives(house: House, in_flight: int, count: int) -> tuple[list[float], list[str]]:
    """So many whole lives, each begun when there is room; seconds of every click, and the numbers."""
    clicks, numbers, waiting = Clicks(house), list[str](), list(range(count))

    async def _work() -> None:
        while waiting:
            waiting.pop()
            numbers.append(await clicks.life())

    await asyncio.gather(*(_work() for _ in range(in_flight)))
    await asyncio.gather(*map(clicks.until_closed, numbers))
    await clicks.close()
    return clicks.seconds, numbers


def _letters_owed(house: House) -> int:
    with closing(sqlite3.connect(f"file:{house.record}?mode=ro", uri=True)) as record:
        owed: int = record.execute("SELECT count(*) FROM letters WHERE state IN ('planned', 'handed_over')").fetchone()[0]
        return owed


async def _events(house: House, numbers: list[str]) -> float:
    client = await Client.connect(f"127.0.0.1:{house.settings['HOLDFAST_TEMPORAL_PORT']}")
    return statistics.mean([(await client.get_workflow_handle(number).describe()).history_length for number in numbers])


def cpu_of(house: House) -> dict[str, float]:
    """Seconds of CPU that each process has had so far."""
    pids = house.pids()
    return {name: sum(psutil.Process(pids[file]).cpu_times()[:2]) for name, file in PROCESSES.items()}


def per_incident(before: dict[str, float], after: dict[str, float], count: int) -> dict[str, float]:
    """Milliseconds of it, for each of so many incidents."""
    return {name: 1000 * (after[name] - before[name]) / count for name in before}


def measure_desk(house: House, sink: Sink, in_flight: int, count: int) -> Measured:
    """Whole incidents through HTTP; the time counts until the last one is closed in the record and its letters are gone."""
    before, letters, begun = cpu_of(house), sink.letters, time.perf_counter()
    clicks, numbers = asyncio.run(desk_lives(house, in_flight, count))
    wait_until(lambda: _letters_owed(house) == 0, "the last letter")
    seconds = time.perf_counter() - begun
    cpu = per_incident(before, cpu_of(house), count)
    events = asyncio.run(_events(house, numbers))
    return Measured("holdfast", in_flight, count, seconds, clicks, cpu, events, (sink.letters - letters) / count)


def measure_bare(house: House, in_flight: int, count: int) -> Measured:
    """The bare workflow on the same server."""
    before = cpu_of(house)
    address = f"127.0.0.1:{house.settings['HOLDFAST_TEMPORAL_PORT']}"
    command = (sys.executable, "-P", "-m", "benchmarks.bare_workflow", address, str(in_flight), str(count))
    done = subprocess.run(command, env=clean_environment({"PYTHONPATH": "."}), stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout)
    server = {"server": per_incident(before, cpu_of(house), count)["server"]}
    cpu = server | {"worker + client": 1000 * told["cpu"] / count}
    return Measured("bare", in_flight, count, told["seconds"], told["clicks"], cpu, statistics.mean(told["events"]))


def show(results: list[Measured]) -> None:
    """The table."""
    table = Table(title="Whole incidents, and a bare workflow with the same messages, in one run")
    for column in ("in flight", "side", "incidents/s", "ratio", "click p50 ms", "click p99 ms", "CPU ms per incident", "events", "letters"):
        table.add_column(column, justify="left" if column in {"side", "CPU ms per incident"} else "right")
    bare = {each.in_flight: each.rate for each in results if each.side == "bare"}
    for each in results:
        cpu = ", ".join(f"{name} {milliseconds:.0f}" for name, milliseconds in each.cpu_ms.items())
        table.add_row(
            str(each.in_flight),
            each.side,
            f"{each.rate:.1f}",
            f"{each.rate / bare[each.in_flight]:.2f}",
            f"{each.percentile(50):.0f}",
            f"{each.percentile(99):.0f}",
            cpu,
            f"{each.events:.0f}",
            f"{each.letters:.1f}",
        )
    Console(width=140).print(table)


def main() -> None:
    """As the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--incidents", type=int, default=60, help="of each side at each number in flight (default 60)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wanted = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as directory, desk(Path(directory)) as (house, sink):
        asyncio.run(desk_lives(house, 2, 4))  # caches filled, connections made
        for in_flight in wanted.in_flight:
            results.append(measure_bare(house, in_flight, wanted.incidents))
            results.append(measure_desk(house, sink, in_flight, wanted.incidents))
    show(results)
    if wanted.json:
        figures = [asdict(each) | {"rate": each.rate, "p50_ms": each.percentile(50), "p99_ms": each.percentile(99)} for each in results]
        wanted.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
