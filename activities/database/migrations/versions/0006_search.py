"""Incidents are found by words: entries, the database's own index over them, and entries for what is on record."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from activities.search_index import said_in, told_in

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AT_A_TIME = 200
_entries = sa.table(
    "search_entries",
    sa.column("number", sa.String),
    sa.column("seq", sa.Integer),
    sa.column("version", sa.Integer),
    sa.column("public", sa.Boolean),
    sa.column("words", sa.Text),
)
_incidents = sa.table("incidents", sa.column("number", sa.String), sa.column("version", sa.Integer), sa.column("facts", sa.JSON))
_events = sa.table(
    "events", sa.column("number", sa.String), sa.column("seq", sa.Integer), sa.column("public", sa.Boolean), sa.column("after", sa.JSON)
)
# An index of its own beside the table: these keep the two alike, in the transaction that changes the table.
_SQLITE = (
    """CREATE VIRTUAL TABLE search_words
    USING fts5(words, content='search_entries', content_rowid='id', tokenize='unicode61 remove_diacritics 0', prefix='2 3')""",
    """CREATE TRIGGER search_entries_added AFTER INSERT ON search_entries BEGIN
        INSERT INTO search_words(rowid, words) VALUES (new.id, new.words);
    END""",
    """CREATE TRIGGER search_entries_removed AFTER DELETE ON search_entries BEGIN
        INSERT INTO search_words(search_words, rowid, words) VALUES ('delete', old.id, old.words);
    END""",
    """CREATE TRIGGER search_entries_changed AFTER UPDATE OF words ON search_entries WHEN old.words <> new.words BEGIN
        INSERT INTO search_words(search_words, rowid, words) VALUES ('delete', old.id, old.words);
        INSERT INTO search_words(rowid, words) VALUES (new.id, new.words);
    END""",
)
# From the words as they are: the parser for running text would make numbers and addresses of some of them.
_POSTGRESQL = ("CREATE INDEX search_words ON search_entries USING gin (array_to_tsvector(string_to_array(words, ' ')))",)


def upgrade() -> None:
    """Forward. The incidents on record are read once; a hundred thousand take a few minutes."""
    op.create_table(
        "search_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entries")),
        sa.UniqueConstraint("number", "seq", name=op.f("uq_search_entries_number_seq")),
    )
    connection = op.get_bind()
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)
    last = ""
    while page := connection.execute(_page(last)).all():
        connection.execute(sa.insert(_entries), _entries_for(connection, page))
        last = page[-1].number


def _page(last: str) -> Any:
    return sa.select(_incidents).where(_incidents.c.number > last).order_by(_incidents.c.number).limit(_AT_A_TIME)


def _entries_for(connection: sa.Connection, page: Any) -> list[dict[str, Any]]:
    facts = [{"number": row.number, "seq": 0, "version": row.version, "public": True, "words": told_in(row.facts)} for row in page]
    happened = connection.execute(sa.select(_events).where(_events.c.number.in_([row.number for row in page])))
    said = [
        {"number": row.number, "seq": row.seq, "version": row.seq, "public": row.public, "words": words}
        for row in happened
        if (words := said_in(row.after, is_public=row.public))
    ]
    return facts + said
