"""Search by words, the same on both databases (process.md S1, S22)."""

from importlib import import_module
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, event, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import search_entries
from activities.incident_numbers import number_of
from activities.records import Records
from activities.search_index import index_what_is_missing, words_in
from api.queries.incidents import Wanted, listed
from api.queries.queues import Asked, Queue, waiting
from tests.api.house import RunningDesk, fill_directory
from tests.process.life import ASHA, CARLA, TUESDAY, Life
from workflows.messages import Amend, Hold, Message, Note, PublicMessage, Reject, Report, Reprioritise, Resolve
from workflows.publication import Publication
from workflows.vocabulary import HoldReason, Impact, Urgency

SECRET = "hush4711"
FIRST, SECOND, THIRD = (number_of(sequence) for sequence in (1042, 1043, 2104))


def _life(number: str, report: Report, *said: tuple[Any, Message]) -> Publication:
    life = Life(report, number=number)
    for who, message in said:
        life.says(who, message)
    return life.incident.publication()


def _lives() -> list[Publication]:
    """Three incidents of carla; the first has secrets in everything that only the desk reads."""
    return [
        _life(
            FIRST,
            Report("Drucker im 3. Stock streikt", description="Papierstau, Fehler 0x8007-B", category="printing", reference="VND/77-12"),
            (ASHA, Note(f"{SECRET} spare fuser in room 9")),
            (ASHA, Reprioritise(Impact.WIDESPREAD, Urgency.LOW, f"{SECRET} board meeting")),
            (ASHA, PublicMessage("A technician comes with new toner.")),
            (CARLA, PublicMessage("Danke schön, ich warte.")),
        ),
        _life(
            SECOND,
            Report("Yazıcı İNTERNETE bağlanamıyor", category="network"),
            (ASHA, Hold(HoldReason.CALLER, "Which socket, please?")),
            (ASHA, Resolve("fixed", "Patched the socket.")),
            (CARLA, Reject("Flickers again.")),
        ),
        _life(THIRD, Report("Toner", description=f"See {FIRST} from café O'Neil; 100% \\ [x] _y_")),
    ]


@pytest.fixture
async def record(database: AsyncEngine) -> AsyncEngine:
    """A record of three incidents; each test that asks runs on both databases."""
    await fill_directory(database)
    for publication in _lives():
        await Records(database).publish(publication)
    return database


async def _found(database: AsyncEngine, said: str, only_of: str | None = None) -> set[str]:
    return {facts["number"] for facts in (await listed(database, Wanted(said=said, only_of=only_of))).items}


FINDS: list[tuple[str, set[str]]] = [
    (FIRST, {FIRST, THIRD}),
    (FIRST.lower(), {FIRST, THIRD}),
    ("1042", {FIRST, THIRD}),
    ("INC-104", {FIRST, SECOND, THIRD}),
    (SECOND, {SECOND}),
    ("drucker", {FIRST}),
    ("DRUCK stock", {FIRST}),
    ("toner drucker", {FIRST}),
    ("toner", {FIRST, THIRD}),
    ("drucker socket", set()),
    ("schon", {FIRST}),
    ("SCHÖN", {FIRST}),
    ("yazici", {SECOND}),
    ("YAZICI internete", {SECOND}),
    ("flickers patched which", {SECOND}),
    ("vnd/77", {FIRST}),
    ("cafe o'neil", {THIRD}),
    ("0x8007", {FIRST}),
    ("rucker", set()),
    (SECRET, {FIRST}),
    ("  ", {FIRST, SECOND, THIRD}),
]


async def test_what_is_found(record: AsyncEngine) -> None:
    """Number, report, messages, and for the desk notes: by whole words and beginnings, all of them, wherever each was said."""
    for said, expected in FINDS:
        assert await _found(record, said) == expected, said


