"""The audit trail as a file: everything that happened, nothing left out, in little memory, by those who may (process.md S21, S22)."""

import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import events, security_events
from activities.incident_numbers import number_of
from activities.settings import Settings
from api.app import create_app
from api.contract import describe
from api.examples import EVENT
from api.queries import trail
from api.queries.trail import trail_of, trail_within
from api.trail import NAMES
from tests.api.house import LINK_KEY, RunningDesk, fill_directory
from tests.api.readers import front_door, publish, signed_in
from tests.process.life import ASHA, Life
from workflows.messages import Note, PublicMessage, Take

NUMBER = number_of(1042)
START = datetime(2026, 11, 24, 7, tzinfo=UTC)
WEEK = {"from": "2026-11-24T07:00:00Z", "to": "2026-12-01T00:00:00Z"}
HOSTILE = '=HYPERLINK("https://evil.example")\u2028second\x85third\u202e"\n+4'


@pytest.fixture
async def record(database: AsyncEngine) -> AsyncEngine:
    """The people of the test desk and one incident: something said by command, something hidden, dates that were carried out."""
    life = Life(number=NUMBER)
    life.says(ASHA, Take(), "01JD8Q2V~0123456789ab")
    life.says(ASHA, Note(HOSTILE))
    life.says(ASHA, PublicMessage("Yazıcıya bakıyorum."))
    await publish(database, life.passes(timedelta(days=3)))
    return database


@asynccontextmanager
async def _with_key(record: AsyncEngine, person: str) -> AsyncIterator[httpx.AsyncClient]:
    keys = await fill_directory(record)
    transport, headers = httpx.ASGITransport(app=front_door(record)), {"Authorization": f"Bearer {keys[person]}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as client:
        yield client


async def _in_record(record: AsyncEngine) -> list[Any]:
    async with record.connect() as connection:
        return list((await connection.execute(select(events).order_by(events.c.seq))).all())


def _lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def _rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))


async def _seen(record: AsyncEngine) -> list[tuple[Any, ...]]:
    line = security_events.c
    async with record.connect() as connection:
        query = select(line.kind, line.actor, line.subject, line.detail).where(line.kind.startswith("events_")).order_by(line.id)
        return [tuple(row) for row in await connection.execute(query)]


async def test_every_event_is_in_the_file(record: AsyncEngine) -> None:
    """With everything that S21 names, under the same names in both forms; one line each, whatever people wrote."""
    async with _with_key(record, "asha") as client:
        told = await client.get(f"/api/v1/incidents/{NUMBER}/events.jsonl")
        table = await client.get(f"/api/v1/incidents/{NUMBER}/events.csv")
    happened, lines, rows = await _in_record(record), _lines(told), _rows(table)
    assert told.headers["Content-Type"].startswith("application/jsonl")
    assert told.headers["Content-Disposition"] == f'attachment; filename="{NUMBER}-events.jsonl"'
    assert [line["seq"] for line in lines] == [int(row["seq"]) for row in rows] == [each.seq for each in happened]
    for each, line, row in zip(happened, lines, rows, strict=True):
        assert tuple(line) == tuple(row) == NAMES
        for name in ("kind", "actor_kind", "actor", "edition", "before", "after", "public"):
            assert line[name] == getattr(each, name), name
        assert (line["incident"], datetime.fromisoformat(line["at"])) == (NUMBER, each.at)
        assert line["at"].endswith("Z")
        assert (json.loads(row["before"]), json.loads(row["after"])) == (each.before, each.after)
        assert row["public"] == json.dumps(each.public)
        assert [row[name] or None for name in ("at", "kind", "actor", "command_id", "planned_at", "edition")] == [
            line[name] for name in ("at", "kind", "actor", "command_id", "planned_at", "edition")
        ]


async def test_commands_are_named_as_their_sender_named_them(record: AsyncEngine) -> None:
    """What the desk adds to keep the ids of people apart is of no use to an auditor; what the desk did by itself has no command."""
    async with _with_key(record, "aude") as client:
        lines = _lines(await client.get(f"/api/v1/incidents/{NUMBER}/events.jsonl"))
    taken = [line for line in lines if line["command_id"] == "01JD8Q2V"]
    assert [line["actor"] for line in taken] == ["asha"] * len(taken)
    assert taken
    assert {line["command_id"] for line in lines if line["actor_kind"] == "system"} == {None}


