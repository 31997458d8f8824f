"""Rows into the record by the hundred thousand: executemany on SQLite, COPY on PostgreSQL. For empty tables and seeding; nothing is looked up or merged."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, URL, Column, Table, create_engine

Value = Any


def given(table: Table) -> list[Column[Any]]:
    """The columns of a table whose values are not drawn by the database itself."""
    return [column for column in table.columns if column is not table.autoincrement_column]


class Loader:
    """A connection of the driver; values are given as the driver stores them, see ``plain``."""

    def __init__(self, connection: Any, *, is_sqlite: bool) -> None:
        self._connection, self._is_sqlite = connection, is_sqlite

    def instant(self, at: datetime) -> Value:
        """An aware instant as this database keeps it."""
        if not self._is_sqlite:
            return at
        return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

    def day(self, on: date) -> Value:
        """A day as this database keeps it."""
        return on.isoformat() if self._is_sqlite else on

    def plain(self, table: Table, row: Mapping[str, Any]) -> list[Value]:
        """The values of a row in the order of ``given``; JSON becomes text, what the row does not name becomes null."""
        return [self._value(row.get(column.name), is_json=isinstance(column.type, JSON)) for column in given(table)]

    def _value(self, value: Any, *, is_json: bool) -> Value:
        if value is None:
            return None
        if is_json:
            return json.dumps(value)
        if isinstance(value, datetime):
            return self.instant(value)
        return self.day(value) if isinstance(value, date) else value

    def add(self, table: Table, rows: Sequence[Sequence[Value]]) -> None:
        """Writes rows; nothing is visible to others before ``keep``."""
        columns = given(table)
        names = ", ".join(f'"{column.name}"' for column in columns)
        cursor = self._connection.cursor()
        if self._is_sqlite:
            cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(columns))})', rows)  # noqa: S608 -- names of our own tables
        else:
            with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        cursor.close()

    def keep(self) -> None:
        """Commits what was added."""
        self._connection.commit()


@contextmanager
def loader(url: URL) -> Iterator[Loader]:
    """Opens the database for loading; what was not kept is lost. At the end the planner learns how much there is."""
    engine = create_engine(url.set(drivername=url.drivername.replace("aiosqlite", "pysqlite")))
    is_sqlite = engine.dialect.name == "sqlite"
    connection = engine.raw_connection()
    try:
        if is_sqlite:
            connection.cursor().execute("PRAGMA journal_mode=WAL")
            connection.cursor().execute("PRAGMA synchronous=NORMAL")
        yield Loader(connection, is_sqlite=is_sqlite)
        connection.commit()
        if not is_sqlite:
            connection.driver_connection.autocommit = True  # type: ignore[union-attr]
            connection.cursor().execute("VACUUM (ANALYZE)")
    finally:
        connection.close()
        engine.dispose()
