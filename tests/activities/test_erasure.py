"""A person can be erased: their words are nowhere any more, their id is nowhere any more, and the figures are what they were (process.md S21)."""

import asyncio
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.security_log import COMMAND_LINE, Hand, Seen
from activities.database.session import open_database
from activities.database.tables import (
    erasures,
    events,
    files,
    incidents,
    intake,
    letters,
    measures,
    metadata,
    people,
    rotas,
    search_entries,
    security_events,
    surveys,
)
from activities.erasure import erasing, treatments
from activities.erasure.erasing import StillNamedError, erase, has_bytes_left, let_go, look
from activities.erasure.histories import NotGoneError
from activities.erasure.marks import ERASED, is_pseudonym
from activities.incident_facts import FACTS
from activities.records import Records
from activities.search_index import index_what_is_missing
from tests.activities.erasing import CARLA, HERS, MARK, OPEN, OTHER, Memory, cancelled, counted, everywhere, fill, publish
from workflows.publication import LetterFacts, Snapshot


def _silent(_: str) -> None:
    """Says nothing."""


async def _erased(engine: AsyncEngine, memory: Memory | None = None, by: Hand = COMMAND_LINE) -> erasing.Done:
    return await erase(engine, memory or Memory(), CARLA.id, by, 5, _silent)


async def _rows(engine: AsyncEngine, table: Any, *where: Any) -> list[Any]:
    async with engine.connect() as connection:
        return list((await connection.execute(select(table).where(*where))).mappings())


# what an erasure knows


def test_every_column_has_its_treatment() -> None:
    """A table or a column that comes is asked about here, what becomes of it when somebody is erased."""
    known = {name: set(columns) for name, columns in treatments.OF_INCIDENTS.items()}
    known |= {"letters": set(treatments.LETTERS), "security_events": set(treatments.AUDIT)}
    for name, table in metadata.tables.items():
        if name in known:
            assert known[name] == set(table.columns.keys()), (
                f"{name}: say in activities/erasure/treatments.py what an erasure does with it."
            )
    rest = [set(treatments.ROWS_OF_A_PERSON), set(treatments.NAMED), treatments.BY_HAND, treatments.UNTOUCHED, set(known)]
    assert sum(map(len, rest)) == len(set.union(*map(set, rest))), "a table has two treatments"
    assert set.union(*map(set, rest)) == set(metadata.tables), (
        "a table has none: say in activities/erasure/treatments.py what an erasure does with it."
    )


# Columns of tables that no map goes through: whoever adds one of text says here that nobody's words are in it, or where they go.
_LOOKED_AT = {
    "groups": {"id", "name", "level", "lead", "email"},
    "services": {"id", "name", "description", "owner_group", "owner_person", "category", "retired"},
    "search_entries": {"id", "number", "seq", "version", "public", "words"},
    "file_parts": {"file", "part", "content"},
    "rotas": {"id", "definition"},
    "throttles": {"key", "began_at", "count"},
    "erasures": {"pseudonym", "person", "began_at", "counts"},
    "numbers": {"name", "last"},
}


def test_what_is_done_by_hand_was_looked_at() -> None:
    """The same for tables that no map of columns describes; measures hold no text but words of the rules."""
    for name, columns in _LOOKED_AT.items():
        assert set(metadata.tables[name].columns.keys()) == columns, f"{name}: look at activities/erasure/pen.py"
    texts = {each.name for each in measures.columns if each.type.python_type in (str, dict)}
    assert texts == {"number", "priority", "category", "group", "survey"}


def test_every_fact_has_its_treatment() -> None:
    """A field that comes to the facts of incidents or letters is asked about here."""
    assert set(treatments.FACTS) == {each.name for each in fields(Snapshot)}
    assert set(treatments.LETTER_FACTS) == {each.name for each in fields(LetterFacts)}


def test_the_document_has_every_table() -> None:
    """docs/erasure.md says of each table what becomes of it."""
    told = (Path(__file__).resolve().parents[2] / "docs/erasure.md").read_text(encoding="utf-8")
    rows = "".join(line.split("|")[1] for line in told.splitlines() if line.startswith("| `"))
    assert {name for name in metadata.tables if f"`{name}`" not in rows} == set(), "say it in docs/erasure.md"


# erasing


