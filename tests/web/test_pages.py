"""The pages in a real browser: usable on a phone, in light and dark, without a script, and no robot answers for a person."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from sqlalchemy import insert

from activities.database.tables import letters
from tests.api.house import RunningDesk

Scheme = Literal["light", "dark"]
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")
_AXE = Axe()


def _open(browser: Browser, desk: RunningDesk, path: str, *, width: int = 390, scheme: Scheme = "light", **more: Any) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
        http_credentials={"username": "x", "password": desk.keys["adam"]},
        **more,
    )
    page = context.new_page()
    page.goto(desk.base_url + path)
    return page


def _violations(page: Page) -> list[str]:
    page.evaluate(_AXE.axe_script)
    found = page.evaluate("axe.run(document, {iframes: false}).then(result => result.violations)")
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]


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


PAGES = ("link", "link with what is missing", "neutral", "/outbox", "/outbox/shown:1", "/", "/docs", "/problems", "/problems/busy")


@pytest.mark.parametrize("which", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_everybody_can_use_it(browser: Browser, desk: RunningDesk, number: str, which: str, width: int, scheme: Scheme) -> None:
    """No violation of the accessibility rules, and nothing to scroll sideways for, on a phone and on a desk, in light and dark."""
    page = _open(
        browser,
        desk,
        {"link": desk.link(number), "link with what is missing": desk.link(number), "neutral": "/l/x"}.get(which, which),
        width=width,
        scheme=scheme,
    )
    if which == "link with what is missing":
        page.get_by_role("button", name="Send").click()
        assert page.get_by_role("alert").is_visible()
    assert _violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
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
    assert page.get_by_role("heading", name="Printer is on fire").is_visible()
    page.goto(desk.base_url + "/outbox/shown:2")
    assert "/l/…" in page.locator("pre").inner_text()
    assert desk.link(number).removeprefix("/l/") not in page.content()
    page.context.close()


class _Forms(HTMLParser):
    """Reads a page as a scanner does: every form with the values it comes with."""

    def __init__(self) -> None:
        super().__init__()
        self.action, self.fields = "", {}  # type: ignore[var-annotated]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes what a browser would send: chosen answers, hidden values, empty texts."""
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action") or ""
        elif tag == "textarea" or (tag == "input" and (given.get("type") != "radio" or "checked" in given)):
            self.fields[given.get("name") or ""] = given.get("value") or ""


def test_three_robots_change_nothing(browser: Browser, desk: RunningDesk) -> None:
    """One opens every link, one opens it in a browser and waits, one submits every form with its defaults and presses every button: nothing changes."""
    number = desk.resolved()
    path, before = desk.link(number), json.dumps(desk.read(number), sort_keys=True)
    for method in ("HEAD", "GET", "OPTIONS"):
        desk.as_(None).request(method, path)
    page = _open(browser, desk, path)
    page.wait_for_load_state("networkidle")
    for button in page.get_by_role("button").all():
        button.click()
    page.context.close()
    forms = _Forms()
    forms.feed(desk.as_(None).get(path).text)
    assert forms.action == path
    assert desk.as_(None).post(forms.action, data=forms.fields).status_code == 422
    assert desk.as_(None).post(forms.action, data={"text": "scanned", **forms.fields}).status_code == 422
    assert json.dumps(desk.read(number), sort_keys=True) == before


def test_the_start_page_leads_somewhere(browser: Browser, desk: RunningDesk) -> None:
    """Every door on the start page opens."""
    page = _open(browser, desk, "/")
    for link in re.findall(r'<li><a href="([^"]+)"', page.content()):
        assert page.request.get(desk.base_url + link).status in (200, 503), link
    page.context.close()
