"""Portal and console in a real browser: from the report to the confirmation by clicking only (process.md S1, S4, S11)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from activities.accounts import Purpose, make_link
from tests.api.house import RunningDesk
from tests.web.test_pages import WIDTHS, flaws

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">{{7*7}}'\"-->"


def _person(browser: Browser, desk: RunningDesk, person: str, **more: Any) -> Page:
    """Somebody who came in through a one-time link, by clicking."""
    page = browser.new_context(**more).new_page()
    page.goto(f"{desk.base_url}/sign-in/link/{desk.run(make_link(desk.engine, person, Purpose.SIGN_IN, datetime.now(UTC)))}")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign in").click()
    return page


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
    assert page.get_by_role("status").inner_text().startswith("Done"), page.content()


@pytest.mark.parametrize("width", WIDTHS)
def test_from_report_to_confirmation_by_clicking(browser: Browser, desk: RunningDesk, width: int) -> None:
    """Report, take, hold with a question, answer, resolve, confirm: the caller without a script, on a phone and on a desk."""
    size: Any = {"viewport": {"width": width, "height": 900}}
    carla = _person(browser, desk, "carla", java_script_enabled=False, **size)
    carla.get_by_role("link", name="Report a problem").click()
    carla.get_by_role("button", name="Send the report").click()
    assert carla.get_by_role("alert").is_visible()
    title = f"No network on floor {width}"
    carla.get_by_label("What is wrong?").fill(title)
    carla.get_by_label("What is it about?").select_option("network/wired")
    carla.get_by_label("A team or a floor").check()
    carla.get_by_label("A while: there is a way around it").check()
    carla.get_by_role("button", name="Send the report").click()
    number = carla.locator("b.number").inner_text()
    asha = _person(browser, desk, "asha", **size)
    asha.get_by_label("Search").fill(number)
    asha.get_by_role("button", name="Show").click()
    asha.get_by_role("link", name=title).click()
    _does(asha, "Take it")
    _does(asha, "Work note", Only_the_desk_reads_this="hush-4711")
    _does(asha, "Put on hold", Waits_for="caller", Question_to_the_caller="Which socket?")
    carla.get_by_role("link", name=f"Follow {number}").click()
    assert "Which socket?" in carla.content()
    carla.get_by_label("Your answer").fill("Socket 12.")
    carla.get_by_role("button", name="Send the message").click()
    assert carla.get_by_role("status").inner_text() == "Your message is with the service desk."
    asha.reload()
    assert "Socket 12." in asha.content()
    if desk.read(number)["status"] == "on_hold":
        _does(asha, "Resume")
    _does(asha, "Put on hold", Waits_for="vendor")
    _does(asha, "Resume")
    _does(asha, "Resolve", How="fixed", Solution="Patched the socket.")
    carla.reload()
    assert "Patched the socket." in carla.content()
    assert "hush-4711" not in carla.content()
    carla.get_by_label("It works").check()
    carla.get_by_role("button", name="Send", exact=True).click()
    assert carla.get_by_role("status").inner_text() == "Thank you. It is noted that it works."
    assert desk.read(number)["confirmed_at"] is not None
    assert carla.evaluate is not None
    for page in (carla, asha):
        page.context.close()


PLACES = ("/sign-in", "/account", "/portal", "/portal/report", "/portal/reported/{}", "/portal/incidents/{}", "/console", "/console/{}")


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


@pytest.mark.parametrize("place", PLACES)
def test_everybody_can_use_portal_and_console(browser: Browser, desk: RunningDesk, busy: str, place: str) -> None:
    """No violation of the accessibility rules, nothing to scroll sideways for, and no hostile text does anything."""
    person = "asha" if "console" in place else "carla"
    page = _person(browser, desk, person, bypass_csp=True)
    page.goto(desk.base_url + place.format(busy))
    assert flaws(page) == []
    assert page.title() != "owned"
    assert page.locator("main script, main img").count() == 0
    page.context.close()


@pytest.mark.parametrize(("place", "budget"), [("/portal/incidents/{}", 60), ("/portal/report", 60), ("/console", 90), ("/console/{}", 90)])
def test_pages_stay_light(desk: RunningDesk, busy: str, place: str, budget: int) -> None:
    """A page with all it loads stays within its budget, before compression even."""
    browser = desk.signed_in("asha" if "console" in place else "carla")
    loaded = [browser.get(each).content for each in (place.format(busy), "/static/pages.css", "/static/icon.svg")]
    assert sum(map(len, loaded)) <= budget * 1024
