"""The incident manager's page: what is late, what soon will be, in whose hands, and when nobody is on call (process.md S8, S10, S22)."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import incidents, memberships, people, rotas
from api.queries.situation import Open
from api.situation import horizons, situation
from tests.api.house import PEOPLE, fill_directory
from tests.api.readers import counted, publish, signed_in
from tests.process.life import ASHA, Life
from workflows.messages import Hold, Note, PublicMessage, Report, Take
from workflows.policies.book import HOLDFAST
from workflows.vocabulary import HoldReason, Impact, Kind, Urgency

RULES = HOLDFAST.edition("2026-01-01")
HOUR = timedelta(hours=1)
MAY_READ = {"ines", "omar"}


def words(page: str) -> str:
    """What a reader sees, in one line."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


async def the_page(engine: AsyncEngine, person: str = "ines") -> str:
    """The situation as that person sees it."""
    async with signed_in(engine, person) as browser:
        answer = await browser.get("/situation")
    assert answer.status_code == 200, answer.text
    return answer.text


def an_open_one(number: str, priority: str, due_in: timedelta, now: datetime, **more: Any) -> Open:
    """An open incident whose promise is due after so long."""
    return Open(number, priority, "in_progress", more.get("group"), more.get("person"), now - HOUR, now + due_in)


def test_a_working_hour_ends_tomorrow_morning() -> None:
    """At half past five a promise in office hours for half past nine tomorrow is at risk, one for ten is not; around the clock an hour is an hour."""
    half_past_five = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)  # in Istanbul
    soon = horizons(RULES, half_past_five)
    assert soon["P1"] == soon["P2"] == half_past_five + HOUR
    assert soon["P3"] == datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
    found = situation(
        [
            an_open_one("tomorrow at 9:30", "P3", timedelta(hours=16), half_past_five),
            an_open_one("tomorrow at 10", "P3", timedelta(hours=16, minutes=30), half_past_five),
            an_open_one("late", "P3", -HOUR, half_past_five),
            an_open_one("tonight", "P1", 2 * HOUR, half_past_five),
        ],
        RULES,
        half_past_five,
    )
    assert [each.number for each in found.at_risk] == ["tomorrow at 9:30"]
    assert [each.number for each in found.breached] == ["late"]


async def opened(
    engine: AsyncEngine, number: int, ago: timedelta, *, kind: Kind = Kind.INCIDENT, impact: Impact = Impact.SIGNIFICANT
) -> Life:
    """An incident with the network group, reported so long ago."""
    report = Report(f"No network in room {number}", kind=kind, category="network", impact=impact, urgency=Urgency.HIGH)
    life = Life(report, at=datetime.now(UTC) - ago, number=f"INC-{number}-0")
    await publish(engine, life.passes(ago - timedelta(seconds=1)))
    return life


async def test_what_is_late_and_in_whose_hands(database: AsyncEngine) -> None:
    """Late ones in front, counted by priority, age, group and agent; who has nothing is named once, service requests nowhere, and titles of nothing else."""
    await fill_directory(database)
    late = await opened(database, 1, timedelta(days=1))  # P2: half an hour for an answer, eight hours for a solution
    late.says(ASHA, Take())
    await publish(database, late)
    held = await opened(database, 2, timedelta(minutes=10), impact=Impact.LIMITED)
    held.says(ASHA, Hold(HoldReason.VENDOR))
    await publish(database, held)
    await opened(database, 3, timedelta(days=3), kind=Kind.SERVICE_REQUEST)
    text = words(await the_page(database))
    assert "Open 2 Breached 1 At risk 0 Unassigned 1 On hold 1" in text
    assert "No network in room 1 INC-1-0 in progress Service-Desk Asha late by" in text
    assert "No network in room 2" not in text
    assert "room 3" not in text
    assert re.search(r"Service-Desk 2 1 0 1 1?", text)
    assert re.search(r"Asha 1 0 0 1 ", text)
    assert re.search(r"P2 0 0 1 0 0 0 1 1", text) or re.search(r"P2 0 1 0 0 0 0 1 1", text)
    assert not re.search(r"(Noah|P1|P5) 0 0 0 0", text)
    assert re.search(r"Nothing open: [\w, -]*Noah", text)


