"""Lists stay quick however long they are: the database walks an index in the order of the list, and sorts nothing."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from api.queries.letters import Search, newest
from api.queries.queues import Asked, Queue, waiting
from workflows.messages import Actor
from workflows.vocabulary import ActorKind

ASHA = Actor(ActorKind.PERSON, "asha", (), ())


@pytest.mark.parametrize(
    ("which", "index"),
    [("closed incidents", "ix_incidents_in_line"), ("newest letters", "ix_letters_at_key")],
)
async def test_long_lists_are_walked_in_order(on_file: AsyncEngine, which: str, index: str) -> None:
    """The plan of the very statement behind the page names the index and has no sorting in it."""
    seen: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(on_file.sync_engine, "before_cursor_execute", note)
    if which == "newest letters":
        await newest(on_file, Search())
    else:
        await waiting(on_file, Asked(Queue.ALL, ASHA, filters={"status": ("closed",)}), datetime.now(UTC))
    event.remove(on_file.sync_engine, "before_cursor_execute", note)
    statement, parameters = next(each for each in seen if each[0].startswith("SELECT"))
    async with on_file.connect() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()  # type: ignore[arg-type]
    told = " ".join(str(row) for row in plan)
    assert index in told
    assert "TEMP B-TREE" not in told