async def test_dates_are_told_with_their_lateness(record: AsyncEngine) -> None:
    """When it was to happen, when it did, and how many seconds later; where nothing was planned, neither."""
    late = {"number": NUMBER, "seq": 900, "at": START + timedelta(days=4, seconds=90.25), "planned_at": START + timedelta(days=4)}
    async with record.begin() as connection:
        row: dict[str, Any] = dict((await connection.execute(select(events).limit(1))).mappings().one())
        await connection.execute(insert(events), row | late)
    async with _with_key(record, "aude") as client:
        lines = _lines(await client.get(f"/api/v1/incidents/{NUMBER}/events.jsonl"))
        rows = _rows(await client.get(f"/api/v1/incidents/{NUMBER}/events.csv"))
    assert (lines[-1]["planned_at"], lines[-1]["late_seconds"], rows[-1]["late_seconds"]) == ("2026-11-28T07:00:00Z", 90.25, "90.25")
    assert {line["late_seconds"] for line in lines if line["planned_at"] is None} == {None}
    assert {line["late_seconds"] for line in lines[:-1] if line["planned_at"]} == {0}


async def test_a_spreadsheet_carries_nothing_out(record: AsyncEngine) -> None:
    """No cell begins like a formula, and signs that nobody sees are written out; JSON Lines are plain ASCII."""
    forged = {"number": NUMBER, "seq": 900, "actor": "=1+1", "command_id": "@SUM(1)"}
    async with record.begin() as connection:
        row: dict[str, Any] = dict((await connection.execute(select(events).limit(1))).mappings().one())
        await connection.execute(insert(events), row | forged)
    async with _with_key(record, "asha") as client:
        told = await client.get(f"/api/v1/incidents/{NUMBER}/events.jsonl")
        table = await client.get(f"/api/v1/incidents/{NUMBER}/events.csv")
    assert told.content.isascii()
    assert not {"\u2028", "\x85", "\u202e"} & set(table.text)
    assert "Yazıcıya bakıyorum." in table.text
    assert (_rows(table)[-1]["actor"], _rows(table)[-1]["command_id"]) == ("'=1+1", "'@SUM(1)")
    assert not [cell for row in _rows(table) for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


async def test_a_period_begins_with_its_first_instant_and_ends_before_its_last(record: AsyncEngine) -> None:
    """So that periods that follow each other have every event once; in the order in which it happened, over all incidents."""
    other = Life(number=number_of(1043), at=START + timedelta(hours=1))
    await publish(record, other)
    async with _with_key(record, "omar") as client:

        async def of(since: str, until: str) -> list[dict[str, Any]]:
            return _lines(await client.get("/api/v1/events.jsonl", params={"from": since, "to": until}))

        first = await of("2026-11-24T07:00:00Z", "2026-11-24T11:00:00+03:00")
        second = await of("2026-11-24T08:00:00Z", "2026-12-01T00:00:00Z")
        whole = await of(WEEK["from"], WEEK["to"])
        assert [event["incident"] for event in second].count(number_of(1043)) == other.facts.version
        assert _rows(await client.get("/api/v1/events.csv", params={"from": "2027-01-01T00:00Z", "to": "2027-01-02T00:00Z"})) == []
    assert {event["incident"] for event in first} == {NUMBER}
    assert first + second == whole
    assert len(whole) == len(await _in_record(record))
    assert [event["at"] for event in whole] == sorted(event["at"] for event in whole)


async def test_a_period_that_is_none_is_refused(record: AsyncEngine) -> None:
    """With what is wrong about it; nothing counts as taken out."""
    async with _with_key(record, "aude") as client:
        for wrong in (
            {},
            {"from": WEEK["from"]},
            {"from": WEEK["to"], "to": WEEK["from"]},
            {"from": WEEK["to"], "to": WEEK["to"]},
            {"from": "2026-11-24", "to": "2026-12-01"},
            {"from": "2026-11-24T07:00:00", "to": WEEK["to"]},
        ):
            answer = await client.get("/api/v1/events.csv", params=wrong)
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "invalid"), wrong
            assert {error["pointer"] for error in answer.json()["errors"]} <= {"from", "to"}
        assert "Must lie after from" in (await client.get("/api/v1/events.csv", params={"from": WEEK["to"], "to": WEEK["from"]})).text
    assert await _seen(record) == []


async def test_who_takes_it_out_is_written_down(record: AsyncEngine) -> None:
    """Each export is a line of the security log, from API and pages: by whom, of what, in which form. What nobody got is none."""
    async with _with_key(record, "aude") as client:
        await client.get(f"/api/v1/incidents/{NUMBER}/events.csv")
        await client.get("/api/v1/events.jsonl", params=WEEK)
        assert (await client.get(f"/api/v1/incidents/{number_of(987_654)}/events.csv")).status_code == 404
    async with signed_in(record, "omar") as browser:
        await browser.get(f"/console/{NUMBER}/events.jsonl")
        await browser.get("/admin/events.csv?from=2026-11-24&to=2026-11-30")
        assert (await browser.get("/admin/events.csv?from=2026-11-24&to=9999-12-31")).status_code == 422
        assert (await browser.get("/admin/events.xlsx?from=2026-11-24&to=2026-11-30")).status_code == 404
    assert await _seen(record) == [
        ("events_exported", "aude", f"incident {NUMBER}", "csv"),
        ("events_exported", "aude", "all incidents", "2026-11-24T07:00:00Z to 2026-12-01T00:00:00Z, jsonl"),
        ("events_exported", "omar", f"incident {NUMBER}", "jsonl"),
        ("events_exported", "omar", "all incidents", "2026-11-24T00:00:00Z to 2026-12-01T00:00:00Z, csv"),
    ]