async def test_nothing_of_them_is_left_anywhere(database: AsyncEngine) -> None:
    """Words in every field, every column that can hold some, under every id: afterwards no table has any, and what stays can be read."""
    await fill(database)
    before = await everywhere(database)
    assert len(before) > 60
    done = await _erased(database)
    assert await everywhere(database) == set()
    assert is_pseudonym(done.pseudonym)
    for row in await _rows(database, incidents):
        FACTS.validate_python(row["facts"])
    (mine,) = await _rows(database, incidents, incidents.c.number == HERS)
    assert (mine["title"], mine["affected"], mine["facts"]["description"]) == (ERASED, done.pseudonym, ERASED)


async def test_the_sweep_would_find_them(database: AsyncEngine) -> None:
    """Every text column of what is about the person is planted, so that none can be forgotten."""
    await fill(database)
    found = await everywhere(database)
    words = [name for name, treatment in treatments.LETTERS.items() if treatment is not treatments.Treatment.STAYS]
    missed = {f"letters.{name}" for name in words} - found
    for table, columns in treatments.OF_INCIDENTS.items():
        missed |= {f"{table}.{name}" for name, each in columns.items() if each is not treatments.Treatment.STAYS} - found
    missed |= {f"{table}.{column}" for table, column in (treatments.ROWS_OF_A_PERSON | treatments.NAMED).items()} - found
    by_hand = {
        "letters.state",
        "letters.claim",
        "letters.claimed_at",
        "files.state",
        "files.next_look_at",
        "intake.started_at",
        "incidents.sealed_at",
    }
    assert missed <= by_hand
    assert {f"security_events.{name}" for name in ("person", "actor", "subject", "before", "after", "address", "detail")} <= found
    assert {"file_parts.content", "search_entries.words", "throttles.key", "rotas.definition"} <= found


async def _what_happened(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in ("number", "seq", "at", "kind", "public")) for row in await _rows(engine, events))


async def _figures(engine: AsyncEngine, kept: tuple[str, ...]) -> list[str]:
    shown = [[row[name] for name in kept] for row in await _rows(engine, incidents)]
    return sorted(map(str, [*shown, *await _rows(engine, measures)]))


async def test_work_stays(database: AsyncEngine) -> None:
    """States, instants, priorities, marks and everything figures are made of; and in incidents of others also the words."""
    await fill(database)
    kept = ("number", "status", "priority", "group", "reported_at", "changed_at", "version")
    before = await _figures(database, kept)
    happened = await _what_happened(database)
    await _erased(database)
    assert before == await _figures(database, kept)
    assert happened == await _what_happened(database)
    assert [row["score"] for row in await _rows(database, surveys)] == [2]
    (other,) = await _rows(database, incidents, incidents.c.number == OTHER)
    assert (other["title"], other["facts"]["resolution_notes"]) == ("Router is down", "Restarted it")


async def test_one_pseudonym_stands_for_them_everywhere(database: AsyncEngine) -> None:
    """Who did several things is still seen to be one."""
    await fill(database)
    done = await _erased(database)
    acted = {row["actor"] for row in await _rows(database, events) if is_pseudonym(row["actor"])}
    named = {row["affected"] for row in await _rows(database, incidents)} | {row["recipient"] for row in await _rows(database, letters)}
    assert acted == {done.pseudonym}
    assert named - {"dora", "asha"} == {done.pseudonym}


async def test_the_look_counts_what_is_done(database: AsyncEngine) -> None:
    """What is shown before is what happens, and looking changes nothing."""
    await fill(database)
    before = await counted(database)
    found = await look(database, Memory(), CARLA.id)
    assert await counted(database) == before
    assert (found.theirs, set(found.named)) == ((HERS,), {OTHER, OPEN})
    assert dict((await _erased(database)).counts) | {"erasures": 0} == dict(found.counts) | {"erasures": 0}


async def test_the_audit_says_that_it_happened(database: AsyncEngine) -> None:
    """By whom, when, under which pseudonym, how many rows; never who it was."""
    await fill(database)
    done = await _erased(database, by=Hand(actor="adam"))
    (line,) = await _rows(database, security_events, security_events.c.kind == Seen.PERSON_ERASED.value)
    assert (line["actor"], line["person"], line["subject"]) == ("adam", done.pseudonym, f"person {done.pseudonym}")
    assert line["after"] == dict(done.counts)
    by_others = [row for row in await _rows(database, security_events) if row["id"] in ("line-1", "line-3")]
    assert [row["address"] for row in by_others] == ["192.0.2.7", "192.0.2.7"]
    assert by_others[0]["before"] == {"members": [done.pseudonym, "asha"], "lead": done.pseudonym}


