"""A house for a test, and no trace of the settings of whoever runs the tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import time_server
from tests.house.whole_house import House

__all__ = ["time_server"]


@pytest.fixture(autouse=True)
def _no_settings_of_mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("HOLDFAST_", "TEMPORAL_")) and name != "TEMPORAL_DEBUG":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOLDFAST_DATA_DIR", str(tmp_path))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A desk that is not open yet."""
    place = House(tmp_path / "desk")
    yield place
    place.tidy_up()
