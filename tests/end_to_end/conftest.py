"""A house in a hurry whose letters go to a relay that counts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.post import Post, open_post
from tests.house.whole_house import House


@pytest.fixture
def post() -> Iterator[Post]:
    """A relay of its own."""
    with open_post() as post:
        yield post


@pytest.fixture
def house(tmp_path: Path, post: Post) -> Iterator[House]:
    """A desk that is open."""
    relay = {"HOLDFAST_SMTP_HOST": "127.0.0.1", "HOLDFAST_SMTP_PORT": str(post.port), "HOLDFAST_SMTP_SECURITY": "none"}
    # Nobody waits at the turnstile: a message counts from when it came in, and these people want to know how long it can be on its way.
    hurry = {"HOLDFAST_POLICIES": str(Path(__file__).with_name("hurried_desk.py")), "HOLDFAST_COMMANDS_IN_FLIGHT": "100"}
    place = House(tmp_path / "desk", relay | hurry)
    try:
        place.open()
        yield place
    finally:
        place.tidy_up()
