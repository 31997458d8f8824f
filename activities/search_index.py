"""What incidents can be found by: words of their facts, and of what was said about them (process.md S1, S22).

An entry holds what was said in one event, entry 0 the facts; each says whether callers may read what it was made of. The index over the words is the
database's own, FTS5 or tsvector, so it is always as new as the publication that wrote the entry. Words are folded here, alike for both databases and
for what people search for: case, accents and the Turkish dotless i make no difference.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import and_, exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.session import insert
from activities.database.tables import events, incidents, search_entries
from activities.erasure.marks import ERASED
from workflows.publication import Publication
from workflows.vocabulary import EventKind

# PostgreSQL indexes no word of more than 2 KiB.
_LONGEST_WORD = 60
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\binc-(\d+)-(\d)\b")
# Facts that callers see as well.
_FACTS = ("number", "title", "description", "symptoms", "reference", "configuration_item")
# What was said, in events that callers see, and in those they do not: there reasons are for the desk only.
_SAID_TO_ALL = ("text", "resolution_notes")
_SAID_INSIDE = (*_SAID_TO_ALL, "reason", "comment")
_BATCH = 500


def words_in(text: str) -> list[str]:
    """The words of a text, each once, in the order in which they come first. Only letters and digits: no sign of a query language is left."""
    folded = _folded(text)
    # A whole number is one word as well, so that its parts found in different places are not taken for it.
    return _each_once([*_WORD.findall(folded), *_numbers_in(folded)])


def words_sought(text: str) -> list[str]:
    """The words that somebody searches for. A whole number is one word only: its parts stand in every entry, and looking through those takes long."""
    folded = _folded(text)
    return _each_once([*_WORD.findall(_NUMBER.sub(" ", folded)), *_numbers_in(folded)])


def _numbers_in(folded: str) -> list[str]:
    return [f"inc{sequence}{digit}" for sequence, digit in _NUMBER.findall(folded)]


def _each_once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word[:_LONGEST_WORD] for word in words))


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text.casefold()).replace("\u0131", "i")
    return "".join(each for each in spread if not unicodedata.category(each).startswith("M"))


async def keep_findable(connection: AsyncConnection, publication: Publication) -> None:
    """Adds what was said in this publication; where its events changed facts, puts those in the place of older ones."""
    entries = [*facts_entry(publication), *said_entries(publication)]
    await _keep(connection, entries)


async def keep_name_findable(connection: AsyncConnection, number: str, seq: int, name: str, *, is_public: bool) -> None:
    """Puts the name of a file beside the event that took it on; the event itself does not know it."""
    if words := words_in(name):
        await _keep(connection, [_entry(number, seq, " ".join(words), is_public=is_public)])


async def _keep(connection: AsyncConnection, entries: list[dict[str, Any]]) -> None:
    """Adds entries, or puts them in the place of older ones; what is as new stays as it is."""
    if not entries:
        return
    new = insert(connection, search_entries)
    newer = new.on_conflict_do_update(
        index_elements=[search_entries.c.number, search_entries.c.seq],
        set_={name: new.excluded[name] for name in ("version", "words")},
        where=search_entries.c.version < new.excluded.version,
    )
    await connection.execute(newer, entries)


async def index_what_is_missing(engine: AsyncEngine) -> int:
    """Adds what a build published that knew nothing of the index: entries of facts that are missing or older than the last amendment, and of events; how many."""
    return await _index_facts(engine) + await _index_events(engine)


async def _index_facts(engine: AsyncEngine) -> int:
    entry = (search_entries.c.number == incidents.c.number) & (search_entries.c.seq == 0)
    # Whatever people search for changes in this way only (S1).
    is_later = (events.c.kind == EventKind.AMENDED.value) & (events.c.seq > search_entries.c.version)
    is_old = exists().where(entry, events.c.number == incidents.c.number, is_later)
    query = select(incidents.c.number, incidents.c.version, incidents.c.facts).where(or_(~exists().where(entry), is_old))
    count, last = 0, ""
    while True:
        async with engine.begin() as connection:
            page = query.where(incidents.c.number > last).order_by(incidents.c.number).limit(_BATCH)
            found = (await connection.execute(page)).all()
            await _keep(connection, [_entry(row.number, 0, told_in(row.facts), is_public=True) | {"version": row.version} for row in found])
        if not found:
            return count
        count, last = count + len(found), found[-1].number


async def _index_events(engine: AsyncEngine) -> int:
    entry = (search_entries.c.number == events.c.number) & (search_entries.c.seq == events.c.seq)
    to_all, inside = [or_(*(events.c.after[name].as_string().is_not(None) for name in names)) for names in (_SAID_TO_ALL, _SAID_INSIDE)]
    says_something = or_(to_all, and_(~events.c.public, inside))
    query = select(events.c.number, events.c.seq, events.c.public, events.c.after).where(~exists().where(entry), says_something)
    count, last = 0, ("", 0)
    while True:
        async with engine.begin() as connection:
            page = query.where(tuple_(events.c.number, events.c.seq) > last).order_by(events.c.number, events.c.seq).limit(_BATCH)
            found = (await connection.execute(page)).all()
            said = [(row, said_in(row.after, is_public=row.public)) for row in found]
            entries = [_entry(row.number, row.seq, words, is_public=row.public) for row, words in said if words]
            await _keep(connection, entries)
        if not found:
            return count
        count, last = count + len(entries), (found[-1].number, found[-1].seq)


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
    return " ".join(words_in("\n".join(str(values[name]) for name in names if values.get(name) and values[name] != ERASED)))
