"""A real browser (Debian's Chromium) in front of a running desk."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.api.house import RunningDesk, running_desk

expect.set_options(timeout=60_000)  # milliseconds: a busy machine is no fault of the code
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
# As root there is no sandbox. Frames stay in the process of their page: where the process of a frame is lost, the driver waits for it without end.
HOW = ["--no-sandbox", "--disable-site-isolation-trials"]


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A running desk, or a skip with the reason."""
    with running_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, or a skip with the reason. Closed after each module: while it is open, no other event loop runs in this thread."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}; install Chromium, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=HOW, timeout=180_000)
        yield chromium
        chromium.close()
