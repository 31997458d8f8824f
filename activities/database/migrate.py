"""Brings the record's tables up to date; safe when several processes start at once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

MIGRATIONS = Path(__file__).with_name("migrations")
# Any number will do as long as every Holdfast process uses the same one.
_ADVISORY_LOCK = 4_207_151_042
_PATIENCE, _PAUSE = 30.0, 0.05  # seconds


def migrate(url: str) -> None:
    """Applies what is missing, to head. Raises OperationalError where the database cannot be reached."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection, _one_at_a_time(connection):
            configuration = _configuration()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
    finally:
        engine.dispose()


async def is_migrated(engine: AsyncEngine) -> bool:
    """Whether every migration this program knows has been applied. A database that is ahead of it serves too: a newer build is being brought out."""
    async with engine.connect() as connection:
        applied = frozenset(await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_heads()))
    heads, known = _known()
    return applied == heads or (bool(applied) and not applied & known)


@cache
def _known() -> tuple[frozenset[str], frozenset[str]]:
    """The newest migrations of this program, and all of them. Finding them runs every migration file, and whoever watches a process asks every few seconds."""
    scripts = ScriptDirectory.from_config(_configuration())
    return frozenset(scripts.get_heads()), frozenset(each.revision for each in scripts.walk_revisions())


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
