"""Figures of what stands at this moment, whatever the period: the backlog and its age (process.md S23)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from api.figures.charts import bars
from api.figures.presented import Column, Figure, Row, Unit, with_chart
from api.figures.spread import spread
from api.queries.figures import Waiting
from workflows.vocabulary import Priority, Status

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_AGES = (
    ("Under a day", _DAY), ("1 to 3 days", 3 * _DAY), ("3 to 7 days", 7 * _DAY), ("1 to 4 weeks", 28 * _DAY),
    ("4 to 13 weeks", 91 * _DAY), ("Older", timedelta.max),
)  # fmt: skip


def backlog(waiting: Sequence[Waiting], now: datetime) -> tuple[Figure, Figure]:
    """How much is open and how old it is: by age, and by priority."""
    return _by_age(waiting, now), _by_priority(waiting, now)


def _by_age(waiting: Sequence[Waiting], now: datetime) -> Figure:
    says = "Open now: reported, and neither solved nor cancelled. Solved ones wait for the caller to confirm, or for silence. Age counts from the report."
    rows, youngest = [], timedelta.min
    for label, oldest in _AGES:
        of_that_age = [each for each in waiting if youngest <= now - each.reported_at < oldest]
        rows.append(Row(label, _standing(of_that_age)))
        youngest = oldest
    shape = (Column("Open", Unit.COUNT), Column("Solved, not confirmed", Unit.COUNT))
    all_of_them = Row("All", _standing(waiting))
    return with_chart(Figure("ages", "Backlog by age", says, "age", shape, tuple(rows), all_of_them, (0, 1), Markup()), bars)


def _standing(waiting: Sequence[Waiting]) -> tuple[float | None, ...]:
    solved = sum(each.status == Status.RESOLVED for each in waiting)
    return len(waiting) - solved, solved


def _by_priority(waiting: Sequence[Waiting], now: datetime) -> Figure:
    says = "Age of what is open now, from the report, nights and weekends included."
    unsolved = [each for each in waiting if each.status != Status.RESOLVED]
    ages = {rank.value: _ages([each for each in unsolved if each.priority == rank], now) for rank in Priority}
    shape = (Column("Open", Unit.COUNT), *(Column(name, Unit.WALL) for name in ("Mean age", "Median age", "90th percentile")))
    rows = tuple(Row(rank, cells) for rank, cells in ages.items())
    all_of_them = Row("All", _ages(unsolved, now))
    return with_chart(Figure("priorities", "Backlog by priority", says, "priority", shape, rows, all_of_them, (2, 3), Markup()), bars)


def _ages(waiting: Sequence[Waiting], now: datetime) -> tuple[float | None, ...]:
    found = spread(Counter((now - each.reported_at) // _MINUTE for each in waiting))
    return found.count, found.mean, found.median, found.p90
