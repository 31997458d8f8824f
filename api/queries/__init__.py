"""What the front doors read: rows of the record, never a workflow (design rule 1). The only SQL above the activities."""

import sqlite3

from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionInTimeError
from sqlalchemy.ext.asyncio import AsyncEngine

Database = AsyncEngine

# What is raised when the database cannot be reached, is locked for too long, or has no connection to spare.
DATABASE_AWAY: tuple[type[Exception], ...] = (
    OperationalError,
    InterfaceError,
    DisconnectionError,
    NoConnectionInTimeError,
    sqlite3.OperationalError,
    ConnectionError,
)
DATABASE_FAULT: type[Exception] = DBAPIError


def is_lost_connection(error: Exception) -> bool:
    """Whether a statement failed because its connection went away under it, whatever the driver calls that."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def reading(database: Database) -> Database:
    """The same database for readers: on SQLite they wait for no writer."""
    return database.execution_options(read_only=True)
