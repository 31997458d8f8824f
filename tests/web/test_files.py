"""Files in a real browser: chosen, sent, seen and read without a script, on a phone and on a desk (process.md S1, S4, S22)."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page
from sqlalchemy import update

from activities.database.tables import files
from tests.api.house import RunningDesk
from tests.files import PNG, TEXT
from tests.web.test_pages import flaws
from tests.web.test_people import HOSTILE, _person

SCREEN: FilePayload = {"name": "screen.png", "mimeType": "image/png", "buffer": PNG}
LOG: FilePayload = {"name": "printer.log", "mimeType": "text/plain", "buffer": TEXT}
PROGRAM: FilePayload = {"name": "setup.exe", "mimeType": "application/octet-stream", "buffer": b"MZ" + bytes(99)}


def _saved(page: Page, name: str) -> bytes:
    """What a click on the file's name saves; the page stays as it is."""
    with page.expect_download() as started:
        page.get_by_role("link", name=name).click()
    assert started.value.suggested_filename == name
    return Path(started.value.path()).read_bytes()


@pytest.mark.parametrize("width", [390, 1280])
def test_files_without_a_script(browser: Browser, desk: RunningDesk, width: int) -> None:
    """A caller reports with files and adds more with a message; an agent reads them, adds one for each side, and removes one with the reason."""
    plain: dict[str, Any] = {"java_script_enabled": False, "viewport": {"width": width, "height": 900}}
    carla = _person(browser, desk, "carla", **plain)
    carla.goto(f"{desk.base_url}/portal/report")
    carla.get_by_label("What is wrong?").fill("The screen flickers")
    carla.locator("input[type=file]").set_input_files([SCREEN, PROGRAM])
    carla.get_by_role("button", name="Send the report").click()
    number = carla.locator(".number").inner_text()
    assert "“setup.exe” was not added" in carla.get_by_role("alert").inner_text()
    carla.get_by_role("link", name=f"Follow {number}").click()
    assert _saved(carla, "screen.png") == PNG
    carla.get_by_label("A message to the service desk").fill("And this is what it wrote.")
    carla.locator("input[type=file]").set_input_files(LOG)
    carla.get_by_role("button", name="Send the message").click()
    assert _saved(carla, "printer.log") == TEXT
    asha = _person(browser, desk, "asha", **plain)
    asha.goto(f"{desk.base_url}/console/{number}")
    assert _saved(asha, "printer.log") == TEXT
    for seen_by, payload in (("Only the desk", SCREEN | {"name": "inner.png"}), ("The caller too", SCREEN | {"name": "how to.png"})):
        asha.locator("summary").get_by_text("Add files").click()
        asha.get_by_role("radio", name=seen_by).check()
        asha.locator("input[type=file]").set_input_files(payload)
        asha.get_by_role("button", name="Add", exact=True).click()
        assert "Done" in asha.get_by_role("status").inner_text()
    asha.locator("summary").get_by_text("Remove printer.log").click()
    form = asha.locator("details", has_text="Remove printer.log").last
    form.get_by_label("Why?").fill("It shows a password.")
    form.get_by_role("button", name="Remove the file").click()
    assert "Done" in asha.get_by_role("status").inner_text()
    carla.reload()
    assert carla.get_by_role("link", name="how to.png").count() == 1
    assert carla.get_by_role("link", name="printer.log").count() == 0
    assert "inner.png" not in carla.content()
    for page in (carla, asha):
        page.context.close()


def test_everybody_can_use_pages_with_files(browser: Browser, desk: RunningDesk) -> None:
    """No violation of the accessibility rules, nothing to scroll sideways for, and no hostile name does anything, in any state of a file."""
    number = desk.report(title="The screen flickers")
    names = [f"{HOSTILE}{'long ' * 20}{place}.png" for place in range(6)]
    for place, name in enumerate(names):
        sent = {"file": (name, PNG, "image/png")}
        by, inside = ("asha", "true") if place == 5 else ("carla", "false")
        assert desk.as_(by).post(f"/api/v1/incidents/{number}/files", files=sent, data={"inside": inside}).status_code == 200
    states = (
        {"scan": "waiting"},
        {"scan": "infected", "state": "infected"},
        {"state": "removed", "name": ""},
        {"scan": "clean"},
        {"state": "received"},
    )

    ids = [each["id"] for each in desk.as_("asha").get(f"/api/v1/incidents/{number}/files").json()["items"]]

    async def stand_so() -> None:
        async with desk.engine.begin() as connection:
            for file, values in zip(ids, states, strict=False):
                await connection.execute(update(files).where(files.c.id == file).values(**values))

    desk.run(stand_so())
    carla, asha = (_person(browser, desk, person, bypass_csp=True) for person in ("carla", "asha"))
    carla.goto(f"{desk.base_url}/portal/incidents/{number}")
    asha.goto(f"{desk.base_url}/console/{number}")
    asha.evaluate("document.querySelectorAll('details').forEach(each => { each.removeAttribute('name'); each.open = true; })")
    for page in (carla, asha):
        assert flaws(page) == []
        assert page.title() != "owned"
    carla.locator("input[type=file]").set_input_files(PROGRAM)
    carla.get_by_role("button", name="Send the message").click()
    assert "was not added" in carla.get_by_role("alert").inner_text()
    assert flaws(carla) == []
    asha.get_by_role("button", name="Add", exact=True).click()
    assert "Choose a file" in asha.get_by_role("alert").first.inner_text()
    assert flaws(asha) == []
    for page in (carla, asha):
        page.context.close()
