"""The report form in a real browser: it remembers what was typed, and says what is known already (process.md S1, S16)."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.house import RunningDesk
from tests.web.test_pages import flaws
from tests.web.test_people import _person

KEPT = "Object.keys(localStorage)"


@pytest.fixture
def carla(browser: Browser, desk: RunningDesk) -> Iterator[Page]:
    """Carla at the form, in a browser that must raise no error."""
    page, faults = _person(browser, desk, "carla"), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(desk.base_url + "/portal/report")
    yield page
    page.context.close()
    assert faults == []


def _types(page: Page) -> None:
    page.get_by_label("What is wrong?").fill("Badge does not open the door")
    page.get_by_label("What is it about?").select_option("facility/room")
    page.get_by_label("A team or a floor").check()
    page.locator("summary").get_by_text("More details that help us").click()
    page.get_by_label("How can we best reach you?").fill("Room 4")


def test_a_draft_comes_back(carla: Page, desk: RunningDesk) -> None:
    """Who leaves the form and comes back finds everything in it and is told so, and can throw it away for good."""
    _types(carla)
    carla.goto(desk.base_url + "/portal")
    carla.goto(desk.base_url + "/portal/report")
    expect(carla.get_by_text("What you typed is back in the form.")).to_be_visible()
    expect(carla.get_by_label("What is wrong?")).to_have_value("Badge does not open the door")
    expect(carla.get_by_label("What is it about?")).to_have_value("facility/room")
    expect(carla.get_by_label("A team or a floor")).to_be_checked()
    expect(carla.get_by_label("How can we best reach you?")).to_be_visible()
    carla.get_by_role("button", name="Discard it").click()
    expect(carla.get_by_label("What is wrong?")).to_have_value("")
    expect(carla.get_by_text("What you typed is back in the form.")).to_be_hidden()
    assert carla.evaluate(KEPT) == []
    carla.reload()
    expect(carla.get_by_label("What is wrong?")).to_have_value("")


def test_what_was_sent_is_no_draft(carla: Page, desk: RunningDesk) -> None:
    """A mistake keeps it, a report that was taken in ends it."""
    carla.get_by_label("Tell us more").fill("It blinks red.")
    carla.get_by_role("button", name="Send the report").click()
    expect(carla.get_by_label("Tell us more")).to_have_value("It blinks red.")
    assert len(carla.evaluate(KEPT)) == 1
    carla.get_by_label("What is wrong?").fill("Badge does not open the door")
    carla.get_by_role("button", name="Send the report").click()
    expect(carla.get_by_role("heading", name="We have your report")).to_be_visible()
    carla.wait_for_load_state()
    assert carla.evaluate(KEPT) == []


def test_signing_out_leaves_nothing_behind(carla: Page, desk: RunningDesk) -> None:
    """After signing out nothing typed stays on the machine, for nobody, and the page says that one is signed out."""
    _types(carla)
    assert len(carla.evaluate(KEPT)) == 1
    carla.get_by_role("button", name="Sign out").click()
    expect(carla.get_by_role("status")).to_have_text("You are signed out.")
    assert carla.evaluate(KEPT) == []


def test_nobody_gets_the_draft_of_somebody_else(carla: Page, browser: Browser, desk: RunningDesk) -> None:
    """Where a session ran out and somebody else signs in, their form is empty and the other's draft is gone."""
    _types(carla)
    cookies = _person(browser, desk, "dora").context.cookies()
    carla.context.clear_cookies()
    carla.context.add_cookies(cookies)  # type: ignore[arg-type]
    carla.goto(desk.base_url + "/portal/report")
    expect(carla.get_by_label("What is wrong?")).to_have_value("")
    assert carla.evaluate(KEPT) == []


def test_a_draft_lasts_a_day(carla: Page, desk: RunningDesk) -> None:
    """What is older is thrown away unseen."""
    _types(carla)
    carla.evaluate(
        "for (const key of Object.keys(localStorage)) {"
        " const kept = JSON.parse(localStorage.getItem(key)); kept.at -= 86_400_001; localStorage.setItem(key, JSON.stringify(kept)); }"
    )
    carla.reload()
    expect(carla.get_by_label("What is wrong?")).to_have_value("")
    assert carla.evaluate(KEPT) == []


