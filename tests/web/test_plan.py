"""The plan in a real browser: on a phone, on a desk, in light and dark, and on paper."""

import re

from playwright.sync_api import Browser

from tests.api.house import RunningDesk
from tests.web.test_pages import flaws
from tests.web.test_people import _person


def test_everybody_can_use_the_plan(browser: Browser, desk: RunningDesk) -> None:
    """No violation of the accessibility rules, nothing to scroll sideways for, with differences marked; and it can be printed."""
    page = _person(browser, desk, "asha", bypass_csp=True)
    page.get_by_role("link", name="Plan", exact=True).click()
    page.get_by_label("Compared with").select_option("2026-01-01")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_role("status").inner_text().startswith("Compared with edition 2026-01-01")
    assert flaws(page) == []
    paper = page.pdf(prefer_css_page_size=True)
    assert 5 < len(re.findall(rb"/Type\s*/Page\b", paper)) < 20
    page.context.close()
