"""A desk that is going to break down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.post import Post, open_post
from tests.house.whole_house import House


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail relay."""
    with open_post() as relay:
        yield relay


@pytest.fixture
def hasty_house(tmp_path: Path, post: Post) -> Iterator[House]:
    """A whole desk with a relay, whose dates fall due within seconds; not open yet."""
    policies = {"HOLDFAST_POLICIES": str(Path(__file__).with_name("hasty_desk.py"))}
    place = House(tmp_path / "desk", post.settings | policies)
    yield place
    place.tidy_up()
