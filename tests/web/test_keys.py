"""Single keys in the console, in a real browser under the real content policy (process.md S22; WCAG 2.1.4)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.house import RunningDesk
from tests.web.test_people import _person


@pytest.fixture
def waiting(desk: RunningDesk) -> list[str]:
    """Three incidents that only this test searches for."""
    return [desk.report(title=f"Keyboard {each} squeaks", category="hardware") for each in range(3)]


@pytest.fixture
def page(browser: Browser, desk: RunningDesk) -> Iterator[Page]:
    """Asha, and a browser that must complain about nothing."""
    page, complaints = _person(browser, desk, "asha"), []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.context.close()
    assert complaints == []


def _queue(page: Page, desk: RunningDesk) -> None:
    page.goto(f"{desk.base_url}/console?q=keyboard+squeaks&status=new")


def test_keys_move_open_choose_and_take(page: Page, desk: RunningDesk, waiting: list[str]) -> None:
    """J and k move and stop at the ends, o and Enter open, u goes back, x chooses, t takes what is chosen or in focus."""
    _queue(page, desk)
    links = page.locator(".queue .what a")
    page.keyboard.press("o")
    page.keyboard.press("t")
    assert "/console?" in page.url
    for keys, place in (("j", 0), ("j", 1), ("jjjj", 2), ("k", 1), ("kkkk", 0)):
        for key in keys:
            page.keyboard.press(key)
        expect(links.nth(place)).to_be_focused()
    for key in ("o", "Enter"):
        place = links.first.get_attribute("href")
        links.first.focus()
        page.keyboard.press(key)
        page.wait_for_url(re.compile(f"{place}$"))
        page.keyboard.press("u")
        page.wait_for_url(re.compile("/console$"))
        _queue(page, desk)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".queue input").first).to_be_checked()
    page.keyboard.press("x")
    expect(page.locator(".queue input").first).not_to_be_checked()
    page.keyboard.press("t")
    expect(page.get_by_role("status")).to_have_text("1 done")
    page.goto(f"{desk.base_url}/console/{waiting[1]}")
    page.keyboard.press("t")
    page.wait_for_url(re.compile("done=take"))
    assert [desk.read(number)["person"] for number in waiting].count("asha") == 2


def test_search_and_sheet(page: Page, desk: RunningDesk, waiting: list[str]) -> None:
    """A slash goes to the search, in lists and on incidents; a question mark opens and closes the sheet."""
    for place in ("/console", f"/console/{waiting[0]}"):
        page.goto(desk.base_url + place)
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.type("j?ot/")
        expect(page.locator("#q")).to_have_value("j?ot/")
        page.locator("h1").click()
        page.keyboard.press("?")
        expect(page.get_by_text("next, previous incident")).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_text("next, previous incident")).not_to_be_visible()


def test_keys_do_nothing_while_somebody_writes(page: Page, desk: RunningDesk, waiting: list[str]) -> None:
    """In a text, in a choice, and with Ctrl, Alt or Meta held, a key is only a key."""
    page.goto(f"{desk.base_url}/console/{waiting[0]}")
    page.locator("summary").get_by_text("Work note", exact=True).click()
    page.locator("#note-text").fill("")
    page.locator("#note-text").type("just taking notes?/")
    page.locator("#note-text").blur()
    for chord in ("Control+t", "Alt+t", "Meta+t"):
        page.keyboard.press(chord)
    page.locator("summary").get_by_text("Assign", exact=True).click()
    page.locator("#assign-group").focus()
    page.keyboard.press("t")
    assert desk.read(waiting[0])["person"] is None


def test_keys_can_be_switched_off_and_on(page: Page, desk: RunningDesk, waiting: list[str]) -> None:
    """By clicking, under one's name; then no script is loaded, no key acts, and the sheet says so, in every browser of that person."""
    page.goto(f"{desk.base_url}/console")
    page.locator("summary").get_by_text("Keyboard").click()
    page.get_by_role("link", name="Switch them off").click()
    page.get_by_role("button", name="Switch keys off").click()
    try:
        _queue(page, desk)
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.tagName") == "BODY"
        assert page.locator("script[src*=keys]").count() == 0
        assert "Single keys are off" in page.content()
    finally:
        page.goto(f"{desk.base_url}/account")
        page.get_by_role("button", name="Switch keys on").click()
    _queue(page, desk)
    page.keyboard.press("j")
    expect(page.locator(".queue .what a").first).to_be_focused()


def test_scripts_run_only_where_there_are_some(desk: RunningDesk) -> None:
    """Most pages of callers keep a policy under which no script runs at all; in the console and at the report form only our own files do."""
    number = desk.resolved()
    asha, carla = desk.signed_in("asha"), desk.signed_in("carla")
    for browser, place in (
        (carla, "/portal"),
        (carla, f"/portal/incidents/{number}"),
        (carla, "/account"),
        (desk.as_(None), desk.link(number)),
    ):
        policy = browser.get(place).headers["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "default-src 'none'" in policy
    for browser, place in ((asha, "/console"), (asha, f"/console/{number}"), (carla, "/portal/report")):
        answer = browser.get(place)
        assert "script-src 'self'; connect-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert re.findall(r"<script[^>]*>[^<]", answer.text) == []
        assert re.findall(r"\son\w+=", answer.text) == []


def test_owners_and_auditors_can_switch_them_too(desk: RunningDesk) -> None:
    """Everybody who sees the console has the choice; callers, who do not, are not asked."""
    for person, status in (("aude", 303), ("omar", 303), ("carla", 403)):
        assert desk.signed_in(person).post("/account/keys", data={"keys": "on"}).status_code == status
    assert "Keys in the console" not in desk.signed_in("carla").get("/account").text
