"""The pages in a real browser: usable on a phone, in light and dark, without a script."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert

from activities.database.tables import letters
from tests.api.house import RunningDesk
from tests.web.every_letter import read_in
from tests.web.link_pages import LINK_PAGES, READERS

Scheme = Literal["light", "dark"]
WIDTHS: tuple[int, ...] = (390, 1280)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_AXE = Axe()
# What can be another in the dark than in the light: the page is the same, its colours are not.
_OF_COLOURS = ["color-contrast", "link-in-text-block"]
_BROKEN = "only => axe.run(document, {iframes: false, ...(only && {runOnly: only})}).then(result => result.violations)"


def _open(browser: Browser, desk: RunningDesk, path: str, **more: Any) -> Page:
    context = browser.new_context(
        viewport={"width": 390, "height": 900},
        bypass_csp=True,
        http_credentials={"username": "x", "password": desk.keys["adam"]},
        **more,
    )
    page = context.new_page()
    page.goto(desk.base_url + path)
    return page


def flaws(page: Page, widths: Sequence[int] = WIDTHS) -> list[str]:
    """What keeps somebody from using the page as it is in view, on a phone or on a desk, in light or dark."""
    page.wait_for_load_state()
    page.evaluate(_AXE.axe_script)
    found = []
    for width, scheme in product(widths, SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        is_too_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        broken = page.evaluate(_BROKEN, _OF_COLOURS if scheme == "dark" else None)
        found += [f"{width} {scheme} {each['id']}: {node['html']}" for each in broken for node in each["nodes"]]
        found += [f"{width}: too wide"] if is_too_wide else []
    return found


def _letter(desk: RunningDesk, number: str, state: str, url: str, key: str) -> None:
    text = f"Hello Carla,\n\nDoes it work? {url}\n\n<script>alert(1)</script>"
    line = {
        "key": key,
        "number": number,
        "letter": "resolved",
        "recipient": "carla",
        "cycle": 1,
        "cause": 4,
        "at": datetime.now(UTC),
        "facts": {},
        "state": state,
        "attempts": 1,
        "unknown_outcomes": 0,
        "next_attempt_at": datetime.now(UTC),
        "subject": f"{number}: does it work? ({state})",
        "text": text,
        "html": f'<p style="color:#123456">Does it work?</p><a href="{url}">Answer</a><script>document.title="owned"</script>',
    }

    async def write() -> None:
        async with desk.engine.begin() as connection:
            await connection.execute(insert(letters).values(line))

    desk.run(write())


@pytest.fixture(scope="module")
def number(desk: RunningDesk) -> str:
    """A resolved incident with letters in the ledger."""
    number = desk.resolved()
    _letter(desk, number, "kept", desk.base_url + desk.link(number), "shown:1")
    _letter(desk, number, "sent", desk.base_url + desk.link(number), "shown:2")
    return number


PAGES = ("/outbox", "/outbox/shown:1", "/", "/docs", "/problems", "/problems/busy")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.usefixtures("number")
def test_everybody_can_use_it(browser: Browser, desk: RunningDesk, path: str) -> None:
    """No violation of the accessibility rules, and nothing to scroll sideways for, on a phone and on a desk, in light and dark."""
    page = _open(browser, desk, path)
    assert flaws(page) == []
    page.context.close()


@pytest.fixture
def readers(desk: RunningDesk) -> Iterator[None]:
    """People who read in each language."""
    desk.run(read_in(desk, {person: language for language, (person, _) in READERS.items()}))
    yield
    desk.run(read_in(desk, {person: "en" for person, _ in READERS.values()}))


@pytest.mark.parametrize("which", LINK_PAGES)
@pytest.mark.parametrize("language", READERS)
@pytest.mark.usefixtures("readers")
def test_everybody_can_use_what_letters_lead_to(browser: Browser, desk: RunningDesk, which: str, language: str) -> None:
    """The same for every page behind a link in a letter, in each of its states, in the language of its reader."""
    person, locale = READERS[language]
    page = browser.new_context(bypass_csp=True, locale=locale).new_page()
    LINK_PAGES[which](page, desk, person)
    assert page.locator("html").get_attribute("lang") == language
    assert flaws(page) == []
    page.context.close()


def test_an_answer_without_a_script(browser: Browser, desk: RunningDesk) -> None:
    """With scripts off: choose, send, read what happened, change one's mind; each choice by its label, none chosen before."""
    number = desk.resolved()
    page = _open(browser, desk, desk.link(number), java_script_enabled=False)
    works, broken = page.get_by_label("It works"), page.get_by_label("Still broken", exact=True)
    assert not works.is_checked()
    assert not broken.is_checked()
    works.check()
    page.get_by_role("button", name="Send").click()
    assert page.get_by_role("status").inner_text().startswith("Thank you")
    assert desk.read(number)["confirmed_at"] is not None
    page.get_by_label("Still broken", exact=True).check()
    page.get_by_label("what do you see").fill("It smokes.")
    page.get_by_role("button", name="Send").click()
    assert desk.read(number)["status"] == "in_progress"
    page.get_by_label("It works").check()
    page.get_by_role("button", name="Send").click()
    assert (desk.read(number)["status"], desk.read(number)["cycle"]) == ("resolved", 1)
    page.context.close()


def test_the_policy_of_the_pages_holds(browser: Browser, desk: RunningDesk, number: str) -> None:
    """Under the real content policy the own style sheet loads, and the browser complains about nothing, also not on a letter with its own styles."""
    context = browser.new_context(http_credentials={"username": "x", "password": desk.keys["adam"]})
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in ("/", desk.link(number), "/outbox", "/docs"):
        page.goto(desk.base_url + path)
        assert page.evaluate("getComputedStyle(document.querySelector('.band')).borderBottomStyle") == "solid"
    assert complaints == []
    page.goto(desk.base_url + "/outbox/shown:1")
    assert page.frame_locator("iframe").locator("p").evaluate("element => getComputedStyle(element).color") == "rgb(18, 52, 86)"
    assert page.title() != "owned"
    assert all("script" in complaint for complaint in complaints)
    context.close()


def test_links_in_the_outbox_lead_to_the_page(browser: Browser, desk: RunningDesk, number: str) -> None:
    """In a letter that was kept, the link in the text works; in one that was sent it is shown shortened: only its reader may answer."""
    page = _open(browser, desk, "/outbox")
    page.get_by_role("link", name=f"{number}: does it work? (kept)").click()
    page.locator("pre a").click()
    expect(page.get_by_role("heading", name="Printer is on fire")).to_be_visible()
    page.goto(desk.base_url + "/outbox/shown:2")
    assert "/l/…" in page.locator("pre").inner_text()
    assert desk.link(number).removeprefix("/l/") not in page.content()
    page.context.close()


def test_the_start_page_leads_somewhere(browser: Browser, desk: RunningDesk) -> None:
    """Every door on the start page opens."""
    page = _open(browser, desk, "/")
    links = re.findall(r'<li[^>]*><a href="([^"]+)"', page.content())
    assert len(links) >= 7
    for link in links:
        assert page.request.get(desk.base_url + link).status in (200, 503), link
    page.context.close()