async def test_who_is_away_and_when_nobody_is_called(database: AsyncEngine) -> None:
    """Absences stand beside the agent; the rota says who is on call, and its gaps; one that cannot be read hides nothing."""
    await fill_directory(database)
    now = datetime.now(UTC)
    layer = {"people": ["noah"], "starts": "2026-01-05T09:00:00", "turn_days": 7}
    async with database.begin() as connection:
        await connection.execute(insert(rotas), [{"id": "always", "definition": {"zone": "UTC", "layers": [layer | {"people": ["asha"]}]}}])
        await connection.execute(insert(rotas), [{"id": "days", "definition": {"zone": "UTC", "layers": [layer]}}])
        await connection.execute(insert(rotas), [{"id": "moon", "definition": {"zone": "Moon/Tranquility", "layers": [layer]}}])
        await connection.execute(update(people).where(people.c.id == "noah").values(absent_until=now + timedelta(days=2)))
        await connection.execute(update(people).where(people.c.id == "asha").values(absent_until=now - HOUR))
        await connection.execute(insert(memberships), [{"group": "network", "person": "ines"}])
        await connection.execute(update(people).where(people.c.id == "ines").values(absent_until=datetime.max.replace(tzinfo=UTC)))
    text = words(await the_page(database))
    assert "Noah away until" in text
    assert re.search(r"Ines away\b(?! until)", text)
    assert re.search(r"Nothing open: Asha,", text)
    assert "always Asha No gap in the next 14 days." in text
    assert "days Nobody until" in text
    assert "1 gap in the next 14 days" in text
    assert "The rota moon cannot be read" in text


async def test_without_rotas_it_is_said(on_file: AsyncEngine) -> None:
    """A desk without rotas and without incidents has a page, and learns what that means."""
    await fill_directory(on_file)
    text = words(await the_page(on_file))
    for told in ("Nothing is late.", "Nothing falls due within the hour.", "escalations to somebody on call reach nobody"):
        assert told in text


async def test_who_may_see_it(on_file: AsyncEngine) -> None:
    """Incident managers and process owners; it names agents with their load, so nobody else. Strangers are asked to sign in (S22)."""
    await fill_directory(on_file)
    for person in PEOPLE:
        async with signed_in(on_file, person) as browser:
            assert (await browser.get("/situation")).status_code == (200 if person in MAY_READ else 403), person
            assert ('href="/situation"' in (await browser.get("/portal")).text) == (person in MAY_READ), person
    async with signed_in(on_file, None) as browser:
        assert (await browser.get("/situation")).status_code == 303


async def test_neither_callers_nor_what_was_said(on_file: AsyncEngine) -> None:
    """No name of a caller, no note, no message and no description: those stand on the incident's own page."""
    await fill_directory(on_file)
    life = await opened(on_file, 1, timedelta(days=1))
    for message in (Note("note-4711"), PublicMessage("message-4711")):
        life.says(ASHA, message)
    await publish(on_file, life)
    text = await the_page(on_file)
    assert "No network in room 1" in text
    for hidden in ("4711", "carla", "Carla"):
        assert hidden not in text


async def test_as_many_queries_for_few_as_for_many(database: AsyncEngine) -> None:
    """However much is open, the page asks the database equally often, and names a few only."""
    await fill_directory(database)
    life = await opened(database, 1, timedelta(days=1))
    asked, row = (
        [],
        {"version": 1, "status": "new", "kind": "incident", "priority": "P2", "reporter": "carla", "affected": "carla", "facts": {}},
    )
    for more in range(2):
        with counted(database) as statements:
            page = await the_page(database)
        asked.append(len([each for each in statements if "SELECT" in each]))
        if not more:
            rows = [
                {"number": f"INC-{number}-9", "title": f"Copy {number}", "group": "network", "person": "noah" if number % 2 else None}
                | dict.fromkeys(("reported_at", "changed_at", "promised_by"), life.facts.reported_at)
                | row
                for number in range(200)
            ]
            async with database.begin() as connection:
                await connection.execute(insert(incidents), rows)
    assert asked[0] == asked[1] <= 12
    assert page.count("Copy ") <= 10
    assert "Breached 201" in words(page)
