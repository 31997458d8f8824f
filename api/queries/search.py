"""Search by words: the one place where they meet the database's own index, FTS5 on SQLite and tsvector on PostgreSQL (process.md S1, S22)."""

from typing import Any

from sqlalchemy import ColumnElement, bindparam, false, func, select, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.types import Text

from activities.database.tables import incidents, search_entries
from activities.search_index import words_sought
from api.queries import Database

# So many words of a search count; whoever pastes a whole letter is still answered.
MOST_WORDS = 12
# Of a longer text, only the beginning is looked at.
_LONGEST = 2_000


def found_by(database: Database, said: str, *, public_only: bool) -> list[ColumnElement[bool]]:
    """The conditions that an incident has all these words, or words that begin so, wherever they were said in it.

    For callers ``public_only``: words that only the desk reads are not looked at. A text without a letter or digit is found nowhere; no text is an error.
    """
    words = words_sought(said[:_LONGEST])[:MOST_WORDS]
    has_word = _has_word_sqlite if database.dialect.name == "sqlite" else _has_word_postgresql
    entries = select(search_entries.c.number).where(search_entries.c.public) if public_only else select(search_entries.c.number)
    return [incidents.c.number.in_(entries.where(has_word(place, word))) for place, word in enumerate(words)] or [false()]


def _has_word_sqlite(place: int, word: str) -> ColumnElement[bool]:
    name = f"word_{place}"
    rows = text(f"SELECT rowid FROM search_words WHERE search_words MATCH :{name}").bindparams(**{name: f'"{word}"*'})  # noqa: S608 -- a name of ours
    return search_entries.c.id.in_(rows.columns(search_entries.c.id))


def _has_word_postgresql(_: int, word: str) -> ColumnElement[bool]:
    vector: Any = func.array_to_tsvector(func.string_to_array(search_entries.c.words, text("' '")))
    return vector.op("@@", is_comparison=True)(bindparam(None, f"'{word}':*", Text, unique=True).cast(TSQUERY))  # type: ignore[no-any-return]
