"""What the commands do that work on the record: migrate, directory, oncall, keys. Each opens the database, does one thing, and closes it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.keys import KeyRecord, issue_key, list_keys, revoke_key
from activities.database.migrate import migrate
from activities.database.session import open_database
from activities.database.tables import people
from activities.directory.as_text import exported
from activities.directory.attendance import OF_THE_HOUSE
from activities.directory.file import DirectoryFileError, load_directory
from activities.directory.leaving import LastAdminError
from activities.house.doctor.rota_board import Board, board
from activities.house.refusals import RefusedError, UnavailableError, UsageRefusedError
from activities.house.serving import adopt_policies
from activities.house.up.data_directory import prepare
from activities.measuring import measure_what_is_missing
from activities.search_index import index_what_is_missing
from activities.settings import Settings
from workflows.counting import counted
from workflows.vocabulary import Role

T = TypeVar("T")
Line = dict[str, Any]


def bring_up_to_date(settings: Settings) -> str:
    """Migrates, then measures and indexes what older builds left out; answers with a sentence or more. UnavailableError where the database is away."""
    _make_room(settings)
    with_advice(lambda: migrate(settings.database_url))
    adopt_policies(settings)
    measured = on_record(settings, measure_what_is_missing)
    indexed = on_record(settings, index_what_is_missing)
    told = ["The database is up to date."]
    told += [f"{counted(measured, 'incident was', 'incidents were')} measured for the figures."] if measured else []
    told += [f"{counted(indexed, 'entry was', 'entries were')} added for the search."] if indexed else []
    return " ".join(told)


def import_directory(settings: Settings, file: Path) -> str:
    """Loads people, groups, rotas and services from a TOML file; answers with a sentence. Raises UsageRefusedError where the file is no directory."""
    if not file.is_file():
        raise UsageRefusedError(f"{file} does not exist; name a TOML file such as activities/directory/sample.toml.")
    try:
        loaded = on_record(settings, lambda engine: load_directory(engine, file.read_text(encoding="utf-8")))
    except (DirectoryFileError, UnicodeDecodeError) as error:
        raise UsageRefusedError(f"{file}: {error}") from None
    except LastAdminError as error:
        raise RefusedError(str(error.__doc__)) from None
    return str(loaded)


def export_directory(settings: Settings) -> tuple[str, tuple[str, ...]]:
    """The directory as a TOML file that the import reads, and the names of the rotas that cannot be read and are not in it."""

    async def work(engine: AsyncEngine) -> tuple[str, tuple[str, ...]]:
        async with engine.execution_options(read_only=True).connect() as connection:
            return await exported(connection)

    return on_record(settings, work)


def who_is_on_call(settings: Settings, at: datetime, days: int, only: str | None) -> Board:
    """How all rotas stand at an instant (UTC), or only that one (S10). Raises UsageRefusedError where there is none of that name."""
    found = on_record(settings, lambda engine: board(engine, at, days))
    names = sorted({*found.unreadable, *(each.rota for each in found.standings)})
    if only is not None and only not in names:
        there_are = f"there are: {', '.join(names)}" if names else "there are none"
        raise UsageRefusedError(f"There is no rota {only}; {there_are}.")
    standings = tuple(each for each in found.standings if only in {None, each.rota})
    return Board(standings, tuple(rota for rota in found.unreadable if only in {None, rota}))


def issue(settings: Settings, *, person: str | None, integration: str | None, roles: list[str], label: str, days: int | None) -> str:
    """A new key, which ends after so many days, or never. Raises UsageRefusedError for an unknown person or role."""
    try:
        wanted = tuple(Role(role) for role in roles)
    except ValueError:
        raise UsageRefusedError(f"A role is one of: {', '.join(Role)}.") from None

    async def work(engine: AsyncEngine) -> str:
        if person is not None and not await is_known(engine, person):
            raise UsageRefusedError(f"There is no person {person} in the directory; add the person with: holdfast directory import FILE.")
        ends_at = datetime.now(UTC) + timedelta(days=days) if days else None
        return (await issue_key(engine, person=person, integration=integration, roles=wanted, label=label, ends_at=ends_at)).secret

    try:
        return on_record(settings, work)
    except ValueError as error:
        raise UsageRefusedError(f"{str(error).capitalize()}.") from None


def list_all(settings: Settings) -> list[Line]:
    """All keys, oldest first, as plain values."""
    return [_plain(key) for key in on_record(settings, list_keys)]


def keys_told(found: list[Line]) -> str:
    """The keys as lines for a person."""
    if not found:
        return "There are no keys yet; make one with: holdfast keys issue --person ID"
    return "\n".join(
        f"{key['id']}  {key['owner']:<20}  {key['state']:<8}  last used {key['used_at'] or 'never'}  {key['label']}" for key in found
    )


def revoke(settings: Settings, key_id: str) -> None:
    """Closes a key. Raises RefusedError where none of that id is open."""
    if not on_record(settings, lambda engine: revoke_key(engine, key_id)):
        raise RefusedError(f"There is no open key {key_id}; see: holdfast keys list")


def with_advice(work: Callable[[], T]) -> T:
    """Does database work and turns the driver's errors into sentences that say what to do."""
    try:
        return work()
    except ProgrammingError:
        raise RefusedError("The database is not up to date; run: holdfast migrate") from None
    except OperationalError as error:
        if "no such table" in str(error.orig) or "no such column" in str(error.orig):
            raise RefusedError("The database is not up to date; run: holdfast migrate") from None
        raise UnavailableError(
            f"The database does not answer: {_first_line(error)}; check HOLDFAST_DATABASE_URL and that it runs."
        ) from None
    except SQLAlchemyError as error:
        raise UnavailableError(f"The database cannot be used: {type(error).__name__}; check HOLDFAST_DATABASE_URL.") from None


def on_record(settings: Settings, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """Opens the database of the record, does the work, closes it; errors of the driver become advice."""
    _make_room(settings)

    async def once() -> T:
        engine = open_database(settings.database_url)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    return with_advice(lambda: asyncio.run(once()))


def _make_room(settings: Settings) -> None:
    if settings.database_url == f"sqlite:///{settings.data_dir / 'holdfast.db'}":
        prepare(settings)


async def is_known(engine: AsyncEngine, person: str) -> bool:
    """Whether the directory has this person, and they have not left."""
    async with engine.connect() as connection:
        return (await connection.execute(select(people.c.id).where(people.c.id == person, OF_THE_HOUSE))).first() is not None


def _plain(key: KeyRecord) -> Line:
    return {
        "id": key.id,
        "owner": key.owner,
        "kind": "person" if key.person else "integration",
        "roles": [role.value for role in key.roles],
        "label": key.label,
        "state": "revoked" if key.revoked_at else "open" if key.is_open(datetime.now(UTC)) else "ended",
        "created_at": key.created_at.isoformat(),
        "used_at": key.used_at.isoformat() if key.used_at else None,
        "ends_at": key.ends_at.isoformat() if key.ends_at else None,
    }


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0].rstrip(".")
