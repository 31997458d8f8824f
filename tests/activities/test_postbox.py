"""Whose turn it is in the mail ledger (process.md S14)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import NO_PRIORITY, incidents, letters
from activities.directory.file import load_directory
from activities.mail.postbox import LEASE, LetterState, claim_next
from activities.records import Records, facts_row
from tests.activities.test_records import DIRECTORY
from tests.process.life import ASHA, Life
from workflows.messages import Report, Reprioritise
from workflows.vocabulary import Impact, Priority, Urgency

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def _row(key: str, priority: str, due: timedelta, **more: Any) -> dict[str, Any]:
    plain = {"number": key, "letter": "received", "recipient": "carla", "cycle": 1, "cause": 1, "at": NOW, "facts": {}, "claimed_at": None}
    counts = {"state": LetterState.PLANNED.value, "attempts": 0, "unknown_outcomes": 0}
    return plain | counts | {"key": key, "priority": priority, "next_attempt_at": NOW + due} | more


async def _fill(engine: AsyncEngine, *rows: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(letters), list(rows))


async def test_the_gravest_goes_first_and_then_what_became_due_first(database: AsyncEngine) -> None:
    """A P1 overtakes everything; what is not due yet, or in somebody's hand, is passed over; what a dead sender left is taken in its place."""
    in_hand = {"state": LetterState.HANDED_OVER.value, "attempts": 1}
    await _fill(
        database,
        _row("digest", NO_PRIORITY, timedelta(hours=-9)),
        _row("third", "P3", timedelta(hours=-3), cause=2),
        _row("second of one moment", "P1", timedelta(hours=-1), cause=2),
        _row("first of one moment", "P1", timedelta(hours=-1), cause=1),
        _row("not yet", "P1", timedelta(seconds=1)),
        _row("just taken", "P1", timedelta(hours=-5), claimed_at=NOW, **in_hand),
        _row("left behind", "P2", timedelta(hours=-1), claimed_at=NOW - LEASE, **in_hand),
    )
    claims = [await claim_next(database, NOW) for _ in range(6)]
    assert [claim and claim.key for claim in claims] == [
        "first of one moment",
        "second of one moment",
        "left behind",
        "third",
        "digest",
        None,
    ]
    assert claims[2] is not None
    assert (claims[2].attempts, claims[2].unknown_outcomes) == (2, 1)


async def test_a_claim_is_led_to_its_letter(database: AsyncEngine) -> None:
    """By the index, for each priority: nothing is joined, and no letter behind the first one is read, however many wait."""
    await _fill(database, *(_row(f"{count:04}", f"P{count % 4 + 1}", timedelta(seconds=-count)) for count in range(200)))
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(database.sync_engine, "before_cursor_execute", note)
    await claim_next(database, NOW)
    event.remove(database.sync_engine, "before_cursor_execute", note)
    statement, parameters = next(each for each in seen if "SELECT" in each[0])
    is_sqlite = database.dialect.name == "sqlite"
    async with database.connect() as connection:
        if not is_sqlite:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}", parameters)
        told = "\n".join(str(row[-1]) for row in plan)
    # For each priority, for those that have none, and for those in somebody's hand. One sort, of the first ones.
    assert told.count("ix_letters_in_line") == len(Priority) + 2
    assert told.count("TEMP B-TREE" if is_sqlite else "Sort Key") == 1, told


async def test_what_an_older_worker_owes_is_ranked_by_its_incident(database: AsyncEngine) -> None:
    """A worker that knows no priority of letters leaves it out: its P1 still goes before the P5 of a newer one, and before digests."""
    life = Life(Report("Everything is down", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH))
    facts = life.incident.publication().snapshot
    async with database.begin() as connection:
        await connection.execute(insert(incidents).values(facts_row(facts)))
    await _fill(
        database,
        _row("digest", NO_PRIORITY, timedelta(hours=-9), number=""),
        _row("of a newer worker", "P5", timedelta(hours=-5)),
        _row("of an older worker", NO_PRIORITY, timedelta(hours=-1), number=facts.number),
    )
    claims = [await claim_next(database, NOW) for _ in range(3)]
    assert [claim and claim.key for claim in claims] == ["of an older worker", "of a newer worker", "digest"]


@pytest.mark.parametrize("late", [False, True])
async def test_a_letter_that_waits_rises_with_its_incident(database: AsyncEngine, late: bool) -> None:
    """Whoever waits for a letter about an incident that became a P1 does not wait behind all others; what was sent stays as it went."""
    await load_directory(database, DIRECTORY)
    life, records = Life(), Records(database)
    first = life.incident.publication()
    if not late:
        await records.publish(first)
        assert await _priorities(database) == {first.snapshot.priority.value}
    life.says(ASHA, Reprioritise(Impact.WIDESPREAD, Urgency.HIGH, "worse"))
    await records.publish(life.incident.publication())
    assert await _priorities(database) == {life.facts.priority.value}


async def _priorities(database: AsyncEngine) -> set[str]:
    async with database.connect() as connection:
        return set((await connection.execute(select(letters.c.priority))).scalars())
