"""A relay that takes every letter and remembers how often it took each."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from tests.ports import free_port


class Post:
    """Takes letters by SMTP on ``port``; counts them by Message-ID."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- as aiosmtpd calls it
        """Takes one."""
        self.taken[str(message_from_bytes(envelope.content)["Message-ID"])] += 1
        return "250 taken"


@contextmanager
def open_post() -> Iterator[Post]:
    """A relay for the length of a test."""
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=post.port)
    controller.start()
    try:
        yield post
    finally:
        controller.stop()