HOSTILE = [
    '"', '""', "'", "''", '"drucker', "drucker AND", "AND", "OR OR", "NOT", "NEAR(", "NEAR(a b, 2)", "*", "**", "a*", "-", "-drucker", "^a", "+a",
    "words:drucker", "col : x", "{a b}: c", "(", ")", "()", "((", "a & | ! <-> b", "!", "a:*", "':*", "\\", "a\\", "%", "_", "[a", "\x00", "dru\x00cker",
    "\x01\x1f\x7f", "\u2028", "\ud7ff", "\ufffd", "🖨", "𞤢", "\u0301", "ﷺ" * 500, "x" * 100_000, "x " * 50_000, "'; DROP TABLE events; --", "{{7*7}}", "$1", ":word_0", "?",
]  # fmt: skip


async def test_hostile_words_are_only_words(record: AsyncEngine) -> None:
    """Signs, operators, NUL, endless texts: an answer, never an error, for desk and callers, in lists and queues."""
    for said in HOSTILE:
        for only_of in (None, "carla"):
            await _found(record, said, only_of)
        await waiting(record, Asked(Queue.ALL, ASHA, said), TUESDAY)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=60))
@example("\x00")
async def test_any_text_can_be_said_and_searched(record: AsyncEngine, said: str) -> None:
    """Whatever text a person sends, it is taken into the index, and looking for it finds it if it has a word at all."""
    async with record.begin() as connection:
        entry = (search_entries.c.number == THIRD, search_entries.c.seq == 0)
        await connection.execute(update(search_entries).where(*entry).values(words=" ".join(words_in(said))))
    if said.strip() and len(words_in(said)) <= 12:
        assert (THIRD in await _found(record, said)) == bool(words_in(said))


async def test_callers_find_nothing_through_secrets(record: AsyncEngine) -> None:
    """Words of notes and inner reasons find nothing for callers, alone or with others; what they may read they find, if it is theirs."""
    for said in (SECRET, f"drucker {SECRET}", "fuser", "board meeting", "hush"):
        assert await _found(record, said, "carla") == set()
        assert await _found(record, said) == {FIRST}
    assert await _found(record, "drucker technician", "carla") == {FIRST}
    assert await _found(record, "drucker technician", "dora") == set()


async def test_the_index_is_as_new_as_the_record(record: AsyncEngine) -> None:
    """A correction takes old words away and brings new ones; a publication that comes late or twice changes nothing."""
    life = Life(Report("Drucker brennt"), number=FIRST)
    early = life.incident.publication()
    for turn in range(9):
        life.says(ASHA, Amend(title=f"Plotter qualmt {turn}"))
    late = life.incident.publication()
    for publication in (late, early, late):
        await Records(record).publish(publication)
        assert await _found(record, "plotter qualmt 8") == {FIRST}
        assert await _found(record, "brennt") == set()
    async with record.connect() as connection:
        assert (
            await connection.execute(select(func.count()).where(search_entries.c.number == FIRST, search_entries.c.seq == 0))
        ).scalar() == 1
        if record.dialect.name == "sqlite":
            await connection.execute(text("INSERT INTO search_words(search_words, rank) VALUES ('integrity-check', 1)"))


async def test_a_publication_that_fails_leaves_no_words(database: AsyncEngine) -> None:
    """Words are written in the transaction of the publication: what is not in the record cannot be found."""
    await fill_directory(database)

    @event.listens_for(database.sync_engine, "commit")
    def fail(_: Any) -> None:
        raise ConnectionError("gone at the last moment")

    with pytest.raises(ConnectionError):
        await Records(database).publish(_lives()[0])
    event.remove(database.sync_engine, "commit", fail)
    async with database.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(search_entries))).scalar() == 0
    assert await _found(database, "drucker") == set()


async def test_the_index_is_used(record: AsyncEngine) -> None:
    """Words are looked up in the database's own index, not in every row."""
    asked: list[Any] = []
    event.listen(record.sync_engine, "before_cursor_execute", lambda *heard: asked.append(heard[2:4]))
    await _found(record, "toner")
    statement, values = asked[-1]
    async with record.connect() as connection:
        if record.dialect.name == "postgresql":
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if record.dialect.name == "sqlite" else "EXPLAIN "
        plan = str((await connection.exec_driver_sql(explain + statement, values)).all())
    assert "search_words" in plan
    assert "SCAN search_entries" not in plan


