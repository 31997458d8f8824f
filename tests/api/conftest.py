"""One desk for all tests of the front door; each test reports its own incidents."""

from collections.abc import Iterator

import pytest

from tests.api.house import RunningDesk, running_desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A running desk, or a skip with the reason."""
    with running_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running
