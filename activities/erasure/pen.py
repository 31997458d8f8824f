"""Rewrites the record (process.md S21): an incident, the letters of a person, the directory with its audit. Functions take the connection of an open transaction.

What is done is done again without harm. With a dry pen it is only counted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import (
    file_parts,
    files,
    incidents,
    letters,
    metadata,
    rotas,
    search_entries,
    security_events,
    throttles,
)
from activities.directory.rota_entries import readable_rota
from activities.erasure.concern import audit_lines
from activities.erasure.papers import Row, Whom, audit_line_of, facts_of, letter_of, row_of
from activities.erasure.treatments import LETTERS, NAMED, OF_INCIDENTS, ROWS_OF_A_PERSON, Treatment
from activities.files.kept_files import FileState
from activities.mail.postbox import root_of
from activities.search_index import told_in

_LETTERS_AT_A_TIME = 500
_RENDERED = tuple(name for name, treatment in LETTERS.items() if treatment is Treatment.NOTHING)
_TABLES: Mapping[str, Table] = metadata.tables


@dataclass
class Pen:
    """Changes and removes rows, and counts them by table. A dry one only counts."""

    connection: AsyncConnection
    whom: Whom
    now: datetime
    is_dry: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    seen: set[tuple[Any, ...]] = field(default_factory=set)

    async def change(self, table: Table, row: Row, new: Mapping[str, Any]) -> None:
        """Writes what differs."""
        values = {name: value for name, value in new.items() if value != row[name]}
        if not values:
            return
        place = (table.name, *(row[column.name] for column in table.primary_key.columns))
        self.counts[table.name] += place not in self.seen
        self.seen.add(place)
        if not self.is_dry:
            is_it = [column == row[column.name] for column in table.primary_key.columns]
            await self.connection.execute(update(table).where(*is_it).values(values))

    async def remove(self, table: Table, *where: ColumnElement[bool]) -> None:
        """Takes rows away."""
        if self.is_dry:
            count = (await self.connection.execute(select(func.count()).select_from(table).where(*where))).scalar_one()
        else:
            count = (await self.connection.execute(delete(table).where(*where))).rowcount
        self.counts += Counter({table.name: count})

    async def rows(self, table: Table, *where: ColumnElement[bool]) -> list[Row]:
        """What stands there."""
        return [dict(row) for row in (await self.connection.execute(select(table).where(*where))).mappings()]


async def erase_incident(pen: Pen, number: str) -> None:
    """An incident whose process is gone: of one of theirs all words, else the id. From then on no publication changes it."""
    query = select(incidents).where(incidents.c.number == number)
    locked = (await pen.connection.execute(query if pen.is_dry else query.with_for_update())).mappings().one_or_none()
    found = dict(locked) if locked else None
    # One that was accepted and never came into the record has nothing but its line in the intake ledger.
    of_theirs = found is None or pen.whom.person == found["affected"] or pen.whom.pseudonym == found["affected"]
    pen.whom = replace(pen.whom, commands={})
    rows = {name: await pen.rows(_TABLES[name], _TABLES[name].c.number == number) for name in OF_INCIDENTS}
    for row in (*rows["events"], *rows["turned_away"], *rows["files"]):
        if pen.whom.acts(row) and row["command_id"]:
            pen.whom.commanded(row["command_id"])
    if of_theirs:
        await _erase_files(pen, rows["files"])
    for name, those in rows.items():
        for row in those:
            new = row_of(row, OF_INCIDENTS[name], pen.whom, of_theirs=of_theirs)
            await pen.change(_TABLES[name], row, new | _by_hand(name, row, pen, of_theirs=of_theirs))
    if of_theirs:
        await _erase_letters_about(pen, number)
        await _forget_words(pen, found)


def _by_hand(table: str, row: Row, pen: Pen, *, of_theirs: bool) -> dict[str, Any]:
    if table == "incidents":
        return {"sealed_at": row["sealed_at"] or pen.now}
    if table == "intake":
        # Never started again, also if whoever started it died before it was noted.
        return {"key": pen.whom.intake_key(row["key"]), "started_at": row["started_at"] or pen.now}
    if table != "files" or not (of_theirs or pen.whom.acts(row)):
        return {}
    was_there = of_theirs and row["state"] == FileState.ATTACHED
    return {"sent": {}} | ({"state": FileState.REMOVED.value} if was_there else {}) | ({"next_look_at": None} if of_theirs else {})


async def _erase_files(pen: Pen, rows: list[Row]) -> None:
    """Bytes go. A file that the incident never took on goes whole: nobody will ask for it any more."""
    await pen.remove(file_parts, file_parts.c.file.in_([row["id"] for row in rows]))
    left = [row for row in rows if row["state"] == FileState.RECEIVED]
    await pen.remove(files, files.c.id.in_([row["id"] for row in left]))
    rows[:] = [row for row in rows if row not in left]


async def _erase_letters_about(pen: Pen, number: str) -> None:
    about = await pen.rows(letters, letters.c.number == number)
    for row in about:
        await pen.change(letters, row, letter_of(row, pen.whom, of_theirs=True))
    # A digest tells of several incidents in one text.
    digests = {root_of(row["digest"]) for row in about if row["digest"]}
    for digest in sorted(digests):
        is_it = or_(letters.c.key == digest, letters.c.key.startswith(f"{digest}:resend:", autoescape=True))
        for row in await pen.rows(letters, is_it, letters.c.recipient != pen.whom.person):
            # Without its claim: who has it in hand wrote it before, and must not put that here. It goes out anew, as what was left by somebody who died.
            await pen.change(letters, row, dict.fromkeys((*_RENDERED, "claim")))


async def _forget_words(pen: Pen, found: Row | None) -> None:
    """What it can be found by is its number."""
    if found is None:
        return
    words = told_in(facts_of(found["facts"], pen.whom, of_theirs=True))
    entries = search_entries.c
    await pen.remove(search_entries, entries.number == found["number"], or_(entries.seq != 0, entries.words != words))
    is_there = (await pen.connection.execute(select(entries.id).where(entries.number == found["number"], entries.seq == 0))).first()
    if not (pen.is_dry or is_there):
        entry = {"number": found["number"], "seq": 0, "version": found["version"], "public": True, "words": words}
        await pen.connection.execute(search_entries.insert().values(entry))


async def erase_letters(pen: Pen, after: str = "") -> str | None:
    """Some of the letters to them, or sent again by them, whatever they are about; the key to go on after, none at the end."""
    is_theirs = or_(letters.c.recipient == pen.whom.person, letters.c.resent_by == pen.whom.person)
    query = select(letters).where(is_theirs, letters.c.key > after).order_by(letters.c.key).limit(_LETTERS_AT_A_TIME)
    found = [dict(row) for row in (await pen.connection.execute(query)).mappings()]
    for row in found:
        await pen.change(letters, row, letter_of(row, pen.whom, of_theirs=False))
    return str(found[-1]["key"]) if len(found) == _LETTERS_AT_A_TIME else None


async def erase_from_directory(pen: Pen) -> None:
    """The person, everything they got in with, and where they are named; the audit tells of a pseudonym."""
    person, whom = pen.whom.person, pen.whom
    for name, column in ROWS_OF_A_PERSON.items():
        await pen.remove(_TABLES[name], _TABLES[name].c[column] == person)
    for name, column in NAMED.items():
        for row in await pen.rows(_TABLES[name], _TABLES[name].c[column] == person):
            await pen.change(_TABLES[name], row, {column: None})
    await pen.remove(throttles, throttles.c.key.endswith(f" {person}", autoescape=True))
    for row in await pen.rows(rotas):
        if (entry := readable_rota(row["definition"])) is not None:
            left = [each for each in entry.overrides if each.person != person]
            new = row["definition"] if left == entry.overrides else entry.model_copy(update={"overrides": left}).definition()
            await pen.change(rotas, row, {"definition": new})
    for line in await audit_lines(pen.connection, person):
        await pen.change(security_events, line, audit_line_of(line, whom))