def test_what_is_known_is_said_while_typing(carla: Page, desk: RunningDesk) -> None:
    """With the service typed or the topic chosen, what is known appears and goes; who has read it sends once, without being stopped again."""
    number = desk.report("dora", title="Intercom is dead everywhere", service="intercom", category="telephony", impact=1, urgency=1)
    assert desk.tell(number, "acknowledge").status_code == 200
    hint = carla.get_by_text("Intercom is dead everywhere")
    carla.get_by_label("Which service is it?").fill("intercom")
    expect(hint).to_be_visible()
    carla.get_by_label("Which service is it?").fill("lift")
    expect(hint).to_be_hidden()
    carla.get_by_label("Which service is it?").fill("")
    carla.get_by_label("What is it about?").select_option("telephony/desk phone")
    expect(hint).to_be_visible()
    carla.get_by_label("What is wrong?").fill("My phone is dead as well")
    carla.get_by_role("button", name="Send").click()
    expect(carla.get_by_role("heading", name="We have your report")).to_be_visible()
    assert desk.tell(number, "cancel", reason="test").status_code == 200


def test_what_is_known_is_said_without_a_script(browser: Browser, desk: RunningDesk) -> None:
    """The form comes back once with the hint and all that was typed; its button then sends it. Usable for everybody in that state too."""
    number = desk.report("dora", title="Archive is gone", service="archive", impact=1, urgency=1)
    assert desk.tell(number, "acknowledge").status_code == 200
    carla = _person(browser, desk, "carla", java_script_enabled=False)
    carla.goto(desk.base_url + "/portal/report")
    carla.get_by_label("What is wrong?").fill("My folder is gone")
    carla.get_by_label("Which service is it?").fill("archive")
    carla.get_by_role("button", name="Send the report").click()
    expect(carla.get_by_text("Archive is gone")).to_be_visible()
    expect(carla.get_by_label("What is wrong?")).to_have_value("My folder is gone")
    carla.get_by_role("button", name="Send it anyway").click()
    expect(carla.get_by_role("heading", name="We have your report")).to_be_visible()
    carla.context.close()
    assert desk.tell(number, "cancel", reason="test").status_code == 200


def test_everybody_can_use_the_form_in_every_state(browser: Browser, desk: RunningDesk) -> None:
    """With a draft, with what is known, with mistakes: the accessibility rules hold; every choice is a line high enough for a finger."""
    number = desk.report("dora", title="Canteen till is down", service="till", impact=1, urgency=1)
    assert desk.tell(number, "acknowledge").status_code == 200
    carla: Any = _person(browser, desk, "carla", bypass_csp=True)
    carla.goto(desk.base_url + "/portal/report")
    _types(carla)
    carla.get_by_label("Which service is it?").fill("till")
    expect(carla.get_by_text("Canteen till is down")).to_be_visible()
    carla.reload()
    expect(carla.get_by_text("Canteen till is down")).to_be_visible()
    assert flaws(carla) == []
    heights = [box.bounding_box()["height"] for box in carla.locator("label.form-check").all()]
    assert min(heights) >= 44
    carla.get_by_label("What is wrong?").fill("")
    carla.get_by_role("button", name="Send").click()
    assert flaws(carla) == []
    carla.context.close()
    assert desk.tell(number, "cancel", reason="test").status_code == 200


def test_an_agent_on_the_phone(browser: Browser, desk: RunningDesk) -> None:
    """Letters of a name offer people while the agent types; the one chosen is affected. Usable for everybody with people offered and with mistakes."""
    asha: Any = _person(browser, desk, "asha", bypass_csp=True)
    asha.goto(desk.base_url + "/console")
    asha.get_by_role("link", name="Report for somebody").click()
    asha.get_by_label("Who is affected?").fill("example.org")
    expect(asha.get_by_role("group", name="Who is meant?")).to_be_visible()
    asha.get_by_label("What is wrong?").fill("Badge does not open the door")
    assert flaws(asha) == []
    asha.get_by_role("button", name="Send the report").click()
    assert flaws(asha) == []
    expect(asha.get_by_label("What is wrong?")).to_have_value("Badge does not open the door")
    expect(asha.get_by_text("Choose who is meant.").first).to_be_visible()
    asha.get_by_label("Who is affected?").fill("dora@")
    expect(asha.get_by_role("radio", name="Carla")).to_be_hidden()
    asha.get_by_role("radio", name="Dora").check()
    asha.get_by_label("How did it reach you?").select_option("phone")
    asha.get_by_role("button", name="Send the report").click()
    expect(asha.get_by_role("status")).to_contain_text("Reported.")
    expect(asha.get_by_role("heading", name="Badge does not open the door")).to_be_visible()
    number = asha.url.partition("?")[0].rpartition("/")[2]
    assert {name: desk.read(number)[name] for name in ("affected", "channel")} == {"affected": "dora", "channel": "phone"}
    asha.context.close()
