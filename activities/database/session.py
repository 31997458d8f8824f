"""Connections to the record. A unit of work is ``async with engine.begin()``: one transaction, committed at its end."""

from typing import Any

from sqlalchemy import Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


def open_database(url: str) -> AsyncEngine:
    """An engine for ``sqlite:///FILE`` or ``postgresql://...``. Connects when first used; a lost connection is replaced.

    Errors travel into logs and histories, so they never hold parameters: what people wrote (design rule 10).
    """
    if url.startswith("sqlite:"):
        return _sqlite(url.replace("sqlite:", "sqlite+aiosqlite:", 1))
    return create_async_engine(with_driver(url), pool_pre_ping=True, pool_size=10, max_overflow=10, hide_parameters=True)


def with_driver(url: str) -> str:
    """The URL of a database as SQLAlchemy wants it, for work without an event loop as well."""
    return url.replace("postgresql:", "postgresql+psycopg:", 1)


def insert(database: AsyncConnection | AsyncEngine, table: Table) -> Any:
    """An insert that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``: each database has its own, which take the same."""
    return (sqlite.insert if database.dialect.name == "sqlite" else postgresql.insert)(table)


def _sqlite(url: str) -> AsyncEngine:
    engine = create_async_engine(url, connect_args={"timeout": 10}, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        # SQLAlchemy begins transactions itself; the driver's own BEGIN would come too late to take the write lock.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE where somebody will write: two deferred transactions that upgrade at once fail instead of waiting.
        options = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN" if options.get("read_only") else "BEGIN IMMEDIATE")

    return engine
