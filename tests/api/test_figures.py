"""The process owner's page and its file: the right figures, on both databases, for the right people (process.md S22, S23)."""

import csv
import io
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import groups, incidents, letters, measures
from api.figures.periods import By, part_of
from api.figures.spread import spread
from api.figures.spreadsheets import BYTE_ORDER_MARK, harmless
from tests.api.house import PEOPLE, fill_directory
from tests.api.readers import counted, publish, signed_in
from tests.api.test_spreadsheets import CORPUS
from tests.process.life import ASHA, CARLA, Life
from workflows.messages import Acknowledge, Confirm, Note, PublicMessage, Rate, Reject, Report, Resolve
from workflows.vocabulary import Impact, Kind, Urgency

PERIOD = "from=2026-08-03&to=2026-10-20"
FIRST, LAST = date(2026, 8, 3), date(2026, 10, 20)
MAY_READ = {"omar", "ines", "aude"}


def cells(text: str) -> dict[tuple[str, str, str], float | None]:
    """The file as a mapping: figure, part, column."""
    lines = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    return {(each["figure"], each["part"], each["column"]): float(each["value"]) if each["value"] else None for each in lines}


async def read(engine: AsyncEngine, query: str, person: str = "omar") -> dict[tuple[str, str, str], float | None]:
    """The figures an address asks for."""
    async with signed_in(engine, person) as browser:
        answer = await browser.get(f"/figures.csv?{query}")
    assert answer.status_code == 200, answer.text
    return cells(answer.text)


async def measured(engine: AsyncEngine, count: int, lot: int = 1) -> list[dict[str, Any]]:
    """So many measures of all kinds; what there is to count, and what there is not."""
    chance = random.Random(lot)  # noqa: S311 -- no secret is drawn here
    found = []
    for place in range(count):
        some = lambda most: chance.choice((None, chance.randrange(most)))  # noqa: E731
        score = chance.choice((None, None, 1, 3, 4, 5))
        found.append(
            {
                "number": f"INC-{5000 + place}-0",
                "version": 9,
                "over_on": FIRST + timedelta(days=chance.randrange(-9, 90)),
                "is_cancelled": chance.random() < 0.2,
                "priority": chance.choice(("P1", "P2", "P3")),
                "category": chance.choice((None, "network", "printing")),
                "group": chance.choice((None, "network", "service-desk")),
                "acknowledged": some(9000),
                "responded": some(9000),
                "resolved": some(90_000),
                "resolved_wall": some(900_000),
                "response_met": chance.choice((None, True, False)),
                "response_over": some(50_000),
                "resolution_met": chance.choice((None, True, False)),
                "resolution_over": some(50_000),
                "downgraded_after_breach": chance.choice((0, 0, 1)),
                "at_first_contact": chance.random() < 0.5,
                "at_first_level": chance.random() < 0.5,
                "reassignments": chance.randrange(4),
                "reopenings": chance.choice((0, 0, 2)),
                "rejections": chance.choice((0, 0, 1)),
                "is_confirmed": chance.random() < 0.5,
                "timers": 4,
                "late": chance.choice((None, [1500], [2500, 90_000])),
                "letters": 3,
                "survey": "answered" if score else chance.choice((None, "asked", "expired", "withheld")),
                "score": score,
            }
        )
    async with engine.begin() as connection:
        await connection.execute(insert(measures), found)
    return found