async def test_what_is_on_record_can_be_found_after_migrating(record: AsyncEngine) -> None:
    """The migration that brings search reads what is there, as if it had been published with it."""
    migration = import_module("activities.database.migrations.versions.0006_search")

    def migrate_anew(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            migration.upgrade()

    async with record.begin() as connection:
        before = (await connection.execute(_entries())).all()
        if record.dialect.name == "sqlite":
            await connection.execute(text("DROP TABLE search_words"))
        await connection.execute(text("DROP TABLE search_entries"))
        await connection.run_sync(migrate_anew)
        assert (await connection.execute(_entries())).all() == before
    assert await _found(record, "toner drucker") == {FIRST}


async def test_what_a_build_without_an_index_published_is_indexed_later(record: AsyncEngine) -> None:
    """Facts and events without their entries, and entries older than the last amendment, are read again from the record; what is there stays; then nothing is missing."""
    life = Life(Report("Plotter", category="printing"), number=number_of(3001))
    early = life.incident.publication()
    life.says(ASHA, Amend(title="Plotter qualmt"))
    for publication in (early, life.incident.publication()):
        await Records(record).publish(publication)
    assert await index_what_is_missing(record) == 0
    async with record.begin() as connection:
        before = (await connection.execute(_entries())).all()
        await connection.execute(delete(search_entries).where(search_entries.c.number.in_([FIRST, SECOND])))
        stale = (search_entries.c.number == number_of(3001)) & (search_entries.c.seq == 0)
        await connection.execute(update(search_entries).where(stale).values(version=1, words="plotter"))
    assert await index_what_is_missing(record) == sum(row.number in (FIRST, SECOND) for row in before) + 1
    async with record.connect() as connection:
        after = (await connection.execute(_entries())).all()
    # An entry of facts has the version of the publication that wrote it; made later, that of the facts.
    assert [_without_version(row) for row in after] == [_without_version(row) for row in before]
    assert await _found(record, "plotter qualmt") == {number_of(3001)}
    assert await index_what_is_missing(record) == 0


def _without_version(row: Any) -> tuple[Any, ...]:
    return (row.number, row.seq, row.public, row.words)


def _entries() -> Any:
    columns = [column for column in search_entries.columns if column.name != "id"]
    return select(*columns).order_by(search_entries.c.number, search_entries.c.seq)


def test_search_through_the_api(desk: RunningDesk) -> None:
    """A search is a parameter of the list: beside filters, over pages; callers get what is theirs, and inner words give nothing away."""
    numbers = {desk.report(title=f"Plotter {each} qualmt", category="network") for each in range(3)}
    for number in numbers:
        assert desk.tell(number, "note", text=f"{SECRET} fuse").status_code == 200
    asha, carla, dora = desk.as_("asha"), desk.as_("carla"), desk.as_("dora")

    def found(client: Any, **asked: Any) -> set[str]:
        answer = client.get("/api/v1/incidents", params=asked)
        assert answer.status_code == 200, answer.text
        return {each["number"] for each in answer.json()["items"]}

    assert found(asha, q="qualmt plotter") == numbers == found(carla, q="qualmt plotter")
    assert found(asha, q=SECRET, category="network") == numbers
    assert found(asha, q=SECRET, status="closed") == found(carla, q=SECRET) == found(dora, q="qualmt") == set()
    page = asha.get("/api/v1/incidents", params={"q": SECRET, "limit": 2})
    rest = asha.get(page.headers["Link"].partition(">")[0].removeprefix("<"))
    assert {each["number"] for each in (*page.json()["items"], *rest.json()["items"])} == numbers
    for said in HOSTILE:
        found(asha, q=said[:20_000])
        found(carla, q=said[:20_000])
        assert desk.signed_in("asha").get("/console", params={"q": said[:20_000]}).status_code == 200
