"""The audit trail as a file: JSON Lines for programs, CSV for spreadsheets, with the same names in both (process.md S21)."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Any

from api.delivery import id_in
from api.figures.spreadsheets import more_of_table, table, visible
from api.queries.incidents import as_text
from api.queries.trail import Stretch

NAMES = (
    "incident",
    "seq",
    "at",
    "kind",
    "actor_kind",
    "actor",
    "command_id",
    "before",
    "after",
    "edition",
    "planned_at",
    "late_seconds",
    "public",
)


class Form(StrEnum):
    """What kind of file; its name ends like this."""

    JSONL = "jsonl"
    CSV = "csv"


async def begun(trail: AsyncIterator[Stretch]) -> AsyncIterator[Stretch] | None:
    """The same trail with its first stretch already read, so that what keeps it from being read is known before anything goes out; none where it is empty."""
    first = await anext(trail, None)
    return _from(first, trail) if first else None


async def _from(first: Stretch, others: AsyncIterator[Stretch]) -> AsyncIterator[Stretch]:
    yield first
    async for stretch in others:
        yield stretch


async def as_file(trail: AsyncIterator[Stretch] | None, form: Form) -> AsyncIterator[str]:
    """The text of the file in parts, one for each stretch."""
    if form is Form.CSV:
        yield table(NAMES, ())
    if trail is None:
        return
    async for stretch in trail:
        told = map(_event, stretch)
        yield more_of_table(map(_cells, told)) if form is Form.CSV else "".join(map(_line, told))


def example(event: dict[str, Any]) -> dict[Form, str]:
    """A file of this one event in each form."""
    return {Form.JSONL: _line(event), Form.CSV: table(NAMES, [_cells(event)])}


def _event(row: Any) -> dict[str, Any]:
    """One event with everything that is known of it. ``late_seconds``: how long after its planned moment; none where nothing was planned."""
    return {
        "incident": row.number,
        "seq": row.seq,
        "at": as_text(row.at),
        "kind": row.kind,
        "actor_kind": row.actor_kind,
        "actor": row.actor,
        "command_id": id_in(row.command_id) if row.command_id else None,
        "before": row.before,
        "after": row.after,
        "edition": row.edition,
        "planned_at": as_text(row.planned_at) if row.planned_at else None,
        "late_seconds": _late(row.at, row.planned_at),
        "public": row.public,
    }


def _late(at: datetime, planned_at: datetime | None) -> float | None:
    return round((at - planned_at).total_seconds(), 3) if planned_at else None


def _line(event: dict[str, Any]) -> str:
    # In ASCII: what people write holds signs that some readers take for the end of a line.
    return json.dumps(event) + "\n"


def _cells(event: dict[str, Any]) -> list[str | float | None]:
    return [value if isinstance(value, int | float) and not isinstance(value, bool) else _cell(value) for value in event.values()]


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return visible(json.dumps(value, ensure_ascii=False))
