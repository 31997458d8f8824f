"""One life as rows of the record, made once and copied often: other numbers, other callers, whole weeks earlier or later.

Texts that tell a time of day in words keep it; the reminders, promises and ledgers of a copy move with it. What a copy would only do in the future is
left out, so an incident reported last week stands as it would stand now.
"""

import re
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from sqlalchemy import Table

from activities.database.tables import events, incidents, letters, measures, outcomes, search_entries, surveys
from activities.house.seed.bulk_loading import Loader, given
from activities.house.seed.lines import CALLER
from activities.house.seed.lives import Life
from activities.measuring import measured
from activities.records import event_row, facts_row, letter_rows, outcome_row
from activities.search_index import facts_entry, said_entries, words_in
from activities.surveys import place_of, row_of
from workflows.publication import LetterOwed, Publication
from workflows.vocabulary import FINAL

TABLES = (incidents, events, outcomes, search_entries, letters, surveys, measures)
Meant = Callable[[LetterOwed], Awaitable[tuple[str, ...]]]
_INSTANT = r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"'
_ON_ITS_WAY = timedelta(seconds=2)


@dataclass(frozen=True)
class Copy:
    """What differs from the life that is copied."""

    number: str
    caller: str
    shift: timedelta


class Row:
    """One row with holes, filled for each copy."""

    def __init__(self, loader: Loader, table: Table, values: Mapping[str, Any], number: str) -> None:
        self._values = loader.plain(table, values)
        self._holes: list[tuple[int, Callable[[Copy], Any]]] = []
        for place, (column, plain) in enumerate(zip(given(table), self._values, strict=True)):
            value = values.get(column.name)
            if isinstance(value, datetime):
                self._holes.append((place, partial(_moved_instant, loader, value)))
            elif isinstance(value, date):
                self._holes.append((place, partial(_moved_day, loader, value)))
            elif column is search_entries.c.words and str(plain).startswith(" ".join(words_in(number))):
                self._holes.append((place, _words(str(plain), number)))
            elif isinstance(plain, str) and (number in plain or CALLER in plain or re.search(_INSTANT, plain)):
                self._holes.append((place, _text(plain, number)))

    def filled(self, copy: Copy) -> list[Any]:
        """The values of this row for a copy."""
        values = self._values.copy()
        for place, make in self._holes:
            values[place] = make(copy)
        return values


def _moved_instant(loader: Loader, value: datetime, copy: Copy) -> Any:
    return loader.instant(value + copy.shift)


def _moved_day(loader: Loader, value: date, copy: Copy) -> Any:
    return loader.day(value + copy.shift)


def _words(text: str, number: str) -> Callable[[Copy], str]:
    """Of an entry for searching: there a number stands taken apart."""
    own = " ".join(words_in(number))
    return lambda copy: text.replace(own, " ".join(words_in(copy.number)), 1)


def _text(text: str, number: str) -> Callable[[Copy], str]:
    parts = [_part(each, number) for each in re.split(f"({re.escape(number)}|{CALLER}|{_INSTANT})", text)]
    return lambda copy: "".join([part if isinstance(part, str) else part(copy) for part in parts])


def _part(text: str, number: str) -> str | Callable[[Copy], str]:
    if text == number:
        return lambda copy: copy.number
    if text == CALLER:
        return lambda copy: copy.caller
    if not re.fullmatch(_INSTANT, text):
        return text
    at = datetime.fromisoformat(text.strip('"'))
    return lambda copy: f'"{(at + copy.shift).isoformat().replace("+00:00", "Z")}"'


class Pattern:
    """All rows of one life, with the publication each belongs to."""

    def __init__(self, loader: Loader, life: Life) -> None:
        self._loader, self.life = loader, life
        self._at = [at for at, _ in life.told]
        self._growing: list[tuple[int, Table, Row]] = []
        self._standing: dict[int, list[tuple[Table, Row]]] = {}

    async def write(self, meant: Meant, chance: Random) -> "Pattern":
        """Makes the rows that only ever come to be added: events, outcomes, letters."""
        number = self.life.number
        for place, (_, publication) in enumerate(self.life.told):
            added = [(events, event_row(number, event)) for event in publication.events]
            added += [(outcomes, outcome_row(number, outcome)) for outcome in publication.outcomes]
            added += [(search_entries, entry) for entry in said_entries(publication)]
            added += [(letters, _sent(row, chance)) for row in (await letter_rows(publication, meant))[0]]
            self._growing += [(place, table, Row(self._loader, table, row, number)) for table, row in added]
        return self

    def rows(self, copy: Copy, now: datetime) -> list[tuple[Table, list[Any]]]:
        """Everything the record holds of this copy at ``now``; nothing where it was not even reported."""
        known = bisect_right(self._at, now - copy.shift)
        if not known:
            return []
        if known not in self._standing:
            self._standing[known] = [
                (table, Row(self._loader, table, row, self.life.number))
                for table, row in _standing(self.life.told[:known], self._owed(known))
            ]
        grown = [(table, row.filled(copy)) for place, table, row in self._growing if place < known]
        return [(table, row.filled(copy)) for table, row in self._standing[known]] + grown

    def _owed(self, known: int) -> int:
        return sum(table is letters for place, table, _ in self._growing if place < known)


def _standing(told: Sequence[tuple[datetime, Publication]], owed: int) -> list[tuple[Table, dict[str, Any]]]:
    """The rows that are written over: facts, the survey, measures, as they are after these publications."""
    facts = told[-1][1].snapshot
    rows = [(incidents, facts_row(facts))]
    rows += [(search_entries, entry) for _, publication in told for entry in facts_entry(publication)][-1:]
    asked = next((publication.surveying for _, publication in told if publication.surveying), None)
    if asked is not None and facts.survey is not None:
        rows.append((surveys, place_of(facts.number, asked) | row_of(facts)))
    if facts.status in FINAL:
        story = [vars(event) for _, publication in told for event in publication.events]
        rows.append((measures, measured(facts, story, owed)))
    return rows


def _sent(row: dict[str, Any], chance: Random) -> dict[str, Any]:
    """As it stands when the sender is through with it; never planned, for a seeded letter must not go out. Its text is not made."""
    state = chance.choices(("sent", "failed", "unknown"), (997, 2, 1))[0]
    sent_at = row["at"] + _ON_ITS_WAY if state == "sent" else None
    return row | {"state": state, "attempts": 1, "sent_at": sent_at, "message_id": f"<{row['key']}@seeded.invalid>"}
