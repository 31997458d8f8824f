"""A post and a ledger for tests of letters."""

from collections.abc import Iterator
from socket import socket

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy.ext.asyncio import AsyncEngine

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
def ledger(on_file: AsyncEngine) -> AsyncEngine:
    """An empty ledger on SQLite."""
    return on_file
