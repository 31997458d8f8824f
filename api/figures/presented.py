"""The figures of the desk as people read them (process.md S23): a table and a chart each; page and file show the same. What they mean stands in chapters.py."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from markupsafe import Markup

from api.figures.charts import Series, bars, columns, scale_of_minutes, scale_of_whole
from api.figures.periods import Asked, By
from api.queries.figures import Tally

_HOUR, _DAY = 60, 24 * 60
# From so many hours on nobody asks for minutes.
_LONG = 48
SECOND = 1000


Lost = Mapping[str, Mapping[str, int]]


class Unit(Enum):
    """What a number counts, and how it is told."""

    COUNT = "incidents"
    WORKING = "minutes of working time"
    WALL = "minutes"
    PERCENT = "percent"
    TIMES = "times"
    MARK = "marks"
    LATENESS = "milliseconds"


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    unit: Unit


@dataclass(frozen=True)
class Row:
    """One part of the period, or all of it. A cell without a value was not measured, or is withheld because it tells of too few."""

    label: str
    cells: tuple[float | None, ...]


@dataclass(frozen=True)
class Figure:
    """One figure. ``says`` is its definition, ``of`` what its rows are, ``drawn`` the columns that the chart shows."""

    key: str
    title: str
    says: str
    of: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row
    drawn: tuple[int, ...]
    chart: Markup


@dataclass(frozen=True)
class Chapter:
    """Figures that belong together."""

    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Part:
    """One part of the period: its name, how many were reported in it, and what was counted of those that were over in it."""

    label: str
    arrived: int
    tally: Tally
    lost: Mapping[str, int]


@dataclass(frozen=True)
class Parts:
    """All parts, their sum, and how many were open after the last."""

    asked: Asked
    each: Sequence[Part]
    all: Part
    open_after: int


def told(value: float | None, unit: Unit) -> str:
    """A cell for people."""
    if value is None:
        return "-"
    if unit is Unit.WORKING or unit is Unit.WALL:
        return duration(value, is_wall=unit is Unit.WALL)
    if unit is Unit.LATENESS:
        return "under 1 s" if value < SECOND else f"{value / SECOND:,.1f} s"
    return {Unit.COUNT: f"{value:,.0f}", Unit.PERCENT: f"{value:.0f} %", Unit.TIMES: f"{value:.2f}"}.get(unit, f"{value:.1f}")


def duration(minutes: float, *, is_wall: bool) -> str:
    """Minutes as people say them. Days only where they have 24 hours: a working day is shorter."""
    whole = round(minutes)
    if whole < _HOUR:
        return f"{whole} min"
    if is_wall and whole >= _DAY:
        return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"
    hours, rest = divmod(whole, _HOUR)
    return f"{hours:,} h {rest} min" if rest and hours < _LONG else f"{hours:,} h"


def counted_from(
    names: Mapping[str, str], found: Mapping[str, Tally], came: Mapping[str, int], lost: Lost, asked: Asked, open_after: int
) -> Parts:
    """The parts in their order: time as it goes by, priorities by rank, everything else by how much of it was closed. ``names`` are those of groups."""
    if asked.by.is_time:
        order = [each.name for each in asked.stretches()]
    else:
        order = sorted({*found, *came}, key=lambda key: (0 if asked.by is By.PRIORITY else -_closed(found, key), key))
    called = names if asked.by is By.GROUP else {}
    everything, all_lost = Tally(), Counter[str]()
    for key, tally in found.items():
        everything.take(tally)
        all_lost.update(lost.get(key, {}))
    parts = [Part(called.get(key, key) or f"No {asked.by}", came.get(key, 0), found.get(key, Tally()), lost.get(key, {})) for key in order]
    return Parts(asked, parts, Part("All", sum(part.arrived for part in parts), everything, all_lost), open_after)


def _closed(found: Mapping[str, Tally], key: str) -> int:
    return found[key]["closed"] if key in found else 0


def drawn_up(asked: Asked, figure: Figure) -> Figure:
    """The figure with its chart: columns where time goes by, bars otherwise."""
    return with_chart(figure, columns if asked.by.is_time else bars)


def with_chart(figure: Figure, draw: Callable[..., Markup]) -> Figure:
    """The figure with a chart of the columns that are to be drawn, on a scale that fits their unit."""
    unit = figure.columns[figure.drawn[0]].unit
    series = [Series(figure.columns[place].name, [row.cells[place] for row in figure.rows]) for place in figure.drawn]
    greatest = max((value for each in series for value in each.values if value is not None), default=0)
    scales = {Unit.COUNT: scale_of_whole, Unit.WORKING: scale_of_minutes, Unit.WALL: scale_of_minutes}
    most = 100 if unit is Unit.PERCENT else scales[unit](greatest) if unit in scales else None
    chart = draw(figure.key, figure.title, [row.label for row in figure.rows], series, lambda value: told(value, unit), most)
    return Figure(**vars(figure) | {"chart": chart})
