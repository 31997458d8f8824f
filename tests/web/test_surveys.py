"""The page of a survey in a real browser: on a phone and a desk, light and dark, without a script, and no robot answers (process.md S13, S15)."""

import pytest
from playwright.sync_api import Browser

from emails.links import SURVEY
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk
from tests.web.test_pages import SCHEMES, WIDTHS, Scheme, _open, _violations


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_everybody_can_rate(browser: Browser, desk: RunningDesk, width: int, scheme: Scheme) -> None:
    """No violation of the accessibility rules with a mark chosen, with something missing, and after the answer; nothing to scroll sideways for."""
    number = survey_is_out(desk)
    page = _open(browser, desk, desk.link(number, purpose=SURVEY) + "?score=2", width=width, scheme=scheme)
    assert _violations(page) == []
    page.get_by_role("button", name="Store my answer").click()
    assert page.get_by_role("alert").is_visible()
    assert _violations(page) == []
    page.get_by_label("Yes, this is my answer").check()
    page.get_by_role("button", name="Store my answer").click()
    assert "2 of 5" in page.locator("main").inner_text()
    assert _violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.context.close()


def test_rating_without_a_script(browser: Browser, desk: RunningDesk) -> None:
    """With scripts off: the mark of the link is chosen, saying that it counts stores it, and it can be changed."""
    number = survey_is_out(desk)
    page = _open(browser, desk, desk.link(number, purpose=SURVEY) + "?score=5", java_script_enabled=False)
    assert page.get_by_label("5: very good").is_checked()
    assert not page.get_by_label("Yes, this is my answer").is_checked()
    page.get_by_label("Comment").fill("Back within the hour.")
    page.get_by_label("Yes, this is my answer").check()
    page.get_by_role("button", name="Store my answer").click()
    assert page.get_by_role("status").inner_text().startswith("Thank you")
    page.get_by_label("3: neither good nor bad").check()
    page.get_by_label("Yes, this is my answer").check()
    page.get_by_role("button", name="Store my answer").click()
    shown = desk.read(number)
    assert (shown["score"], shown["comment"]) == (3, "Back within the hour.")
    page.context.close()


def test_a_browser_that_opens_every_mark_and_presses_changes_nothing(browser: Browser, desk: RunningDesk) -> None:
    """A scanner with a browser opens each link of the letter, waits, and presses every button: nothing is stored."""
    number = survey_is_out(desk)
    before = desk.read(number)
    for score in range(1, 6):
        page = _open(browser, desk, f"{desk.link(number, purpose=SURVEY)}?score={score}")
        page.wait_for_load_state("networkidle")
        for button in page.get_by_role("button").all():
            button.click()
        page.context.close()
    assert desk.read(number) == before
