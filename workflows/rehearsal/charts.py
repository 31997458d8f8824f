"""Bar charts as SVG, drawn without a script; each stands beside a table with the same figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_LABEL, _BAR, _FIGURE = 230, 430, 90  # widths in a row of horizontal bars
_ROW, _THICK = 40, 14
_COLUMN, _HEIGHT, _FOOT = 30, 180, 24


@dataclass(frozen=True)
class Pair:
    """One figure under both processes."""

    label: str
    current: float
    changed: float


def bars(title: str, pairs: Sequence[Pair]) -> Markup:
    """A pair of horizontal bars a row, with the figures at their ends."""
    most = max((max(pair.current, pair.changed) for pair in pairs), default=0) or 1
    rows = [_row(place * _ROW, pair, most) for place, pair in enumerate(pairs)]
    return _svg(title, _LABEL + _BAR + _FIGURE, len(pairs) * _ROW + 4, rows)


def _row(top: int, pair: Pair, most: float) -> Markup:
    label = Markup('<text class="label" x="{}" y="{}">{}</text>').format(_LABEL - 10, top + _ROW / 2 + 2, pair.label)
    return label + _bar(top + 4, "current", pair.current, most) + _bar(top + 5 + _THICK, "changed", pair.changed, most)


def _bar(top: float, side: str, value: float, most: float) -> Markup:
    width = _BAR * value / most
    return Markup('<rect class="{}" x="{}" y="{}" width="{:.1f}" height="{}"/><text class="figure" x="{:.1f}" y="{}">{}</text>').format(
        side, _LABEL, top, width, _THICK, _LABEL + width + 6, top + _THICK - 2, figure(value)
    )


def columns(title: str, pairs: Sequence[Pair]) -> Markup:
    """A pair of columns for each label, left to right."""
    most = max((max(pair.current, pair.changed) for pair in pairs), default=0) or 1
    drawn = [_columns_of(place * _COLUMN, pair, most) for place, pair in enumerate(pairs)]
    top = Markup('<text class="figure" x="0" y="12">{}</text><line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/>').format(
        f"most: {figure(most)}", len(pairs) * _COLUMN, _HEIGHT, _HEIGHT
    )
    return _svg(title, len(pairs) * _COLUMN, _HEIGHT + _FOOT, [top, *drawn])


def _columns_of(left: int, pair: Pair, most: float) -> Markup:
    drawn = Markup()
    for shift, side, value in ((3, "current", pair.current), (15, "changed", pair.changed)):
        height = (_HEIGHT - 20) * value / most
        drawn += Markup('<rect class="{}" x="{}" y="{:.1f}" width="11" height="{:.1f}"/>').format(
            side, left + shift, _HEIGHT - height, height
        )
    return drawn + Markup('<text class="hour" x="{}" y="{}">{}</text>').format(left + _COLUMN / 2, _HEIGHT + 16, pair.label)


def _svg(title: str, width: int, height: int, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}">{}</svg>').format(
        f"{title}. The same figures stand in the table below.", width, height, width, Markup().join(parts)
    )


def figure(value: float) -> str:
    """A number for people: thousands apart, and no more digits than it needs."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
