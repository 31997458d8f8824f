"""From the report to the survey, by clicking only, on a phone and on a desk (process.md S1, S4, S5, S11, S13, S15)."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from activities.mail.mail_room import MailRoom
from tests.api.house import RunningDesk
from tests.end_to_end.quick_surveys import BOOK
from tests.web.test_pages import WIDTHS
from tests.web.test_people import _person
from workflows.policies.book import HOLDFAST, adopt


@pytest.fixture
def quick() -> Iterator[None]:
    """What the caller said can be changed for a second only, and the survey comes two seconds after."""
    adopt(BOOK)
    yield
    adopt(HOLDFAST)


def _does(page: Page, command: str, **fields: str) -> None:
    """An agent's command: opens its form where it has one, fills it in, sends it."""
    if fields:
        page.locator("summary").get_by_text(command, exact=True).click()
    for label, value in fields.items():
        field = page.locator("details[open] form").get_by_label(label.replace("_", " "), exact=False)
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.locator("form").get_by_role("button", name=command, exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Done")


def _until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.1)


def _letter(browser: Browser, desk: RunningDesk, number: str, subject: str, **size: Any) -> Page:
    """A letter to carla about this incident, opened on the Outbox: what the post brings her."""
    room = MailRoom(desk.engine, desk.settings, desk.client)
    page = browser.new_context(
        http_credentials={"username": "x", "password": desk.keys["adam"]}, java_script_enabled=False, **size
    ).new_page()
    link = page.get_by_role("link", name=re.compile(f"{number}.*{subject}", re.IGNORECASE))

    def came() -> bool:
        while desk.run(room.send_next()):
            pass
        page.goto(f"{desk.base_url}/outbox?number={number}")
        return link.count() > 0

    _until(came)
    link.first.click()
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_from_the_report_to_the_survey(browser: Browser, desk: RunningDesk, quick: None, width: int) -> None:
    """Report, assign, take, note, hold, answer, resume, resolve, confirm by the letter, rate by the letter: for callers without a script."""
    size: Any = {"viewport": {"width": width, "height": 900}}
    title = f"No network on floor {width}"
    carla = _person(browser, desk, "carla", java_script_enabled=False, **size)
    asha, noah = (_person(browser, desk, agent, **size) for agent in ("asha", "noah"))
    number = _reports(carla, title)
    asha.get_by_label("Search").fill(title)
    asha.get_by_role("button", name="Show").click()
    asha.get_by_role("link", name=title).click()
    _does(asha, "Assign", Group="network")
    _works_on_it(noah, carla, title)
    carla.reload()
    assert "Patched the socket." in carla.content()
    letter = _letter(browser, desk, number, "does it work", **size)
    letter.locator("pre a").first.click()
    letter.get_by_label("It works").check()
    letter.get_by_role("button", name="Send").click()
    expect(letter.get_by_role("status")).to_contain_text("Thank you")
    _until(lambda: desk.read(number)["status"] == "closed")
    asked = _letter(browser, desk, number, "how", **size)
    asked.locator("pre a[href*='score=5']").click()
    asked.get_by_label("Comment").fill("Quick and kind.")
    asked.get_by_label("Yes, this is my answer").check()
    asked.get_by_role("button", name="Store my answer").click()
    expect(asked.get_by_role("status")).to_contain_text("Thank you")
    noah.reload()
    assert "Quick and kind." in noah.content()
    carla.reload()
    assert "hush-4711" not in carla.content()
    for page in (carla, asha, noah, letter, asked):
        page.context.close()


def _reports(carla: Page, title: str) -> str:
    """The number that she is given."""
    carla.get_by_role("link", name="Report a problem").click()
    carla.get_by_role("button", name="Send the report").click()
    expect(carla.get_by_role("alert")).to_be_visible()
    carla.get_by_label("What is wrong?").fill(title)
    carla.get_by_label("What is it about?").select_option("network/wired")
    carla.get_by_label("A team or a floor").check()
    carla.get_by_label("Not at all: work has stopped").check()
    carla.get_by_role("button", name="Send the report").click()
    number = carla.locator("b.number").inner_text()
    carla.get_by_role("link", name=f"Follow {number}").click()
    return number


def _works_on_it(noah: Page, carla: Page, title: str) -> None:
    noah.get_by_role("link", name="My groups").click()
    noah.get_by_role("link", name=title).click()
    _does(noah, "Take it")
    _does(noah, "Work note", Only_the_desk_reads_this="hush-4711")
    _does(noah, "Put on hold", Waits_for="caller", Question_to_the_caller="Which socket?")
    carla.reload()
    assert "Which socket?" in carla.content()
    carla.get_by_label("Your answer").fill("Socket 12.")
    carla.get_by_role("button", name="Send the message").click()
    expect(carla.get_by_role("status")).to_have_text("Your message is with the service desk.")
    noah.reload()
    assert "Socket 12." in noah.content()
    _does(noah, "Put on hold", Waits_for="vendor")
    _does(noah, "Resume")
    _does(noah, "Resolve", How="fixed", Solution="Patched the socket.")