async def test_erasing_twice_changes_nothing(database: AsyncEngine) -> None:
    """Whoever is not sure whether it worked does it again."""
    await fill(database)
    await _erased(database)
    before = await counted(database)
    assert (await look(database, Memory(), CARLA.id)).is_empty
    assert await counted(database) == before


async def test_letters_that_wait_do_not_go_out(database: AsyncEngine) -> None:
    """Nobody could write them any more; one in hand is let go of, so that its sender brings nothing back."""
    await fill(database)
    async with database.begin() as connection:
        await connection.execute(update(letters).where(letters.c.number == HERS).values(state="handed_over", claim="mine"))
    await _erased(database)
    assert {(row["state"], row["claim"]) for row in await _rows(database, letters, letters.c.number == HERS)} == {("failed", None)}


async def test_a_digest_in_hand_is_let_go_of(database: AsyncEngine) -> None:
    """It was written with words that are gone; its sender cannot put them back, and it goes out anew to whoever it is for."""
    await fill(database)
    async with database.begin() as connection:
        digest = letters.c.key == "digest:asha:1"
        await connection.execute(update(letters).where(digest).values(state="handed_over", claim="mine", claimed_at=datetime.now(UTC)))
    await _erased(database)
    (row,) = await _rows(database, letters, digest)
    assert (row["state"], row["claim"], row["text"], row["claimed_at"] is not None) == ("handed_over", None, None, True)


async def test_a_report_is_never_started_again(database: AsyncEngine) -> None:
    """Its key is nobody's any more; and whoever died between starting it and noting that starts nothing."""
    await fill(database)
    await _erased(database)
    (line,) = await _rows(database, intake, intake.c.number == HERS)
    assert line["started_at"] is not None
    assert (line["fingerprint"], is_pseudonym(line["key"].split("/")[1])) == ("", True)
    (other,) = await _rows(database, intake, intake.c.number == OTHER)
    assert (other["key"], other["fingerprint"]) == ("person/dora/key", "of-dora")


async def test_what_comes_late_brings_nothing_back(database: AsyncEngine) -> None:
    """A publication that was sent twice, and arrives after the erasure, writes nothing: neither the same nor one that claims to be newer."""
    await fill(database)
    life = cancelled("INC-1004-7")
    late = life.incident.publication()
    await publish(database, life)
    await _erased(database)
    before = await counted(database)
    answer = await Records(database).publish(late)
    assert answer.up_to == late.up_to
    newer = Snapshot(**{**vars(late.snapshot), "version": 999})
    await Records(database).publish(type(late)(**{**vars(late), "snapshot": newer}))
    assert await counted(database) == before


async def test_a_publication_beside_the_erasure_brings_nothing_back(database: AsyncEngine) -> None:
    """Whichever is first, afterwards there is nothing (a late copy of the last publication, many times over)."""
    life = cancelled("INC-1004-7")
    publication = life.incident.publication()
    await publish(database, life)
    await asyncio.gather(_erased(database), *(Records(database).publish(publication) for _ in range(8)))
    assert await everywhere(database) == set()


