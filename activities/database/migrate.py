"""Brings the record's tables up to date; safe when several processes start at once."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.session import with_driver

MIGRATIONS = Path(__file__).with_name("migrations")
# Any number will do as long as every Holdfast process uses the same one.
_ADVISORY_LOCK = 4_207_151_042
_REVISION = re.compile(r"[0-9]{4}")
_PATIENCE, _PAUSE = 30.0, 0.05  # seconds


def migrate(url: str) -> None:
    """Applies what is missing, to head; nothing to a database that is ahead. Raises OperationalError where the database cannot be reached."""
    engine = create_engine(with_driver(url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection, _one_at_a_time(connection):
            configuration = _configuration()
            configuration.attributes["connection"] = connection
            if _fit(connection) is not Fit.AHEAD:
                command.upgrade(configuration, "head")
    finally:
        engine.dispose()


class Fit(StrEnum):
    """What a database has of the migrations this program knows. One that is ahead serves as well: a newer build is being brought out, or was taken back."""

    BEHIND = "behind"
    LEVEL = "level"
    AHEAD = "ahead"


async def fit_of(engine: AsyncEngine) -> Fit:
    """How far the database is, seen from this program."""
    async with engine.connect() as connection:
        return await connection.run_sync(_fit)


def _fit(connection: Connection) -> Fit:
    applied = MigrationContext.configure(connection).get_current_heads()
    if applied == (_head(),):
        return Fit.LEVEL
    is_ahead = len(applied) == 1 and _REVISION.fullmatch(applied[0]) is not None and applied[0] > _head()
    return Fit.AHEAD if is_ahead else Fit.BEHIND


@cache
def _head() -> str:
    """The newest migration of this program. Finding it runs every migration file, and whoever watches a process asks every few seconds."""
    return str(ScriptDirectory.from_config(_configuration()).get_current_head())


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return configuration


@contextmanager
def _one_at_a_time(connection: Connection) -> Iterator[None]:
    """The others wait and then find nothing left to do. All or nothing: both databases keep schema changes inside a transaction."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA busy_timeout=30000"))
        _write_ahead(connection)
        begin = "BEGIN IMMEDIATE"
    else:
        begin = "BEGIN"
    connection.execute(text(begin))
    try:
        if connection.dialect.name != "sqlite":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
        yield
        connection.execute(text("COMMIT"))
    except BaseException:
        connection.execute(text("ROLLBACK"))
        raise


def _write_ahead(connection: Connection) -> None:
    """Changing how a file is written needs it for oneself, and SQLite does not wait for that: who comes second asks again."""
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute(text("PRAGMA journal_mode=WAL"))
        except OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(_PAUSE)
        else:
            return
