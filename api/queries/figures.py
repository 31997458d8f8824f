"""What figures are counted from (process.md S23): measures of incidents that are over, reports, open incidents, letters. Each in one look.

Service requests never count. Distributions come as plain lists, so that medians are exact on every database.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, String, Table, cast, column, false, func, select, text, true, values

from activities.database.tables import LOST, Instant, incidents, letters, measures
from api.figures.periods import Asked, Stretch, part_of
from api.queries import Database, reading
from workflows.vocabulary import FINAL, Kind, Status, SurveyState

_DAY = timedelta(days=1)
_PIECES = 3
_NOT_OVER = tuple(status.value for status in Status if status not in FINAL)
_CLOSED, _CANCELLED = measures.c.is_cancelled == false(), measures.c.is_cancelled == true()


@dataclass
class Tally:
    """What was counted of some incidents that are over.

    ``values`` tells how often each value came: minutes, changes of group, marks; ``late`` milliseconds.
    """

    counts: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[int]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        """A count; nothing counted is zero."""
        return self.counts[name]

    def take(self, other: "Tally") -> None:
        """Adds what was counted of others."""
        self.counts.update(other.counts)
        for name, found in other.values.items():
            self.values.setdefault(name, Counter()).update(found)


def _is(*states: SurveyState) -> ColumnElement[bool]:
    return measures.c.survey.in_([state.value for state in states])


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


_COUNTS: Mapping[str, ColumnElement[int]] = {
    "closed": func.count(),
    "response_met": _number(measures.c.response_met),
    "response_judged": func.count(measures.c.response_met),
    "resolution_met": _number(measures.c.resolution_met),
    "resolution_judged": func.count(measures.c.resolution_met),
    "downgraded": _number(measures.c.downgraded_after_breach > 0),
    "at_first_contact": _number(measures.c.at_first_contact),
    "at_first_level": _number(measures.c.at_first_level),
    "reopened": _number(measures.c.reopenings > 0),
    "confirmed": _number(measures.c.is_confirmed),
    "rejected": _number(measures.c.rejections > 0),
    "timers": func.sum(measures.c.timers),
    "letters": func.sum(measures.c.letters),
    "asked": _number(_is(SurveyState.ASKED, SurveyState.ANSWERED, SurveyState.EXPIRED)),
    "answered": func.count(measures.c.score),
    "waiting": _number(_is(SurveyState.ASKED)),
    "content": _number(measures.c.score >= 4),  # noqa: PLR2004 -- the marks good and very good
}
_MINUTES = ("acknowledged", "responded", "resolved", "resolved_wall", "response_over", "resolution_over")
# All values of a distribution as one text with commas between them: half the work of as many rows.
_LISTS: Mapping[str, ColumnElement[Any]] = {
    name: func.aggregate_strings(cast(values_of, String), ",")
    for name, values_of in (
        *((name, (measures.c[name] + 30) // 60) for name in _MINUTES),
        *((name, measures.c[name]) for name in ("reassignments", "score", "late")),
    )
}


async def tallies(database: Database, asked: Asked) -> dict[str, Tally]:
    """What was over in the period, by part. Parts in which nothing was are not there; '' is no group or no category."""
    found: dict[str, Tally] = {}
    # Beside each other: a database counts each on one core.
    for some in await asyncio.gather(*(_tallies(database, each) for each in asked.pieces(_PIECES))):
        for name, tally in some.items():
            found.setdefault(name, Tally()).take(tally)
    return found


async def _tallies(database: Database, asked: Asked) -> dict[str, Tally]:
    key = _key(asked)
    closed = select(key, *_COUNTS.values(), *_LISTS.values()).where(_CLOSED, *_in(asked)).group_by(key)
    # Called off: counted and nothing else; whatever happened to them is no measure of the service.
    cancelled = select(key, func.count()).where(_CANCELLED, *_in(asked)).group_by(key)
    found: dict[str, Tally] = {}
    texts: dict[str, list[tuple[str | None, ...]]] = {}
    async with reading(database).connect() as connection:
        for part, *row in await connection.execute(closed):
            name = _part(part, asked)
            found.setdefault(name, Tally()).counts.update(dict(zip(_COUNTS, row, strict=False)))
            texts.setdefault(name, []).append(tuple(row[len(_COUNTS) :]))
        for part, count in await connection.execute(cancelled):
            found.setdefault(_part(part, asked), Tally()).counts.update(cancelled=count)
    for name, rows in texts.items():
        found[name].values = {each: _read(each, some) for each, some in zip(_LISTS, zip(*rows, strict=True), strict=True)}
    return found


def _read(name: str, texts: Iterable[str | None]) -> Counter[int]:
    values_read = json.loads(f"[{','.join(filter(None, texts))}]")
    return Counter(chain.from_iterable(values_read) if name == "late" else values_read)


def _key(asked: Asked) -> ColumnElement[Any]:
    return measures.c.over_on if asked.by.is_time else measures.c[asked.by.value]


def _part(key: Any, asked: Asked) -> str:
    return part_of(key, asked.by) if asked.by.is_time else key or ""


def _in(asked: Asked) -> list[ColumnElement[bool]]:
    return [measures.c.over_on.between(asked.first, asked.last), *_only(measures, asked)]


def _only(table: Table, asked: Asked) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in asked.only.items()]


async def reported(database: Database, asked: Asked) -> dict[str, int]:
    """How many were reported in the period, by part; parts without any may be missing."""
    is_ours = [incidents.c.kind != Kind.SERVICE_REQUEST.value, *_only(incidents, asked)]
    if asked.by.is_time:
        parts = _stretches(asked.stretches())
        mine = (incidents.c.reported_at >= parts.c.starts) & (incidents.c.reported_at < parts.c.ends)
        counted = select(parts.c.name, select(func.count()).where(mine, *is_ours).scalar_subquery())
    else:
        key = incidents.c[asked.by.value]
        starts, ends = _midnight(asked.first), _midnight(asked.last + _DAY)
        counted = select(key, func.count()).where(incidents.c.reported_at >= starts, incidents.c.reported_at < ends, *is_ours).group_by(key)
    async with reading(database).connect() as connection:
        return {row[0] or "": row[1] for row in await connection.execute(counted)}


async def since(database: Database, asked: Asked) -> tuple[int, int]:
    """How many were reported, and how many were over, after the period."""
    is_ours = [incidents.c.kind != Kind.SERVICE_REQUEST.value, *_only(incidents, asked)]
    came = select(func.count()).where(incidents.c.reported_at >= _midnight(asked.last + _DAY), *is_ours)
    went = [
        select(func.count()).where(which, measures.c.over_on > asked.last, *_only(measures, asked)).scalar_subquery()
        for which in (_CLOSED, _CANCELLED)
    ]
    async with reading(database).connect() as connection:
        row = (await connection.execute(select(came.scalar_subquery(), went[0] + went[1]))).one()
    return row[0], row[1]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _stretches(parts: Iterable[Stretch]) -> Any:
    rows = [(each.name, _midnight(each.first), _midnight(each.last + _DAY)) for each in parts]
    named = values(column("name", String), column("starts", Instant), column("ends", Instant), name="parts").data(rows)
    return named.cte("parts")


class Waiting(NamedTuple):
    """One incident that is not over: what it is and since when."""

    priority: str
    status: str
    reported_at: datetime


async def open_now(database: Database, asked: Asked) -> list[Waiting]:
    """Everything that is not over at this moment, whatever the period."""
    conditions = [incidents.c.status.in_(_NOT_OVER), incidents.c.kind != Kind.SERVICE_REQUEST.value, *_only(incidents, asked)]
    async with reading(database).connect() as connection:
        query = select(incidents.c.priority, incidents.c.status, incidents.c.reported_at).where(*conditions)
        return [Waiting._make(row) for row in (await connection.execute(query)).all()]


async def lost_letters(database: Database, asked: Asked) -> dict[str, dict[str, int]]:
    """How many letters of incidents that were over in the period have failed, or nobody knows about; by part and state."""
    # Letters first, because few are lost: a join could begin with everything that was over.
    key: ColumnElement[Any] = measures.c.over_on if asked.by.is_time else func.coalesce(measures.c[asked.by.value], "")
    part = select(key).where(measures.c.number == letters.c.number, _CLOSED, *_in(asked)).scalar_subquery()
    query = select(part, letters.c.state, func.count()).where(text(f"letters.{LOST}")).group_by(part, letters.c.state)
    found: dict[str, Counter[str]] = {}
    async with reading(database).connect() as connection:
        for where, state, count in await connection.execute(query):
            if where is not None:
                found.setdefault(_part(where, asked), Counter())[state] += count
    return dict(found)
