"""The stages as a picture: SVG for pages, lines of text for everything else. Both are drawn from the stages alone."""

from collections.abc import Sequence

from markupsafe import Markup

from api.plan.contents import Stage

_LEFT, _WIDTH, _HEIGHT, _GAP, _BACK = 2, 300, 44, 26, 70
AGAIN = "not solved"


def drawn(stages: Sequence[Stage]) -> Markup:
    """Boxes from top to bottom, with the way back beside those that can be met again. Colours come from the page."""
    height = len(stages) * (_HEIGHT + _GAP) - _GAP + 4
    parts = [_box(place, stage) for place, stage in enumerate(stages)]
    parts += [_arrow(place) for place in range(1, len(stages))]
    parts.append(_way_back([place for place, stage in enumerate(stages) if stage.repeats]))
    said = "Stages of the process: " + ", then ".join(stage.name for stage in stages) + ". They stand in the table below as well."
    head = Markup(
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>'
    )
    return Markup('<svg class="stages" role="img" aria-label="{}" viewBox="0 0 {} {}">{}{}</svg>').format(
        said, _LEFT + _WIDTH + _BACK + 4, height, head, Markup().join(parts)
    )


def _top(place: int) -> int:
    return 2 + place * (_HEIGHT + _GAP)


def _box(place: int, stage: Stage) -> Markup:
    top, middle = _top(place), _top(place) + _HEIGHT / 2 + 5
    return Markup(
        '<rect class="box" x="{}" y="{}" width="{}" height="{}" rx="8"/><text class="number" x="{}" y="{}">{}</text><text x="{}" y="{}">{}</text>'
    ).format(_LEFT, top, _WIDTH, _HEIGHT, _LEFT + 14, middle, stage.numbers, _LEFT + 66, middle, stage.name)


def _arrow(place: int) -> Markup:
    x = _LEFT + _WIDTH / 2
    return Markup('<path class="way" d="M{} {}V{}" marker-end="url(#head)"/>').format(x, _top(place) - _GAP, _top(place) - 1)


def _way_back(places: Sequence[int]) -> Markup:
    if not places:
        return Markup()
    right, out = _LEFT + _WIDTH, _LEFT + _WIDTH + 24
    start, end = _top(places[-1]) + _HEIGHT / 2, _top(places[0]) + _HEIGHT / 2
    line = Markup('<path class="way" d="M{} {}H{}V{}H{}" marker-end="url(#head)"/>').format(right, start, out, end, right + 1)
    turned = Markup('<text class="note" transform="translate({} {}) rotate(90)">{}</text>').format(out + 10, (start + end) / 2, AGAIN)
    return line + turned


def in_text(stages: Sequence[Stage]) -> str:
    """The same in lines: one stage each, with the way back at the side."""
    width = max(len(stage.name) for stage in stages) + 1
    places = [place for place, stage in enumerate(stages) if stage.repeats]
    lines = []
    for place, stage in enumerate(stages):
        side = "<-+" if places and place == places[0] else "--+" if places and place == places[-1] else "  |" if place in places else ""
        if places and place == places[-1]:
            side += f" {AGAIN}"
        lines += [f"{stage.numbers:>6}  {stage.name:<{width}}{side}".rstrip()]
        if place + 1 < len(stages):
            lines += [f"{'':>6}  |{'':<{width}} |" if place in places[:-1] else f"{'':>6}  |"]
    return "\n".join(lines)
