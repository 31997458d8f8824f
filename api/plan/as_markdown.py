"""The plan as Markdown. Differences are words, not colours: **new**, ~~gone~~, and what stood there before."""

from collections.abc import Iterator

from api.plan.comparing import Cell, Mark, MarkedPlan, MarkedRow, MarkedSection, MarkedTable
from api.plan.diagram import in_text

_SIGNS = str.maketrans({"|": "\\|", "\n": " ", "<": "&lt;", "*": "\\*", "`": "\\`", "[": "\\["})


def as_markdown(plan: MarkedPlan) -> str:
    """The whole document."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: MarkedPlan) -> Iterator[str]:
    yield "# Incident response plan"
    yield ""
    until = f"on and before {plan.until}" if plan.until else "on"
    yield f"For incidents reported from {plan.edition} {until}. Written from the rules of edition {plan.edition}; it changes when they change."
    if plan.against:
        yield ""
        yield f"Compared with edition {plan.against}: {_counted(plan.differing)}."
    for number, section in enumerate(plan.sections, start=1):
        yield from ("", f"## {number}. {section.title}", "", section.says)
        if section.id == "process":
            yield from ("", "```text", in_text(plan.stages), "```")
        for table in section.tables:
            yield from _table(table, section)


def _counted(differing: int) -> str:
    return "nothing differs" if not differing else "one line differs" if differing == 1 else f"{differing} lines differ"


def _table(table: MarkedTable, section: MarkedSection) -> Iterator[str]:
    if not table.rows:
        return
    yield ""
    if table.title and table.title != section.title:
        yield from (f"### {table.title}", "")
    yield f"| {' | '.join(table.columns)} |"
    yield f"|{' --- |' * len(table.columns)}"
    for row in table.rows:
        yield f"| {' | '.join(_cells(row))} |"


def _cells(row: MarkedRow) -> Iterator[str]:
    for place, cell in enumerate(row.cells):
        text = _cell(cell)
        if row.mark is Mark.GONE:
            text = f"~~{text}~~" if text else ""
        yield f"**new:** {text}" if row.mark is Mark.NEW and not place else text


def _cell(cell: Cell) -> str:
    now = cell.now.translate(_SIGNS)
    return now if cell.was is None else f"{now} **(was: {cell.was.translate(_SIGNS)})**"
