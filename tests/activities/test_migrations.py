"""Migrations and tables are the same thing, on both databases."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.migrate import Fit, fit_of, migrate
from activities.database.session import open_database
from activities.database.tables import metadata


def _is_declared(name: str | None, kind: str, _: object) -> bool:
    """The index for searching is each database's own: no table of ours can declare it."""
    return not (kind in ("table", "index") and name is not None and name.startswith("search_words"))


def _differences(connection: Connection) -> list[object]:
    opts = {"compare_type": True, "include_name": _is_declared}
    return list(compare_metadata(MigrationContext.configure(connection, opts=opts), metadata))


# SQLite tells nobody what an index over an expression is made of; PostgreSQL does.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
async def test_all_migrations_together_are_the_tables(database: AsyncEngine) -> None:
    """Nothing is declared that no migration makes, and the reverse."""
    async with database.connect() as connection:
        assert await connection.run_sync(_differences) == []
    assert await fit_of(database) is Fit.LEVEL


async def test_an_empty_database_is_not_at_head(sqlite_url: str) -> None:
    """A database nobody migrated says so."""
    engine = open_database(sqlite_url)
    assert await fit_of(engine) is Fit.BEHIND
    await engine.dispose()


@pytest.mark.parametrize(("applied", "fit"), [("9999", Fit.AHEAD), ("0001", Fit.BEHIND), ("of-another-program", Fit.BEHIND)])
async def test_a_database_that_is_ahead_is_known_as_such(on_file: AsyncEngine, sqlite_url: str, applied: str, fit: Fit) -> None:
    """While a newer build is brought out, or after it was taken back, the database knows more than this program: that serves, and is left as it is."""
    async with on_file.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :applied"), {"applied": applied})
    assert await fit_of(on_file) is fit
    if fit is Fit.AHEAD:
        migrate(sqlite_url)
        assert await fit_of(on_file) is fit


async def test_asking_again_reads_no_files(on_file: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may ask for readiness as often as they like: migrations are looked through once in the life of a process."""
    assert await fit_of(on_file) is Fit.LEVEL
    monkeypatch.setattr(ScriptDirectory, "from_config", lambda _: pytest.fail("read again"))
    assert await fit_of(on_file) is Fit.LEVEL


async def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    """Whoever comes second waits and finds nothing left to do."""
    await asyncio.gather(*(asyncio.to_thread(migrate, database_url) for _ in range(4)))


async def test_processes_that_meet_an_empty_database_migrate_once(sqlite_url: str) -> None:
    """The very first start may be two processes at once."""
    await asyncio.gather(*(asyncio.to_thread(migrate, sqlite_url) for _ in range(4)))
    engine = open_database(sqlite_url)
    assert await fit_of(engine) is Fit.LEVEL
    await engine.dispose()