async def test_pages_lead_to_it(record: AsyncEngine) -> None:
    """The page of an incident to its own trail, the page of the audit to that of a period."""
    await fill_directory(record)
    async with signed_in(record, "asha") as browser:
        assert f'href="/console/{NUMBER}/events.csv"' in (await browser.get(f"/console/{NUMBER}")).text
        assert len(_rows(await browser.get(f"/console/{NUMBER}/events.csv"))) == len(await _in_record(record))
    async with signed_in(record, "aude") as browser:
        page = (await browser.get("/admin/audit?from=2026-11-24&to=2026-11-30")).text
        assert 'action="/admin/events.csv"' in page
        assert 'formaction="/admin/events.jsonl"' in page
        assert len(_lines(await browser.get("/admin/events.jsonl?from=2026-11-24&to=2026-11-30"))) == len(await _in_record(record))


async def test_a_trail_of_any_length_comes_a_stretch_at_a_time(record: AsyncEngine) -> None:
    """Every event once and in order, also where many happened at one instant; never more than a hundred in memory."""
    async with record.begin() as connection:
        row: dict[str, Any] = dict((await connection.execute(select(events).limit(1))).mappings().one())
        for incident in range(3):
            added = [{"number": number_of(2000 + incident), "seq": seq, "at": START + timedelta(days=seq // 100)} for seq in range(1, 251)]
            await connection.execute(insert(events), [row | each for each in added])
    one = [stretch async for stretch in trail_of(record, number_of(2001))]
    assert [event.seq for stretch in one for event in stretch] == [*range(1, 251)]
    some = [stretch async for stretch in trail_within(record, START, START + timedelta(days=30))]
    places = [(event.at, event.number, event.seq) for stretch in some for event in stretch]
    assert places == sorted(set(places))
    assert len(places) == 750 + len([each for each in await _in_record(record) if each.number == NUMBER])
    assert max(map(len, one + some)) == 100


async def test_a_stretch_is_found_by_an_index(record: AsyncEngine) -> None:
    """The first and every later one: nothing is sorted, and nothing outside the period or the incident is read."""
    asked: list[tuple[str, Any]] = []
    async with record.begin() as connection:
        row: dict[str, Any] = dict((await connection.execute(select(events).limit(1))).mappings().one())
        await connection.execute(insert(events), [row | {"number": number_of(2000), "seq": seq} for seq in range(1, 151)])
    event.listen(record.sync_engine, "before_cursor_execute", lambda *heard: asked.append(heard[2:4]))
    assert [stretch async for stretch in trail_within(record, START, START + timedelta(days=30))]
    assert [stretch async for stretch in trail_of(record, number_of(2000))]
    is_sqlite = record.dialect.name == "sqlite"
    queries = [each for each in asked if each[0].startswith("SELECT")]
    assert len(queries) > 4
    async with record.connect() as connection:
        if not is_sqlite:
            # As on a large table; on a small one it is cheaper to sort.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        for statement, values in queries:
            plan = await connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}", values)
            told = "\n".join(str(each[-1]) for each in plan)
            index = "ix_events_in_time" if "events.at <" in statement else "sqlite_autoindex_events_1" if is_sqlite else "pk_events"
            assert index in told, told
            assert "SCAN" not in told if is_sqlite else "Index Cond" in told, told
            assert ("TEMP B-TREE" if is_sqlite else "Sort") not in told, told


def test_a_file_that_breaks_off_is_known_as_such(desk: RunningDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the record goes away in the middle, the connection breaks: nobody takes half of a trail for all of it. At the beginning it is answered."""
    number = desk.report()
    stretch, calls = trail._stretch, iter((True, False))

    async def once(*asked: Any) -> Any:
        if next(calls, False):
            return await stretch(*asked)
        raise ConnectionError

    monkeypatch.setattr(trail, "_stretch", once)
    with pytest.raises(httpx.RemoteProtocolError):
        desk.as_("asha").get(f"/api/v1/incidents/{number}/events.jsonl")
    assert desk.as_("asha").get(f"/api/v1/incidents/{number}/events.jsonl").status_code == 503


def test_the_example_is_such_a_file() -> None:
    """The document shows a file as it is, in both forms."""
    document = describe(create_app(Settings(link_keys=(LINK_KEY,))))
    for path in ("/api/v1/events.{form}", "/api/v1/incidents/{number}/events.{form}"):
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        assert json.loads(content["application/jsonl"]["example"]) == EVENT
        (row,) = csv.DictReader(io.StringIO(content["text/csv"]["example"].removeprefix("\ufeff"), newline=""))
        assert tuple(row) == tuple(EVENT) == NAMES
