"""Makes the database let go of what was changed and deleted: until then the old bytes lie in its files (process.md S21)."""

import sqlite3
from contextlib import closing

from sqlalchemy import create_engine

from activities.database.session import with_driver
from activities.database.tables import metadata

# Seconds. Whoever writes meanwhile waits ten, and is told to try again.
_PATIENCE = 60.0


class NotScrubbedError(Exception):
    """Others use the database just now; what was erased still lies in its files."""


def scrub(url: str) -> None:
    """SQLite: all of it is written anew, and the log emptied. PostgreSQL: the room is free to be written over, and the statistics forget. NotScrubbedError."""
    if url.startswith("sqlite:"):
        _scrub_file(url.removeprefix("sqlite:///"))
    else:
        _scrub_server(url)


def _scrub_file(file: str) -> None:
    with closing(sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)) as connection:
        try:
            # The index over words keeps those of entries that are gone until it is made anew.
            connection.execute("INSERT INTO search_words(search_words) VALUES ('rebuild')")
            connection.execute("VACUUM")
            is_busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError as error:
            raise NotScrubbedError from error
        if is_busy:
            raise NotScrubbedError


def _scrub_server(url: str) -> None:
    engine = create_engine(with_driver(url), isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        with engine.connect() as connection:
            quoted = connection.dialect.identifier_preparer.format_table
            for table in metadata.sorted_tables:
                connection.exec_driver_sql(f"VACUUM (ANALYZE) {quoted(table)}")
    finally:
        engine.dispose()
