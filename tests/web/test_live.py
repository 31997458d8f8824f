"""Pages of the console keep up with the desk, in a real browser under the real content policy (process.md S22)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from api.console import live
from tests.api.house import RunningDesk
from tests.web.test_people import _person


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOKS_EVERY", timedelta(milliseconds=100))


@pytest.fixture
def page(browser: Browser, desk: RunningDesk) -> Iterator[Page]:
    """Asha, whose browser must raise no error."""
    page, faults = _person(browser, desk, "asha"), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    page.context.close()
    assert faults == []


def test_a_list_is_shown_anew_unless_somebody_chooses(page: Page, desk: RunningDesk) -> None:
    """A new incident appears without a hand moved, and the focus stays; with one chosen a notice says that there is news, and the choice stays."""
    first = desk.report(title="Beamer one flickers", category="hardware")
    page.goto(f"{desk.base_url}/console?q=beamer+flickers")
    page.keyboard.press("j")
    desk.report(title="Beamer two flickers", category="hardware")
    expect(page.locator(".queue li")).to_have_count(2)
    expect(page.locator(f".queue a[href$='{first}']")).to_be_focused()
    expect(page.locator("#news")).to_be_hidden()
    page.get_by_label(f"Choose {first}").check()
    desk.report(title="Beamer three flickers", category="hardware")
    expect(page.locator("#news")).to_be_visible()
    expect(page.get_by_label(f"Choose {first}")).to_be_checked()
    expect(page.locator(".queue li")).to_have_count(2)
    page.get_by_role("link", name="Show it").click()
    expect(page.locator(".queue li")).to_have_count(3)


def test_an_incident_says_that_there_is_news(page: Page, desk: RunningDesk) -> None:
    """While an agent writes, a notice says that somebody else did something; what is being written is not touched. Where events come, nobody asks."""
    number = desk.report(category="network")
    page.goto(f"{desk.base_url}/console/{number}")
    expect(page.locator("[hx-trigger^=every]")).to_have_count(0)
    page.locator("summary").get_by_text("Work note", exact=True).click()
    page.locator("#note-text").fill("half a sente")
    assert desk.tell(number, "message", "noah", text="I am at the switch.").status_code == 200
    expect(page.locator("#news")).to_be_visible()
    expect(page.locator("#note-text")).to_have_value("half a sente")
    page.get_by_role("link", name="Show it").click()
    expect(page.get_by_text("I am at the switch.")).to_be_visible()


def test_where_no_events_come_through_it_asks_now_and_then(page: Page, desk: RunningDesk) -> None:
    """Behind a proxy that lets no events pass, the page asks every half minute."""
    number = desk.report(category="network")

    def refuse(route: Route) -> None:
        if "event-stream" in route.request.headers.get("accept", ""):
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/live*", refuse)
    page.clock.install()
    with page.expect_response(lambda answer: answer.status == 503):
        page.goto(f"{desk.base_url}/console/{number}")
    expect(page.locator("#news")).to_be_hidden()
    assert desk.tell(number, "note", "noah", text="x").status_code == 200
    with page.expect_response(lambda answer: answer.status == 200 and "/live?" in answer.url):
        for _ in range(3):
            page.clock.run_for(31_000)
    expect(page.locator("#news")).to_be_visible()


def test_a_list_without_events_is_shown_anew_each_minute(page: Page, desk: RunningDesk) -> None:
    """Countdowns grow old by themselves; so what is new is seen a minute later also where no events come through, unless somebody is choosing."""
    first = desk.report(title="Plotter one smears", category="printing")
    page.route("**/console/live*", lambda route: route.abort())
    page.clock.install()
    page.goto(f"{desk.base_url}/console?q=plotter+smears")
    page.get_by_label(f"Choose {first}").check()
    desk.report(title="Plotter two smears", category="printing")
    page.clock.run_for(130_000)
    expect(page.get_by_label(f"Choose {first}")).to_be_checked()
    page.get_by_label(f"Choose {first}").uncheck()
    page.clock.run_for(61_000)
    expect(page.locator(".queue li")).to_have_count(2)


@pytest.mark.parametrize("place", ["/console?queue=all", "/console/{}"])
def test_a_page_whose_session_is_over_says_so(page: Page, desk: RunningDesk, place: str) -> None:
    """It keeps what was typed, and leads to the sign-in page beside it."""
    number = desk.report(category="network")
    with page.expect_request("**/live?*"):
        page.goto(desk.base_url + place.format(number))
    page.locator("#q").fill("half a wo")
    page.context.clear_cookies()
    _looked_at(page, "hidden")
    _looked_at(page, "visible")
    expect(page.get_by_text("You are signed out")).to_be_visible()
    expect(page.locator("#q")).to_have_value("half a wo")
    assert page.locator("#over a").get_attribute("target") == "_blank"


def test_hidden_pages_hold_no_line(page: Page, desk: RunningDesk) -> None:
    """A page in the background closes its stream, and listens again when it is looked at."""
    number = desk.report(category="network")
    with page.expect_request("**/live?*"):
        page.goto(f"{desk.base_url}/console/{number}")
    with page.expect_event("requestfailed", lambda request: "/live?" in request.url):
        _looked_at(page, "hidden")
    assert desk.tell(number, "note", "noah", text="x").status_code == 200
    with page.expect_request("**/live?*"):
        _looked_at(page, "visible")
    expect(page.locator("#news")).to_be_visible()


def _looked_at(page: Page, state: str) -> None:
    page.evaluate(
        "state => { Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        state,
    )
