"""Seeded records look as if the workflow had filled them, and never mix with real ones unasked."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.migrate import migrate
from activities.database.session import open_database
from activities.database.tables import events, incidents, letters, measures, outcomes, search_entries, surveys
from activities.front_door import accept
from activities.house.refusals import RefusedError, UsageRefusedError
from activities.house.seed import seeding
from activities.house.seed.seeding import Wanted, seed
from activities.measuring import measure_what_is_missing
from activities.search_index import words_in
from activities.settings import Settings
from tests.house.whole_house import holdfast
from workflows.dates import ahead
from workflows.publication import Snapshot

SAMPLE = Path(__file__).parents[1] / "replay/data/incidents-sample.jsonl.gz"


async def rows(engine: AsyncEngine, table: Any) -> list[dict[str, Any]]:
    """Everything in a table."""
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(select(table).order_by(*table.primary_key.columns))).mappings()]


def seeded(database_url: str, wanted: Wanted) -> str:
    """Seeds in a thread of its own, because lives bring their own event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(seed, Settings(database_url=database_url), wanted).result()


async def test_it_looks_as_if_it_had_happened(database_url: str, database: AsyncEngine) -> None:
    """Every version has its event, every letter its cause and its end, every answered survey its mark; and measures are those of facts and events."""
    assert "40 incidents" in seeded(database_url, Wanted(40, days=90, file=SAMPLE))
    facts = {row["number"]: row for row in await rows(database, incidents)}
    assert len(facts) == 40
    happened = Counter(row["number"] for row in await rows(database, events))
    assert happened == {number: row["version"] for number, row in facts.items()}
    ledger = await rows(database, letters)
    assert {row["state"] for row in ledger} <= {"sent", "failed", "unknown"}
    assert all(row["key"].startswith(row["number"]) and 1 <= row["cause"] <= facts[row["number"]]["version"] for row in ledger)
    assert {row["number"] for row in await rows(database, outcomes)} <= facts.keys()
    for row in await rows(database, search_entries):
        if row["seq"] == 0:
            assert set(words_in(f"{row['number']} {facts[row['number']]['title']}")) <= set(row["words"].split())
    assert {row["number"] for row in await rows(database, search_entries) if row["seq"] == 0} == facts.keys()
    for row in await rows(database, surveys):
        assert (row["score"] is not None) == (row["state"] == "answered")
        assert row["state"] == facts[row["number"]]["facts"]["survey"]
    before = await rows(database, measures)
    assert {row["number"] for row in before} == {number for number, row in facts.items() if row["status"] in ("closed", "cancelled")}
    async with database.begin() as connection:
        await connection.execute(delete(measures))
    await measure_what_is_missing(database)
    assert await rows(database, measures) == before


async def test_copies_are_moved_as_a_whole(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More incidents than lives: each has its own number, all its instants move with it, and what is open is due in time."""
    migrate(sqlite_url)
    monkeypatch.setattr(seeding, "LIVES", 5)
    seeded(sqlite_url, Wanted(60, days=60))
    engine = open_database(sqlite_url)
    told = await rows(engine, incidents)
    assert len({row["number"] for row in told}) == 60
    assert [row["number"] for row in sorted(told, key=lambda row: row["reported_at"])] == [row["number"] for row in told]
    for row in told:
        facts = TypeAdapter(Snapshot).validate_python(row["facts"])
        assert (facts.number, facts.reported_at, facts.reporter) == (row["number"], row["reported_at"], row["reporter"])
        assert row["next_due_at"] == next((each.at for each in ahead(facts)), None)
        assert "SEED" not in str(row["facts"])
        assert "seeded-caller" not in str(row["facts"])
    await engine.dispose()


async def test_a_used_record_is_refused(database_url: str, database: AsyncEngine) -> None:
    """Where there are incidents nothing is seeded unless somebody says so; then numbers go on, and the front door goes on after them."""
    seeded(database_url, Wanted(3, days=10))
    with pytest.raises(RefusedError, match="--beside-others"):
        seeded(database_url, Wanted(3, days=10))
    seeded(database_url, Wanted(3, days=10, beside_others=True))
    taken = {row["number"] for row in await rows(database, incidents)}
    assert len(taken) == 6
    assert (await accept(database, "api", "person/carla/x", "f", datetime.now(UTC))).number not in taken


def test_only_recorded_incidents_are_taken(sqlite_url: str, tmp_path: Path) -> None:
    """A file with something else in it is refused in a sentence, and the record stays empty."""
    migrate(sqlite_url)
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"number": "x", "steps": []}\n', encoding="utf-8")
    no_json = tmp_path / "no.jsonl"
    no_json.write_text("dear diary\n", encoding="utf-8")
    for file in (wrong, no_json, tmp_path / "missing.jsonl"):
        with pytest.raises(UsageRefusedError):
            seed(Settings(database_url=sqlite_url), Wanted(3, file=file))


def test_by_hand(tmp_path: Path) -> None:
    """The command fills an empty record once, and says that it is for tests."""
    place = {"HOLDFAST_DATA_DIR": str(tmp_path)}
    assert "holdfast migrate" in holdfast("seed", "--incidents", "2", **place).stderr
    holdfast("migrate", **place)
    done = holdfast("seed", "--incidents", "2", **place)
    assert (done.returncode, "for tests" in done.stdout) == (0, True)
    again = holdfast("seed", "--incidents", "2", **place)
    assert (again.returncode, "--beside-others" in again.stderr) == (1, True)
