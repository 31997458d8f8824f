"""What a rehearsal found, for people: tables on the terminal, and one HTML page that needs nothing beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from rich.console import Console
from rich.table import Table

from workflows.counting import counted
from workflows.rehearsal.charts import Pair, bars, columns, figure

SHOWN = 200
_READERS = 15
_FEW = 20
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """One subject of the report: the question it answers, the figures, and how to draw them."""

    title: str
    says: str
    pairs: tuple[Pair, ...]
    is_by_hour: bool = False

    @property
    def chart(self) -> Markup:
        """The figures as SVG."""
        return (columns if self.is_by_hour else bars)(self.title, self.pairs)


def sections(found: Figures) -> list[Section]:
    """The report in the order in which it is read."""
    ours, theirs = found["current"], found["changed"]

    def pairs(name: str) -> tuple[Pair, ...]:
        return _pairs(ours[name], theirs[name])

    return [
        Section("Breaches", "Budgets used up, by kind of clock; reopened incidents can breach again.", pairs("breaches")),
        Section(
            "Lateness",
            "Working hours beyond the budget.",
            tuple(
                Pair(f"{kind}, {measure}", ours["lateness"].get(kind, {}).get(measure, 0), theirs["lateness"].get(kind, {}).get(measure, 0))
                for kind in sorted({*ours["lateness"], *theirs["lateness"]})
                for measure in ("mean", "median", "p90", "max")
            ),
        ),
        Section("Letters", "Letters by name, to all readers together.", pairs("letters")),
        Section("Letters per reader", f"The {_READERS} readers whose post changes most; else those with most.", _readers(ours, theirs)),
        Section("Escalations", "Work handed up, and steps of the ladders.", pairs("escalations")),
        Section("Surveys", "Callers asked how it went.", pairs("surveys")),
        Section("Closures", "How incidents ended.", pairs("closures")),
        Section("Priorities", "At the end of each incident.", pairs("priorities")),
        Section("Refused", "What was said and refused, by the rule that refused it.", pairs("refused")),
        *(
            Section(
                f"By hour of the day: {name}",
                "In the zone of the calendar that closure counts in.",
                tuple(Pair(f"{hour}", *each) for hour, each in enumerate(zip(ours["hours"][name], theirs["hours"][name], strict=True))),
                is_by_hour=True,
            )
            for name in ours["hours"]
        ),
    ]


def _pairs(ours: Mapping[str, float], theirs: Mapping[str, float]) -> tuple[Pair, ...]:
    return tuple(Pair(_plain(name), ours.get(name, 0), theirs.get(name, 0)) for name in {**ours, **theirs})


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _readers(ours: Figures, theirs: Figures) -> tuple[Pair, ...]:
    totals = [{reader: sum(letters.values()) for reader, letters in side["letters_by_reader"].items()} for side in (ours, theirs)]
    pairs = _pairs(totals[0], totals[1])
    return tuple(sorted(pairs, key=lambda pair: (-abs(pair.changed - pair.current), -pair.current, pair.label))[:_READERS])


def show(found: Figures, console: Console) -> None:
    """Everything as tables."""
    for side, each in found["processes"].items():
        console.print(f"{side}: {each['process']} (edition {each['edition']}, {each['book']})", highlight=False)
    differing = found["differing"]
    console.print(f"{counted(found['incidents'], 'incident')} rehearsed; the fate of {len(differing)} differs", highlight=False)
    for section in sections(found):
        _print(console, section)
    if differing:
        table = Table("incident", "what differs", title=f"Whose fate differs (first {_FEW} of {len(differing)})", title_justify="left")
        for each in differing[:_FEW]:
            table.add_row(each["number"], "; ".join(each["differs"]))
        console.print(table)
    _small_print(console, found)


def _print(console: Console, section: Section) -> None:
    if section.is_by_hour or not section.pairs:
        return
    table = Table(title=section.title, title_justify="left")
    for name in ("", "current", "changed", "difference"):
        table.add_column(name, justify="left" if not name else "right")
    for pair in section.pairs:
        table.add_row(pair.label, figure(pair.current), figure(pair.changed), signed(pair.changed - pair.current))
    console.print(table)


def _small_print(console: Console, found: Figures) -> None:
    console.print("Assumed:", *(f"- {each}" for each in small_print(found)), sep="\n", highlight=False)


def small_print(found: Figures) -> list[str]:
    """What was assumed, and what of the recording was exchanged or could not be played."""
    ours = found["current"]
    exchanged = [f"Exchanged {number} times: {what}." for what, number in ours["exchanged"].items()]
    left_out = [f"Left out {number} times: {what}." for what, number in (*ours["left_out"].items(), *found.get("unreadable", {}).items())]
    return [*found["assumptions"], *exchanged, *left_out]


def signed(difference: float) -> str:
    """A difference for people: nothing where there is none."""
    return "" if not difference else f"{'+' if difference > 0 else '-'}{figure(abs(difference))}"


def page(found: Figures) -> str:
    """The report as one HTML page: no script, no font, nothing loaded from anywhere."""
    house = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    house.filters.update(figure=figure, signed=signed)
    template = house.get_template("rehearsal.html")
    return template.render(
        found=found, sections=[each for each in sections(found) if each.pairs], small_print=small_print(found), shown=SHOWN
    )
