"""What happened to an incident, a stretch at a time: no reader waits for twenty megabytes (process.md S21, S22)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from activities.database.tables import events
from api.queries import Database, reading
from api.queries.incidents import as_text

# Events of a stretch, unless its reader asks for fewer or more.
USUAL, MOST = 100, 200
# So many characters of what was said and changed end a stretch early; what one event holds is never cut.
_LARGEST = 1_000_000
_AS_THEY_ARE = ("seq", "kind", "actor_kind", "actor", "command_id", "before", "after", "edition", "public")


@dataclass(frozen=True)
class Stretch:
    """Events in order. ``earlier``: from before this one on there are more, none where the stretch begins with the first."""

    events: list[dict[str, Any]]
    earlier: int | None


async def timeline_of(database: Database, number: str, *, public_only: bool, before: int | None = None, most: int = USUAL) -> Stretch:
    """The newest events, or the newest of those before a sequence number; for callers without what only the desk reads (S22)."""
    query = select(events).where(events.c.number == number).order_by(events.c.seq.desc()).limit(most + 1)
    if public_only:
        query = query.where(events.c.public)
    if before is not None:
        query = query.where(events.c.seq < before)
    async with reading(database).connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    newest = [_event(row) for row in rows[: _how_many_fit(rows[:most])]]
    return Stretch(newest[::-1], newest[-1]["seq"] if len(newest) < len(rows) else None)


def _how_many_fit(rows: Any) -> int:
    size = 0
    for place, row in enumerate(rows):
        size += len(str(row["before"])) + len(str(row["after"]))
        if size > _LARGEST:
            return max(place, 1)
    return len(rows)


def _event(row: Mapping[Any, Any]) -> dict[str, Any]:
    planned = row["planned_at"]
    return {name: row[name] for name in _AS_THEY_ARE} | {"at": as_text(row["at"]), "planned_at": as_text(planned) if planned else None}
