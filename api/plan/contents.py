"""What a plan consists of: sections with tables, each row under a key by which two plans can be compared."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of a table. ``key`` stays the same when what the line says changes."""

    key: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Lines under headings. The key of a row is unique in it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Section:
    """One chapter. ``id`` names it in addresses."""

    id: str
    title: str
    says: str
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Stage:
    """One step of the process: its numbers in PROCESS.md, its name, what happens, and whether work can come back to it."""

    numbers: str
    name: str
    says: str
    repeats: bool


@dataclass(frozen=True)
class Plan:
    """The plan of one edition, in force for incidents reported from the first day, 00:00 UTC, until before the last one, if there is a later edition."""

    edition: str
    until: str | None
    sections: tuple[Section, ...]
    stages: tuple[Stage, ...]


def table(title: str, columns: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> Table:
    """Rows whose first cell is their key; where one comes again, it is counted."""
    seen: dict[str, int] = {}
    rows = []
    for cells in lines:
        seen[cells[0]] = seen.get(cells[0], 0) + 1
        rows.append(Row(cells[0] if seen[cells[0]] == 1 else f"{cells[0]} {seen[cells[0]]}", cells))
    return Table(title, columns, tuple(rows))


def rules(title: str, lines: Iterable[tuple[str, str]]) -> Table:
    """What holds, subject by subject."""
    return table(title, ("Rule", "Says"), lines)
