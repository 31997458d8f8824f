"""Lays a plan beside another one: what is new, what is gone, what says something else."""

from dataclasses import dataclass
from enum import StrEnum

from api.plan.contents import Plan, Row, Section, Stage, Table


class Mark(StrEnum):
    """How a line stands to the other plan."""

    SAME = "same"
    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True)
class Cell:
    """What stands there, and what stood there where that is something else."""

    now: str
    was: str | None = None


@dataclass(frozen=True)
class MarkedRow:
    """A line with its mark."""

    mark: Mark
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class MarkedTable:
    """A table whose lines are marked."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[MarkedRow, ...]


@dataclass(frozen=True)
class MarkedSection:
    """A chapter, and how many of its lines differ."""

    id: str
    title: str
    says: str
    tables: tuple[MarkedTable, ...]
    differing: int


@dataclass(frozen=True)
class MarkedPlan:
    """A plan to be shown. ``against`` names the edition it is compared with, if any."""

    edition: str
    until: str | None
    against: str | None
    sections: tuple[MarkedSection, ...]
    stages: tuple[Stage, ...]

    @property
    def differing(self) -> int:
        """How many lines differ."""
        return sum(section.differing for section in self.sections)


def marked(plan: Plan, against: Plan | None = None) -> MarkedPlan:
    """The plan with marks; without another one nothing is marked."""
    before = {section.id: section for section in (against or plan).sections}
    sections = tuple(_section(section, before.get(section.id)) for section in plan.sections)
    return MarkedPlan(plan.edition, plan.until, against.edition if against else None, sections, plan.stages)


def _section(now: Section, was: Section | None) -> MarkedSection:
    before = {(table.title, table.columns): table for table in was.tables} if was else {}
    tables = [_table(table, before.pop((table.title, table.columns), None)) for table in now.tables]
    # A table that is gone, of a ladder for example, stays to be seen.
    tables += [MarkedTable(table.title, table.columns, tuple(_row(None, row) for row in table.rows)) for table in before.values()]
    differing = sum(row.mark is not Mark.SAME for table in tables for row in table.rows)
    return MarkedSection(now.id, now.title, now.says, tuple(tables), differing)


def _table(now: Table, was: Table | None) -> MarkedTable:
    before = {row.key: row for row in was.rows} if was else {}
    rows = [_row(row, before.pop(row.key, None)) for row in now.rows]
    return MarkedTable(now.title, now.columns, (*rows, *(_row(None, row) for row in before.values())))


def _row(now: Row | None, was: Row | None) -> MarkedRow:
    if now is None or was is None or len(now.cells) != len(was.cells):
        shown = now or was
        assert shown is not None
        return MarkedRow(Mark.GONE if now is None else Mark.NEW, tuple(Cell(text) for text in shown.cells))
    cells = tuple(Cell(text, None if text == before else before) for text, before in zip(now.cells, was.cells, strict=True))
    return MarkedRow(Mark.CHANGED if any(cell.was is not None for cell in cells) else Mark.SAME, cells)
