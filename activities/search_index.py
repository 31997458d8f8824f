"""What incidents can be found by: words of their facts, and of what was said about them (process.md S1, S22).

An entry holds what was said in one event, entry 0 the facts; each says whether callers may read what it was made of. The index over the words is the
database's own, FTS5 or tsvector, so it is always as new as the publication that wrote the entry. Words are folded here, alike for both databases and
for what people search for: case, accents and the Turkish dotless i make no difference.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import search_entries
from workflows.publication import Publication

# PostgreSQL indexes no word of more than 2 KiB.
_LONGEST_WORD = 60
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\binc-(\d+)-(\d)\b")
# Facts that callers see as well.
_FACTS = ("number", "title", "description", "symptoms", "reference", "configuration_item")
# What was said, in events that callers see, and in those they do not: there reasons are for the desk only.
_SAID_TO_ALL = ("text", "resolution_notes")
_SAID_INSIDE = (*_SAID_TO_ALL, "reason", "comment")


def words_in(text: str) -> list[str]:
    """The words of a text, each once, in the order in which they come first. Only letters and digits: no sign of a query language is left."""
    folded = _folded(text)
    # A whole number is one word as well, so that its parts found in different places are not taken for it.
    whole = [f"inc{sequence}{digit}" for sequence, digit in _NUMBER.findall(folded)]
    return list(dict.fromkeys(word[:_LONGEST_WORD] for word in (*_WORD.findall(folded), *whole)))


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text.casefold()).replace("\u0131", "i")
    return "".join(each for each in spread if not unicodedata.category(each).startswith("M"))


async def keep_findable(connection: AsyncConnection, publication: Publication) -> None:
    """Adds what was said in this publication; where its events changed facts, puts those in the place of older ones."""
    entries = [*facts_entry(publication), *said_entries(publication)]
    if not entries:
        return
    insert = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(search_entries)
    newer = insert.on_conflict_do_update(
        index_elements=[search_entries.c.number, search_entries.c.seq],
        set_={name: insert.excluded[name] for name in ("version", "words")},
        where=search_entries.c.version < insert.excluded.version,
    )
    await connection.execute(newer, entries)


def facts_entry(publication: Publication) -> list[dict[str, Any]]:
    """The entry of the facts, or nothing where its events changed none that people search for."""
    facts = publication.snapshot
    if not any(event.seq == 1 or not event.after.keys().isdisjoint(_FACTS) for event in publication.events):
        return []
    return [_entry(facts.number, 0, told_in(vars(facts)), is_public=True) | {"version": facts.version}]


def said_entries(publication: Publication) -> list[dict[str, Any]]:
    """An entry for each event in which somebody said something."""
    return [
        _entry(publication.snapshot.number, event.seq, words, is_public=event.public)
        for event in publication.events
        if (words := said_in(event.after, is_public=event.public))
    ]


def _entry(number: str, seq: int, words: str, *, is_public: bool) -> dict[str, Any]:
    return {"number": number, "seq": seq, "version": seq, "public": is_public, "words": words}


def told_in(facts: Mapping[str, Any]) -> str:
    """The words of the facts, as an entry holds them."""
    return _joined(facts, _FACTS)


def said_in(after: Mapping[str, Any], *, is_public: bool) -> str:
    """The words of an event, as an entry holds them; nothing where nobody said anything."""
    return _joined(after, _SAID_TO_ALL if is_public else _SAID_INSIDE)


def _joined(values: Mapping[str, Any], names: Iterable[str]) -> str:
    # A line between them: the end of one and the beginning of the next are no number together.
    return " ".join(words_in("\n".join(str(values[name]) for name in names if values.get(name))))
