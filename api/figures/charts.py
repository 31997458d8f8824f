"""Charts as SVG, drawn by the server without script and without inline styles; each stands beside a table with the same figures.

Colours come from the style sheet by class, so that charts are readable in light, dark and print.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _FOOT, _HEAD = 640, 200, 66, 18, 22, 10
_BAR, _THICK, _GAP, _LETTER = 300, 14, 12, 7.5  # of lying bars; a letter as wide as most
_NARROWEST_LABEL = 54
_LONGEST_LABEL = 24
_STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
Telling = Callable[[float], str]


@dataclass(frozen=True)
class Series:
    """One row of values over the same labels; where there is none, nothing is drawn."""

    name: str
    values: Sequence[float | None]


def columns(key: str, title: str, labels: Sequence[str], series: Sequence[Series], tell: Telling, most: float | None = None) -> Markup:
    """Upright bars from left to right, for what follows in time. ``most`` is the top of the scale where it is known."""
    top = most or scale(_greatest(series))
    slot = (_WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)
    parts = [_line(share, tell(top * share)) for share in (0, 0.5, 1)]
    every = math.ceil(_NARROWEST_LABEL / slot)
    for place, label in enumerate(labels):
        left = _LEFT + place * slot
        parts += _column_group(left, slot, [each.values[place] for each in series], top)
        if place % every == 0:
            parts.append(_text("middle", left + slot / 2, _HEIGHT + _FOOT - 6, label))
    return _svg("columns", key, title, _described(labels, series, tell), (_WIDTH, _HEIGHT + _FOOT), parts)


def _column_group(left: float, slot: float, values: Sequence[float | None], top: float) -> list[Markup]:
    width = min(slot * 0.8 / len(values), 34)
    start = left + (slot - width * len(values)) / 2
    return [
        _rect(number, start + (number - 1) * width, _y(value / top), width * 0.92, _y(0) - _y(value / top))
        for number, value in enumerate(values, start=1)
        if value
    ]


def _y(share: float) -> float:
    return _HEAD + (_HEIGHT - _HEAD) * (1 - share)


def _line(share: float, told: str) -> Markup:
    y = _y(share)
    return Markup('<line class="axis" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, _WIDTH - _RIGHT, y, y) + _text(
        "end", _LEFT - 8, y + 4, told
    )


def bars(key: str, title: str, labels: Sequence[str], series: Sequence[Series], tell: Telling, most: float | None = None) -> Markup:
    """Lying bars one below the other, with the figures at their ends, for what has no order in time."""
    top, high, shown = most or scale(_greatest(series)), _THICK * len(series) + _GAP, [_shortened(label) for label in labels]
    start = _LETTER * max((len(label) for label in shown), default=0) + 12
    end = _LETTER * max((len(tell(value)) for each in series for value in each.values if value is not None), default=0) + 12
    parts = []
    for place, label in enumerate(shown):
        y = place * high + _GAP / 2
        parts.append(_text("end", start - 8, y + _THICK * len(series) / 2 + 4, label))
        for number, each in enumerate(series, start=1):
            value = each.values[place]
            if value is not None:
                length, y_of_bar = _BAR * value / top, y + (number - 1) * _THICK
                parts.append(_rect(number, start, y_of_bar, length, _THICK - 2))
                parts.append(_text("start", start + length + 6, y_of_bar + _THICK - 3, tell(value)))
    return _svg("bars", key, title, _described(labels, series, tell), (start + _BAR + end, len(labels) * high + 4), parts)


def scale(greatest: float) -> float:
    """The top of a scale: round, and not much above the greatest value."""
    if greatest <= 0:
        return 1
    power = float(10 ** math.floor(math.log10(greatest)))
    # Where the power is too small for a number there is nothing to round.
    return next((step * power for step in _STEPS if step * power >= greatest * 0.999), greatest)


def scale_of_whole(greatest: float) -> float:
    """The same for what is told in whole numbers: half of it is whole too, so that the line in the middle says what is true."""
    top = scale(max(math.ceil(greatest), 2))
    return top if top % 2 == 0 else scale(top + 1)


def scale_of_minutes(greatest: float) -> float:
    """The same for durations: from two hours on in whole hours, so that the scale says round times."""
    hour = 60
    return scale_of_whole(greatest) if greatest < 2 * hour else scale(greatest / hour) * hour


def _greatest(series: Sequence[Series]) -> float:
    return max((value for each in series for value in each.values if value is not None), default=0)


def _shortened(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"


def _rect(number: int, x: float, y: float, width: float, height: float) -> Markup:
    # Numbers need no guard, and there are thousands of them.
    return Markup(f'<rect class="series-{number:d}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>')  # noqa: S704


def _text(anchor: str, x: float, y: float, text: str) -> Markup:
    return Markup(f'<text text-anchor="{anchor}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>')  # noqa: S704 -- escaped


def _described(labels: Sequence[str], series: Sequence[Series], tell: Telling) -> str:
    """What there is to see, for those who do not see it; the table beside it says everything."""
    told = []
    for each in series:
        known = [(value, label) for value, label in zip(each.values, labels, strict=True) if value is not None]
        if known:
            (least, where_least), (most, where_most) = min(known), max(known)
            told.append(f"{each.name}: from {tell(least)} ({where_least}) to {tell(most)} ({where_most})")
        else:
            told.append(f"{each.name}: nothing")
    return ". ".join(told) + ". The table holds all figures."


def _svg(shape: str, key: str, title: str, description: str, size: tuple[float, float], parts: Sequence[Markup]) -> Markup:
    opening = Markup('<svg class="chart {0}-chart" role="img" aria-labelledby="{1}-t {1}-d" viewBox="0 0 {2:.0f} {3:.0f}">')
    said = Markup('<title id="{0}-t">{1}</title><desc id="{0}-d">{2}</desc>').format(key, title, description)
    return opening.format(shape, key, *size) + said + Markup().join(parts) + Markup("</svg>")