def counted_by_hand(rows: Sequence[dict[str, Any]], part: Callable[[dict[str, Any]], str]) -> dict[tuple[str, str, str], float | None]:
    """Some of the figures once more, in the plainest way."""
    found: dict[tuple[str, str, str], float | None] = {}
    inside = [row for row in rows if FIRST <= row["over_on"] <= LAST]
    for name in {*map(part, inside), "All"}:
        mine = [row for row in inside if name in (part(row), "All")]
        closed = [row for row in mine if not row["is_cancelled"]]
        found["Reported and closed", name, "Closed"] = len(closed)
        found["Reported and closed", name, "Cancelled"] = len(mine) - len(closed)
        for title, column in (("Time to first response", "responded"), ("How late, where the resolution was late", "resolution_over")):
            lies = spread(Counter((row[column] + 30) // 60 for row in closed if row[column] is not None))
            told = zip(("Count", "Mean", "Median", "90th percentile"), (lies.count, lies.mean, lies.median, lies.p90), strict=True)
            found |= {(title, name, word): value for word, value in told}
        judged = [row["resolution_met"] for row in closed if row["resolution_met"] is not None]
        found["Resolution promised and kept", name, "Of"] = len(judged)
        found["Resolution promised and kept", name, "Kept"] = sum(judged)
        found["Reopened", name, "Reopened"] = sum(row["reopenings"] > 0 for row in closed)
        found["Lateness of timers", name, "Late"] = sum(len(row["late"] or ()) for row in closed)
        found["Surveys answered", name, "Asked"] = sum(row["survey"] in ("asked", "answered", "expired") for row in closed)
        found["Surveys answered", name, "Answered"] = sum(row["score"] is not None for row in closed)
    return found


@pytest.mark.parametrize("by", list(By))
async def test_the_same_as_counted_by_hand(database: AsyncEngine, by: By) -> None:
    """By every breakdown each figure is what a plain count over the same rows gives."""
    await fill_directory(database)
    rows = await measured(database, 150)
    names = {None: f"No {by}", "network": "Network" if by is By.GROUP else "network", "service-desk": "Service-Desk"}

    def part(row: dict[str, Any]) -> str:
        if by.is_time:
            return part_of(row["over_on"], by)
        return names.get(row[by.value], row[by.value])

    found = await read(database, f"{PERIOD}&by={by}")
    for key, value in counted_by_hand(rows, part).items():
        assert found[key] == (None if value is None else pytest.approx(value, abs=0.001)), key


async def test_only_some(database: AsyncEngine) -> None:
    """Filters leave out the rest, also in combination."""
    await fill_directory(database)
    rows = await measured(database, 150, lot=2)
    mine = [row for row in rows if (row["priority"], row["group"]) == ("P1", "network")]
    found = await read(database, f"{PERIOD}&by=category&priority=P1&group=network")
    expected = counted_by_hand(mine, lambda row: row["category"] or "No category")
    assert {key: found[key] for key in expected} == {key: pytest.approx(value, abs=0.001) for key, value in expected.items()}


async def lived(engine: AsyncEngine, number: int, *words: tuple[Any, Any], kind: Kind = Kind.INCIDENT, at: datetime) -> Life:
    """An incident through these words, an hour apart, then five weeks of silence."""
    report = Report("Printer is jammed", kind=kind, category="printing", impact=Impact.SIGNIFICANT, urgency=Urgency.MEDIUM)
    life = Life(report, at=at, number=f"INC-{number}-0")
    for who, message in words:
        life.passes(timedelta(hours=1)).says(who, message)
    await publish(engine, life.passes(timedelta(minutes=1)))
    for _ in range(5):
        await publish(engine, life.passes(timedelta(weeks=1)))
    return life


async def test_from_lives_to_figures(database: AsyncEngine) -> None:
    """What incidents did stands in the figures: reported, closed, confirmed, rejected, still open; service requests nowhere (S1)."""
    await fill_directory(database)
    tuesday, solved = datetime(2026, 9, 1, 7, tzinfo=UTC), Resolve("fixed", "Unjammed it.")
    await lived(database, 1, (ASHA, Acknowledge()), (ASHA, solved), (CARLA, Confirm()), at=tuesday)
    await lived(database, 2, (ASHA, solved), (CARLA, Reject("No.")), (ASHA, solved), at=tuesday)
    await lived(database, 3, (ASHA, Acknowledge()), at=tuesday)
    await lived(database, 4, (ASHA, solved), kind=Kind.SERVICE_REQUEST, at=tuesday)
    found = await read(database, "from=2026-08-01&to=2026-10-31&by=month")
    volume = [found["Reported and closed", "2026-09", column] for column in ("Reported", "Closed", "Cancelled", "Open at the end")]
    assert volume == [3, 2, 0, 1]
    assert [found["Reported and closed", part, "Open at the end"] for part in ("2026-08", "2026-10", "All")] == [0, 1, 1]
    assert [found["Confirmed", "All", "Confirmed"], found["Rejected", "All", "Rejected"]] == [1, 1]
    assert found["Time to acknowledge (MTTA)", "2026-09", "Median"] == 60
    assert found["Backlog by priority", "P3", "Open"] == 1


async def test_letters_that_did_not_arrive(database: AsyncEngine) -> None:
    """Failed and unknown letters stand with the incidents they belong to, beside all their letters (S14)."""
    await fill_directory(database)
    life = await lived(database, 1, (ASHA, Acknowledge()), (ASHA, Resolve("fixed", "x")), at=datetime(2026, 9, 1, 7, tzinfo=UTC))
    async with database.begin() as connection:
        mine = letters.c.number == life.facts.number
        total = len((await connection.execute(select(letters.c.key).where(mine))).all())
        for letter, state in (("assigned", "failed"), ("resolved", "unknown")):
            await connection.execute(update(letters).where(mine, letters.c.letter == letter).values(state=state))
    for query, part in (("by=month", "2026-09"), ("by=group", "Service-Desk"), ("by=week", "2026-W37"), ("by=category", "printing")):
        found = await read(database, f"from=2026-08-01&to=2026-10-31&{query}")
        title = "Letters failed or unknown"
        told = [found[title, part, column] for column in ("Letters", "Failed", "Unknown")]
        assert told[1:] == [1, 1]
        assert total - 1 <= (told[0] or 0) <= total


async def answered(engine: AsyncEngine, number: int, score: int) -> None:
    """A P1 incident whose caller gave this mark."""
    report = Report("Printer is on fire", category="printing", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH)
    life = Life(report, at=datetime(2026, 11, 25, 8, tzinfo=UTC) + timedelta(days=31 * number), number=f"INC-{number}-0")
    life.says(ASHA, Resolve("fixed", "x"))
    life.says(CARLA, Confirm())
    await publish(engine, life.passes(timedelta(minutes=10)))
    life.incident.may_be_asked_about = True
    await publish(engine, life.passes(timedelta(hours=1)))
    life.says(CARLA, Rate(score, "A secret comment."))
    await publish(engine, life)


async def test_small_numbers_are_counted_and_not_told(database: AsyncEngine) -> None:
    """With four answers nobody learns what single people said, neither from the page nor from the file; the fifth makes it a figure (S13)."""
    await fill_directory(database)
    query, title = "from=2026-11-01&to=2027-12-31&by=group", "How satisfied callers are (CSAT)"
    for number in range(4):
        await answered(database, number, 1)
    found = await read(database, query)
    assert [found[title, "All", column] for column in ("Answers", "Mean", "Median", "Satisfied", "At least", "At most")] == [4] + [None] * 5
    await answered(database, 4, 5)
    found = await read(database, query)
    assert [found[title, "All", column] for column in ("Answers", "Mean", "Median", "Satisfied")] == [5, 1.8, 1, 20]
    assert (found[title, "All", "At least"] or 0) < 20 < (found[title, "All", "At most"] or 0)


@pytest.mark.parametrize("path", ["/figures", "/figures.csv"])
async def test_who_may_read(on_file: AsyncEngine, path: str) -> None:
    """Process owners, incident managers and auditors; everybody else is refused, and strangers are asked to sign in (S22)."""
    await fill_directory(on_file)
    for person in PEOPLE:
        async with signed_in(on_file, person) as browser:
            assert (await browser.get(path)).status_code == (200 if person in MAY_READ else 403), person
            links = (await browser.get("/portal")).text
            assert ('href="/figures"' in links) == (person in MAY_READ), person
    async with signed_in(on_file, None) as browser:
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")


async def test_no_person_and_no_text_in_figures(on_file: AsyncEngine) -> None:
    """Neither titles, notes, comments and messages nor the names of callers and agents are on the page or in the file (S22)."""
    await fill_directory(on_file)
    for number in range(6):
        await answered(on_file, number, 5)
    secret = Report("title-4711", description="text-4711", contact="contact-4711", category="printing")
    life = Life(secret, at=datetime(2026, 11, 24, 8, tzinfo=UTC), number="INC-77-0")
    for who, message in ((ASHA, Note("note-4711")), (ASHA, PublicMessage("message-4711")), (ASHA, Resolve("fixed", "solution-4711"))):
        life.says(who, message)
    await publish(on_file, life)
    async with signed_in(on_file, "omar") as browser:
        for by in By:
            for path in ("/figures", "/figures.csv"):
                text = (await browser.get(f"{path}?from=2026-11-01&to=2027-12-31&by={by}")).text
                for hidden in ("4711", "A secret comment", "carla", "Carla", "asha", "Asha"):
                    assert hidden not in text, (path, by, hidden)


async def test_what_cannot_be_asked_for_is_said(on_file: AsyncEngine) -> None:
    """A wrong period: the page says so and shows the usual one, the file is refused; hostile filters find nothing and break nothing."""
    await fill_directory(on_file)
    async with signed_in(on_file, "omar") as browser:
        page = await browser.get("/figures?from=2026-11-25&to=2026-01-01")
        assert (page.status_code, "before it begins" in page.text) == (422, True)
        assert (await browser.get("/figures.csv?from=x")).status_code == 422
        for hostile in ("'; DROP TABLE measures --", "\x00", "<script>alert(1)</script>", "%"):
            answer = await browser.get("/figures", params={"group": hostile, "priority": hostile})
            assert (answer.status_code, "<script>" in answer.text) == (200, False)


async def test_hostile_names_stay_names(on_file: AsyncEngine) -> None:
    """A group called like a formula or a script is text in the file and on the page."""
    await fill_directory(on_file)
    await measured(on_file, 40, lot=3)
    async with on_file.begin() as connection:
        await connection.execute(update(groups).where(groups.c.id == "network").values(name="=cmd|'/C calc'!A0<script>"))
    async with signed_in(on_file, "omar") as browser:
        assert "<script>" not in (await browser.get(f"/figures?{PERIOD}&by=group")).text
        text = (await browser.get(f"/figures.csv?{PERIOD}&by=group")).text
    parts = {line[1] for line in csv.reader(io.StringIO(text, newline=""))}
    assert "'=cmd|'/C calc'!A0<script>" in parts
    assert not any(part.startswith("=") for part in parts)


async def test_no_name_is_a_formula_in_the_file(on_file: AsyncEngine) -> None:
    """Of everything that spreadsheets take for one, nothing is left in any cell of the file as it is downloaded."""
    await fill_directory(on_file)
    await measured(on_file, 20, lot=3)
    async with signed_in(on_file, "omar") as browser:
        for hostile in CORPUS:
            async with on_file.begin() as connection:
                await connection.execute(update(groups).where(groups.c.id == "network").values(name=hostile))
            text = (await browser.get(f"/figures.csv?{PERIOD}&by=group")).text.removeprefix(BYTE_ORDER_MARK)
            cells_of_file = {cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line}
            numbers = {cell for cell in cells_of_file if cell.lstrip("-").replace(".", "").isdigit()}
            assert {cell for cell in cells_of_file - numbers if harmless(cell) != cell and not cell.startswith("'")} == set(), hostile
            assert harmless(hostile) in cells_of_file, hostile


@pytest.mark.parametrize("path", ["/figures", "/figures.csv"])
async def test_as_many_queries_for_few_as_for_many(database: AsyncEngine, path: str) -> None:
    """However much there is to count, and however it is broken down, the page asks the database equally often."""
    await fill_directory(database)
    async with signed_in(database, "omar") as browser:
        asked = []
        for rows in (0, 5, 200):
            if rows:
                await measured(database, rows, lot=rows)
            for by in By:
                with counted(database) as statements:
                    assert (await browser.get(f"{path}?{PERIOD}&by={by}")).status_code == 200
                asked.append(len(statements))
            async with database.begin() as connection:
                await connection.execute(measures.delete())
    assert len(set(asked)) == 1, asked
    assert asked[0] <= 16


async def test_an_empty_desk_has_figures(database: AsyncEngine) -> None:
    """On the first day every figure is a dash, by every breakdown, and nothing fails."""
    await fill_directory(database)
    async with signed_in(database, "omar") as browser:
        for by in By:
            assert (await browser.get(f"/figures?by={by}")).status_code == 200
    async with database.connect() as connection:
        assert (await connection.execute(select(incidents.c.number))).first() is None
