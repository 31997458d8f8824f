"""The page of a survey in a real browser, without a script (process.md S13)."""

from playwright.sync_api import Browser

from emails.links import SURVEY
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk
from tests.web.test_pages import _open


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