async def test_a_crash_anywhere_is_repaired_by_doing_it_again(database: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """After histories, after some incidents, before the directory: the same again ends under the same pseudonym."""

    class CrashError(Exception):
        """The process is gone."""

    await fill(database)
    with pytest.raises(NotGoneError):
        await _erased(database, Memory(is_slow=True))
    for step in ("_erase_incidents", "_erase_letters", "_finish"):
        with monkeypatch.context() as patched:
            patched.setattr(erasing, step, _raising(CrashError()))
            with pytest.raises(CrashError):
                await _erased(database)
    (begun,) = await _rows(database, erasures)
    done = await _erased(database)
    assert done.pseudonym == begun["pseudonym"]
    assert await everywhere(database) == set()
    assert is_pseudonym((await _rows(database, incidents, incidents.c.number == HERS))[0]["affected"])


def _raising(error: Exception) -> Any:
    async def crash(*_: Any) -> None:
        raise error

    return crash


async def test_an_incident_in_which_they_only_acted_may_run_on(database: AsyncEngine) -> None:
    """It is left as it is; the erasure is finished, under the same pseudonym, when it has ended."""
    await fill(database)
    first = await _erased(database, Memory(runs={OPEN}))
    assert first.later == (OPEN,)
    assert {place.partition(".")[0] for place in await everywhere(database)} <= {"incidents", "events", "outcomes", "erasures"}
    assert await _rows(database, people, people.c.id == CARLA.id) == []
    second = await _erased(database)
    assert (second.pseudonym, second.later) == (first.pseudonym, ())
    assert await everywhere(database) == set()


async def test_a_process_that_runs_keeps_everything_as_it_is(database: AsyncEngine) -> None:
    """It would publish the words again: the look says which, a survey with its end; nothing is changed."""
    await fill(database)
    before = await counted(database)
    found = await look(database, Memory(runs={HERS}), CARLA.id)
    assert [(each.number, each.is_over) for each in found.against] == [(HERS, True)]
    with pytest.raises(StillNamedError):
        await _erased(database, Memory(runs={HERS}))
    assert await counted(database) == before


async def test_whoever_takes_turns_is_shown_where(database: AsyncEngine) -> None:
    """An override that is over says nothing; a layer does, and one to come."""
    await fill(database)
    assert (await look(database, Memory(), CARLA.id)).rotas == ()
    (rota,) = await _rows(database, rotas)
    over = rota["definition"]["overrides"][0] | {"to": "2100-01-06T09:00:00+00:00"}
    async with database.begin() as connection:
        await connection.execute(update(rotas).values(definition=rota["definition"] | {"overrides": [over]}))
    assert (await look(database, Memory(), CARLA.id)).rotas == ("major",)


async def test_a_report_that_comes_meanwhile_is_erased_too(database: AsyncEngine) -> None:
    """Whoever was still at it while histories were deleted: the last step looks again."""
    await fill(database)
    late = cancelled("INC-1004-7")

    async def report() -> None:
        if late.incident.is_ahead_of_record:
            await publish(database, late)

    await _erased(database, Memory(on_delete=report))
    assert await everywhere(database) == set()


async def test_whoever_comes_later_under_the_same_id_is_somebody_else(database: AsyncEngine) -> None:
    """The old incidents are not theirs, and erasing them takes only theirs."""
    await fill(database)
    first = await _erased(database)
    again = cancelled("INC-1004-7")
    await publish(database, again)
    async with database.connect() as connection:
        mine = select(func.count()).where(incidents.c.affected == CARLA.id)
        assert (await connection.execute(mine)).scalar_one() == 1
    second = await _erased(database)
    assert second.pseudonym != first.pseudonym
    assert (await _rows(database, incidents, incidents.c.number == HERS))[0]["affected"] == first.pseudonym


async def test_an_erased_incident_is_found_by_its_number_alone(database: AsyncEngine) -> None:
    """One entry is left of it, and no file but that there was one."""
    await fill(database)
    await _erased(database)
    (entry,) = await _rows(database, search_entries, search_entries.c.number == HERS)
    assert (entry["seq"], entry["words"]) == (0, "inc 1001 2 inc10012")
    assert await index_what_is_missing(database) == 0
    (file,) = await _rows(database, files, files.c.number == HERS)
    assert (file["name"], file["digest"], file["state"], file["sent"]) == ("", "", "removed", {})


async def test_the_bytes_leave_the_file(on_file: AsyncEngine, migrated_sqlite_url: str) -> None:
    """SQLite: neither the file nor its log holds a word, also of what was overwritten long before; then the erasure has come to its end."""
    file = Path(migrated_sqlite_url.removeprefix("sqlite:///"))
    await fill(on_file)

    def raw() -> bytes:
        return b"".join(each.read_bytes() for each in (file, Path(f"{file}-wal")) if each.exists()).lower()

    assert raw().count(MARK.encode() + b"description") > 1
    await _erased(on_file)
    assert await has_bytes_left(on_file)
    await let_go(on_file, migrated_sqlite_url)
    assert [what for what in ("carla", "description", "note", "rejection", "label", "name") if MARK.encode() + what.encode() in raw()] == []
    assert not await has_bytes_left(on_file)


async def test_postgresql_forgets_in_its_statistics(migrated_postgres_url: str) -> None:
    """The most frequent values of a column stand there until they are counted anew."""
    engine = open_database(migrated_postgres_url)
    await fill(engine)
    await let_go(engine, migrated_postgres_url)
    async with engine.connect() as connection:
        seen = "SELECT count(*) FROM pg_stats WHERE schemaname = 'public' AND most_common_vals::text LIKE '%zq%'"
        assert (await connection.exec_driver_sql(seen.replace("%", "%%"))).scalar_one() > 0
    await _erased(engine)
    await let_go(engine, migrated_postgres_url)
    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql(seen.replace("%", "%%"))).scalar_one() == 0
    await engine.dispose()
