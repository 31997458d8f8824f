"""Portal and console in a real browser: usable on a phone and a desk, in light and dark (process.md S1, S4, S22)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from activities.access.accounts import Purpose, make_link
from tests.api.house import RunningDesk
from tests.web.test_pages import flaws

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">{{7*7}}'\"-->"


def _person(browser: Browser, desk: RunningDesk, person: str, **more: Any) -> Page:
    """Somebody who came in through a one-time link, by clicking."""
    page = browser.new_context(**more).new_page()
    page.goto(f"{desk.base_url}/sign-in/link/{desk.run(make_link(desk.engine, person, Purpose.SIGN_IN, datetime.now(UTC)))}")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign in").click()
    return page


PORTAL = (
    "/sign-in",
    "/account",
    "/portal",
    "/portal/report",
    "/portal/reported/{}",
    "/portal/incidents/{}",
    "/portal/incidents/{}?before=3",
)
CONSOLE = (
    "/account",
    "/console?queue=all",
    "/console?q=no+such+words",
    "/console/{}",
    "/console/{}?before=4&done=later",
    "/console/report",
    "/outbox?number={}",
)


@pytest.fixture(scope="module")
def busy(desk: RunningDesk) -> str:
    """A resolved incident of carla that asha works on, with hostile texts in every field, and others beside it."""
    text = {"description": HOSTILE, "symptoms": HOSTILE, "contact": HOSTILE, "reference": HOSTILE, "work_stopped": HOSTILE}
    number = desk.report(title=HOSTILE, category="network", impact=2, urgency=1, **text)
    for command, said in (
        ("take", {}),
        ("note", {"text": HOSTILE}),
        ("message", {"text": HOSTILE}),
        ("resolve", {"code": "fixed", "notes": HOSTILE}),
    ):
        assert desk.tell(number, command, **said).status_code == 200
    for impact in (1, 3):
        desk.report(title="Printer on floor 2 is jammed", category="printing", impact=impact, urgency=2)
    return number


def test_everybody_can_use_portal_and_console(browser: Browser, desk: RunningDesk, busy: str) -> None:
    """No violation of the accessibility rules, nothing to scroll sideways for, and no hostile text does anything, on any page and in any state of it."""
    for person, places in (("carla", PORTAL), ("asha", CONSOLE)):
        page = _person(browser, desk, person, bypass_csp=True)
        for place in places:
            page.goto(desk.base_url + place.format(busy))
            _is_usable(page, place)
        if person == "asha":
            _look_at_states(page, desk)
        page.context.close()


def _is_usable(page: Page, what: str) -> None:
    assert flaws(page) == [], what
    assert page.title() != "owned", what
    assert page.locator("main script, main img").count() == 0, what


def _look_at_states(page: Page, desk: RunningDesk) -> None:
    """Pages as they are in the middle of work: forms open, incidents chosen, outcomes told, overtaken by somebody else."""
    number, other = (desk.report(title=f"Scanner {HOSTILE}", category="printing") for _ in range(2))
    page.goto(f"{desk.base_url}/console?q=scanner&status=new")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.locator("summary").get_by_text("Resolve", exact=True).click()
    page.locator("#keys summary").click()
    _is_usable(page, "incidents chosen")
    page.get_by_role("button", name="Resolve all chosen").click()
    _is_usable(page, "nothing filled in")
    assert desk.tell(other, "message", "noah", text=HOSTILE).status_code == 200
    page.get_by_label("Solution").fill("Cleaned the glass.")
    page.get_by_role("button", name="Resolve", exact=True).click()
    assert "changed meanwhile" in page.get_by_role("status").inner_text()
    _is_usable(page, "outcomes told")
    page.goto(f"{desk.base_url}/console/{other}")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.removeAttribute('name'); each.open = true; })")
    _is_usable(page, "every form open")
    page.reload()
    page.locator("summary").get_by_text("Put on hold", exact=True).click()
    page.get_by_label("Question to the caller").fill("Which one?")
    assert desk.tell(other, "resolve", "noah", code="fixed", notes=HOSTILE).status_code == 200
    page.get_by_role("button", name="Put on hold", exact=True).click()
    assert "Somebody changed this in the meantime" in page.get_by_role("alert").inner_text()
    _is_usable(page, "overtaken")
    assert desk.read(number)["status"] in ("resolved", "new")
