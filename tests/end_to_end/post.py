"""A mail relay that takes every letter and remembers which."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from tests.house.whole_house import free_port


@dataclass
class Post:
    """Copies taken, by Message-ID; and where it listens, as settings of a desk."""

    copies: Counter[str] = field(default_factory=Counter)
    port: int = field(default_factory=free_port)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a desk that sends its letters here."""
        return {"HOLDFAST_SMTP_HOST": "127.0.0.1", "HOLDFAST_SMTP_PORT": str(self.port), "HOLDFAST_SMTP_SECURITY": "none"}

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802 -- as aiosmtpd calls it
        """Takes one letter."""
        self.copies[message_from_bytes(envelope.content)["Message-ID"]] += 1
        return "250 taken"


@contextmanager
def open_post() -> Iterator[Post]:
    """A relay on this machine for the length of a test."""
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=post.port)
    controller.start()
    try:
        yield post
    finally:
        controller.stop()
