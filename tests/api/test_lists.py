"""Lists stay quick however long they are: what is a part of many is walked in the order of the list, a few among many are found first."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from api.queries.letters import Search, newest
from api.queries.queues import Asked, Queue, waiting
from workflows.messages import Actor
from workflows.vocabulary import ActorKind

ASHA = Actor(ActorKind.PERSON, "asha", (), ())
EARLIER = (datetime(2026, 11, 25, tzinfo=UTC), "INC-1042-9:1:1:received:carla")


async def plan_of(engine: AsyncEngine, look: Callable[[], Awaitable[Any]]) -> str:
    """How SQLite would carry out the very statement behind a page."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await look()
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    statement, parameters = next(each for each in seen if each[0].startswith("SELECT"))
    async with engine.connect() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
    return " ".join(str(row[3]) for row in plan)


@pytest.mark.parametrize("search", [Search(), Search(state="sent"), Search(before=EARLIER)])
async def test_the_newest_letters_are_walked_to(on_file: AsyncEngine, search: Search) -> None:
    """Without a filter that leaves few, nothing is sorted: the first page of a million letters is as quick as that of a hundred."""
    told = await plan_of(on_file, lambda: newest(on_file, search))
    assert "ix_letters_at_key" in told
    assert "TEMP B-TREE" not in told


@pytest.mark.parametrize(
    ("search", "index"),
    [
        (Search(number="INC-1042-9"), "ix_letters_number"),
        (Search(person="carla"), "ix_letters_recipient_at"),
        (Search(state="failed"), "ix_letters_in_line"),
        (Search(number="INC-1042-9", state="sent"), "ix_letters_number"),
        (Search(person="carla", before=EARLIER), "ix_letters_recipient_at"),
    ],
)
async def test_few_letters_are_found(on_file: AsyncEngine, search: Search, index: str) -> None:
    """Letters of one incident or person, or in a rare state: found by an index, then sorted; never all letters looked through for them."""
    told = await plan_of(on_file, lambda: newest(on_file, search))
    assert index in told
    assert "SCAN letters" not in told


@pytest.mark.parametrize("more", [{}, {"priority": ("P1",)}, {"group": ("network",)}, {"category": ("printing",)}])
async def test_closed_incidents_are_walked_in_order(on_file: AsyncEngine, more: dict[str, tuple[str, ...]]) -> None:
    """All of one state, with or without filters: no sorting, and no row is read only to be left out."""
    asked = Asked(Queue.ALL, ASHA, filters={"status": ("closed",), **more})
    told = await plan_of(on_file, lambda: waiting(on_file, asked, datetime.now(UTC)))
    assert "ix_incidents_in_line" in told
    assert "TEMP B-TREE" not in told
