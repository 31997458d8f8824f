"""Situation and figures in a real browser: readable on a phone and a desk, in light and dark, without a script, under the real content policy (process.md S23)."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from activities.access.sessions import begin
from activities.database.migrate import migrate
from activities.database.session import open_database
from activities.house.seed.seeding import Wanted, seed
from activities.settings import Settings
from api.app import create_app
from tests.api.house import LINK_KEY
from tests.ports import free_port
from tests.web.test_pages import flaws

PLACES = ("/situation", "/figures")


@dataclass(frozen=True)
class FullDesk:
    """A front door on a record with incidents in it, and the sessions of its people. No process runs behind it: these pages only read."""

    base_url: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullDesk]:
    """The sample directory and some months of incidents."""
    port = free_port()
    url = f"sqlite:///{tmp_path_factory.mktemp('full') / 'record.db'}"
    settings = Settings(database_url=url, listen_port=port, link_keys=(LINK_KEY,))
    migrate(url)

    async def sign_in() -> dict[str, str]:
        engine = open_database(url)
        tokens = {person: await begin(engine, person, "test", datetime.now(UTC)) for person in ("ines", "pavel")}
        await engine.dispose()
        return tokens

    # The browser's own loop runs in this thread.
    with ThreadPoolExecutor(1) as helper:
        helper.submit(seed, settings, Wanted(150, days=120)).result()
        tokens = helper.submit(lambda: asyncio.run(sign_in())).result()
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="error", access_log=False))
    serving = threading.Thread(target=server.run, daemon=True)
    serving.start()
    while not server.started:
        time.sleep(0.02)
    yield FullDesk(settings.base_url, tokens)
    server.should_exit = True
    serving.join(10)


def _page(browser: Browser, full: FullDesk, path: str, **more: Any) -> Page:
    context = browser.new_context(**more)
    person = "ines" if path.startswith("/situation") else "pavel"
    context.add_cookies([{"name": "holdfast", "value": full.tokens[person], "url": full.base_url}])
    page = context.new_page()
    page.goto(full.base_url + path)
    return page


@pytest.mark.parametrize("place", PLACES)
def test_everybody_can_read_them(browser: Browser, full: FullDesk, place: str) -> None:
    """No violation of the accessibility rules on a phone and a desk, in light and dark, and only charts and tables themselves scroll sideways."""
    page = _page(browser, full, place, bypass_csp=True)
    assert flaws(page) == []
    page.context.close()


def test_a_period_that_cannot_be_is_said_to_everybody(browser: Browser, full: FullDesk) -> None:
    """The sentence is an alert, and the page around it keeps the accessibility rules."""
    page = _page(browser, full, "/figures?from=2026-02-01&to=2026-01-01", bypass_csp=True)
    assert "before it begins" in page.get_by_role("alert").inner_text()
    assert flaws(page) == []
    page.context.close()


def test_every_chart_has_its_table(browser: Browser, full: FullDesk) -> None:
    """Beside each chart of the figures stands a table with a row for each label and a sum, and a definition in words."""
    page = _page(browser, full, "/figures?by=month")
    cards = page.locator(".figures > .card")
    assert cards.count() >= 20
    for place in range(cards.count()):
        card = cards.nth(place)
        assert len(card.locator("p.small").first.inner_text()) > 40
        assert card.locator("tbody tr").count() >= 1
        assert card.locator("tfoot tr").count() == 1
        assert card.locator("svg title").text_content() == card.locator("h3").inner_text()
    page.context.close()


def test_choosing_a_period_without_a_script(browser: Browser, full: FullDesk) -> None:
    """The form asks for what its fields say, and everything asked for stands in the address; the file comes for the same."""
    page = _page(browser, full, "/figures", java_script_enabled=False)
    page.get_by_label("First day").fill("2026-10-01")
    page.get_by_label("Broken down by").select_option("group")
    page.get_by_label("Only priority").select_option("P3")
    page.get_by_role("button", name="Show").click()
    for part in ("from=2026-10-01", "by=group", "priority=P3"):
        assert part in page.url
    assert page.get_by_label("Broken down by").input_value() == "group"
    with page.expect_download() as download:
        page.get_by_role("link", name="As CSV").click()
    assert download.value.suggested_filename.startswith("figures-2026-10-01-")
    page.context.close()


@pytest.mark.parametrize("place", ["/situation", "/figures"])
def test_the_content_policy_holds(browser: Browser, full: FullDesk, place: str) -> None:
    """Under the real policy the charts have their colours and the browser complains about nothing."""
    context = browser.new_context()
    person = "ines" if place == "/situation" else "pavel"
    context.add_cookies([{"name": "holdfast", "value": full.tokens[person], "url": full.base_url}])
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(full.base_url + place)
    assert page.locator("rect.series-1").first.evaluate("element => getComputedStyle(element).fill") == "rgb(26, 91, 87)"
    assert complaints == []
    context.close()
