"""Files of an incident as the record has them (process.md S4, S22). To callers inner files do not exist."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from activities.database.tables import files
from activities.files.kept_files import FileState, Scan
from api.queries import Database, reading
from api.queries.incidents import as_text
from workflows.policies.file_rules import KINDS

_COLUMNS = tuple(column for column in files.columns if column.name not in ("sent", "attempts", "next_look_at", "command_id"))
ON_ITS_WAY, BEING_CHECKED, AVAILABLE, INFECTED, REMOVED = "on_its_way", "being_checked", "available", "infected", "removed"
_GONE: Mapping[str, str] = {FileState.RECEIVED: ON_ITS_WAY, FileState.REMOVED: REMOVED, FileState.INFECTED: INFECTED}
_CHECKED: Mapping[str, str] = {Scan.WAITING: BEING_CHECKED, Scan.INFECTED: INFECTED}


@dataclass(frozen=True)
class File:
    """One file. ``state``: on_its_way, being_checked, available, infected or removed; only an available one can be read. ``added_at``: RFC 3339."""

    id: str
    number: str
    name: str
    kind: str
    size: int
    digest: str
    inside: bool
    actor_kind: str
    actor: str
    added_at: str
    state: str
    is_scanned: bool

    @property
    def media_type(self) -> str:
        """As what it is handed out; a kind this build does not know, as mere bytes."""
        return KINDS.get(self.kind, "application/octet-stream")


async def files_of(database: Database, number: str, *, public_only: bool) -> list[File]:
    """All files of an incident in the order in which they came."""
    async with reading(database).connect() as connection:
        query = select(*_COLUMNS).where(files.c.number == number, *_shown(public_only=public_only))
        rows = (await connection.execute(query.order_by(files.c.received_at, files.c.id))).mappings().all()
    return [_file(row) for row in rows]


async def file_of(database: Database, number: str, file: str, *, public_only: bool) -> File | None:
    """One file of this incident, or none."""
    async with reading(database).connect() as connection:
        query = select(*_COLUMNS).where(files.c.number == number, files.c.id == file, *_shown(public_only=public_only))
        row = (await connection.execute(query)).mappings().one_or_none()
    return _file(row) if row else None


async def kept_as(database: Database, file: str) -> tuple[str, str, bool] | None:
    """Name, SHA-256 and whether it is for the desk alone, of what is kept under this id."""
    async with reading(database).connect() as connection:
        row = (await connection.execute(select(files.c.name, files.c.digest, files.c.inside).where(files.c.id == file))).one_or_none()
    return (row[0], row[1], row[2]) if row else None


def _shown(*, public_only: bool) -> list[ColumnElement[bool]]:
    return [~files.c.inside] if public_only else []


def _file(row: Mapping[Any, Any]) -> File:
    known = {name: row[name] for name in ("id", "number", "name", "kind", "size", "digest", "inside", "actor_kind", "actor")}
    state = _GONE.get(row["state"]) or _CHECKED.get(row["scan"], AVAILABLE)
    return File(**known, added_at=as_text(row["received_at"]), state=state, is_scanned=row["scan"] == Scan.CLEAN)
