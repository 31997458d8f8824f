"""A post and a ledger for tests of letters."""

from collections.abc import AsyncIterator, Iterator
from socket import socket

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.migrate import migrate
from activities.database.session import open_database
from tests.activities.post_office import Post


@pytest.fixture
def post() -> Iterator[Post]:
    """A post that behaves as its lists say."""
    handler = Post()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        handler.port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    yield handler
    controller.stop()


@pytest.fixture
async def ledger(sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    """An empty ledger on SQLite."""
    migrate(sqlite_url)
    engine = open_database(sqlite_url)
    yield engine
    await engine.dispose()
