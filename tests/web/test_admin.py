"""Administration in a real browser, by clicking only and without a script, on a phone and on a desk, in light and dark (process.md S5, S10, S21, S22)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete, update

from activities.access.accounts import set_password
from activities.access.keys import issue_key
from activities.access.security_log import Hand
from activities.database.tables import groups, people, rotas, services
from activities.directory.changes import add_person, keep_group, keep_rota, keep_service
from activities.directory.entries import GroupEntry, PersonEntry, ServiceEntry
from activities.directory.rota_entries import RotaEntry
from tests.api.house import RunningDesk
from tests.web.test_pages import WIDTHS, flaws
from tests.web.test_people import HOSTILE, _person
from workflows.vocabulary import Role

PASSWORD = "green lamp, blue whale"
ADAM = Hand("adam", HOSTILE[:40])


async def _tidy(desk: RunningDesk) -> None:
    """Other tests know this desk without rotas, services and the people of these tests."""
    async with desk.engine.begin() as connection:
        for table in (rotas, services):
            await connection.execute(delete(table))
        await connection.execute(delete(groups).where(groups.c.id.like("g-%")))
        await connection.execute(delete(people).where(people.c.id.like("p-%")))
        await connection.execute(update(people).values(absent_from=None, absent_until=None))


@pytest.fixture(autouse=True)
def _leaves_no_trace(desk: RunningDesk) -> Iterator[None]:
    yield
    desk.run(_tidy(desk))


async def _fill(desk: RunningDesk) -> None:
    """Something hostile in every field that takes free text."""
    engine, line = desk.engine, HOSTILE[:200]
    await add_person(
        engine,
        "p-hostile",
        PersonEntry(name=line, email="x'onmouseover=alert(1)@example.org".replace("'", "`"), roles=list(Role)),
        [],
        ADAM,
    )
    await keep_group(engine, "g-hostile", GroupEntry(name=line, level=9, lead="p-hostile", members=["p-hostile", "noah"]), None, ADAM)
    await keep_service(
        engine, "hostile", ServiceEntry(name=line, description=HOSTILE, owner_person="p-hostile", category="e-mail"), None, ADAM
    )
    layer = {"people": ["p-hostile"], "starts": "2026-01-05T09:00:00", "turn_days": 7, "weekdays": ["monday"]}
    now = datetime.now(UTC)
    override = {"person": "noah", "from": now.isoformat(), "to": (now + timedelta(hours=5)).isoformat()}
    await keep_rota(engine, "hostile", RotaEntry.model_validate({"zone": "UTC", "layers": [layer], "overrides": [override]}), None, ADAM)
    await issue_key(engine, person="p-hostile", label=line[:100], by=ADAM)
    await issue_key(engine, integration="probe", roles=(Role.AGENT,), label=line[:100], ends_at=now + timedelta(days=9), by=ADAM)


PAGES = (
    "/admin/people", "/admin/people?q=nobody+of+that+name", "/admin/people/p-hostile?done=saved", "/admin/add/person", "/admin/groups", "/admin/groups/g-hostile",
    "/admin/add/group", "/admin/rotas", "/admin/rotas/hostile", "/admin/add/rota", "/admin/services", "/admin/services/hostile", "/admin/add/service",
    "/admin/categories", "/admin/keys?closed=yes", "/admin/exchange", "/admin/audit", "/admin/audit?from=x&about=nothing", "/account/api-keys", "/account/absences",
    "/portal/report",
)  # fmt: skip


def _is_usable(page: Page, what: str) -> None:
    assert flaws(page) == [], what
    assert page.title() != "owned", what
    assert page.locator("main script, main img").count() == 0, what


def test_everybody_can_use_administration(browser: Browser, desk: RunningDesk) -> None:
    """No violation of the accessibility rules, nothing to scroll sideways for, and no hostile text does anything, on any page."""
    desk.run(_fill(desk))
    page = _person(browser, desk, "p-hostile", bypass_csp=True)
    for place in PAGES:
        page.goto(desk.base_url + place)
        _is_usable(page, place)
    _look_at_states(page, desk)
    page.context.close()


def _look_at_states(page: Page, desk: RunningDesk) -> None:
    """Pages as they are in the middle of work: something wrong, overtaken, a secret shown, an import looked at."""
    page.goto(f"{desk.base_url}/admin/people/p-hostile")
    page.get_by_label("Time zone").fill(HOSTILE)
    page.get_by_role("button", name="Save").click()
    _is_usable(page, "a wrong person")
    page.goto(f"{desk.base_url}/admin/people/p-hostile")
    page.get_by_role("button", name="Make a link to choose a password").click()
    _is_usable(page, "a link")
    page.goto(f"{desk.base_url}/admin/groups/g-hostile")
    page.get_by_label("Mailbox").fill("late@example.org")
    with page.context.new_page() as other:
        other.goto(f"{desk.base_url}/admin/groups/g-hostile")
        other.get_by_label("Mailbox").fill("first@example.org")
        other.get_by_role("button", name="Save").click()
    page.get_by_label("Add members").fill("asha")
    page.get_by_role("button", name="Save").click()
    assert "Somebody changed this in the meantime" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Mailbox").input_value() == "late@example.org"
    _is_usable(page, "overtaken")
    page.goto(f"{desk.base_url}/admin/rotas/hostile")
    page.locator("summary").click()
    page.get_by_label("Zone and layers, as TOML").fill(HOSTILE)
    page.get_by_role("button", name="Save").click()
    _is_usable(page, "a wrong rota")
    page.goto(f"{desk.base_url}/account/absences")
    page.get_by_role("button", name="Record the absence").first.click()
    _is_usable(page, "a wrong absence")
    page.goto(f"{desk.base_url}/admin/exchange")
    text = '[people."p-hostile"]\nname = "Someone"\nroles = ["caller"]\n[people.p-new]\nname = "New"\n[groups]\n[rotas]\n'
    page.get_by_label("The file, as TOML").fill(text)
    page.get_by_role("button", name="Show what it would do").click()
    _is_usable(page, "an import looked at")
    page.get_by_role("button", name="Import it").click()
    assert page.get_by_role("status").inner_text().startswith("Imported 2 people: 1 person added; ")


@pytest.mark.parametrize("width", WIDTHS)
def test_an_administrators_day(browser: Browser, desk: RunningDesk, width: int) -> None:
    """Somebody starts and gets in, their group and turns are set, a service is offered, they go, and the auditor reads all of it; without a script."""
    size: Any = {"viewport": {"width": width, "height": 900}, "java_script_enabled": False}
    adam = _person(browser, desk, "adam", **size)
    adam.get_by_role("link", name="Admin", exact=True).click()
    adam.get_by_role("link", name="Add a person").click()
    adam.get_by_role("button", name="Add").click()
    expect(adam.get_by_role("alert")).to_contain_text("An id has letters")
    adam.get_by_label("Id", exact=True).fill(f"p-{width}")
    adam.get_by_label("Name", exact=True).fill("Petra Pan")
    adam.get_by_label("E-mail address").fill(f"petra{width}@example.org")
    adam.get_by_label("Agent").check()
    adam.get_by_label("Network", exact=True).check()
    adam.get_by_role("button", name="Add").click()
    expect(adam.get_by_role("status")).to_have_text("Added.")
    adam.get_by_role("button", name="Make a link to choose a password").click()
    petra = _comes_in(browser, adam.locator("#secret").inner_text(), **size)
    _makes_a_key(petra)
    _is_on_call(adam, width)
    _offers_a_service(adam, width)
    _goes_away(petra)
    _leaves(adam)
    petra.reload()
    expect(petra.get_by_role("heading", name="Sign in")).to_be_visible()
    _reads(browser, desk, width, size)
    for page in (adam, petra):
        page.context.close()


def _comes_in(browser: Browser, link: str, **size: Any) -> Page:
    petra = browser.new_context(**size).new_page()
    petra.goto(link)
    petra.get_by_label("Choose a password").fill(PASSWORD)
    petra.get_by_label("The same password again").fill(PASSWORD)
    petra.get_by_role("checkbox").check()
    petra.get_by_role("button", name="Sign in").click()
    expect(petra.get_by_role("heading", name="Queues")).to_be_visible()
    return petra


def _makes_a_key(petra: Page) -> None:
    petra.get_by_role("link", name="Petra Pan").click()
    petra.get_by_role("link", name="Your API keys").click()
    petra.get_by_label("What it is for").fill("A script")
    petra.get_by_label("Your password").fill(PASSWORD)
    petra.get_by_role("button", name="Make the key").click()
    assert re.fullmatch(r"hf_[\w-]{43}", petra.locator("#secret").inner_text())
    petra.get_by_role("button", name="Close this key").click()
    expect(petra.get_by_role("status")).to_contain_text("no longer works")


def _is_on_call(adam: Page, width: int) -> None:
    adam.get_by_role("link", name="On call").click()
    adam.get_by_role("link", name="Add a rota").click()
    adam.get_by_label("Id", exact=True).fill("nights")
    adam.get_by_label("Zone and layers, as TOML").fill(
        f'zone = "Europe/Paris"\n[[layers]]\npeople = ["p-{width}"]\nstarts = 2026-01-05T09:00:00\nturn_days = 7'
    )
    adam.get_by_role("button", name="Add").click()
    expect(adam.locator("#turns + ol")).to_contain_text("Petra Pan now")
    adam.get_by_label("Who", exact=True).select_option("noah")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    adam.get_by_label("From").fill(tomorrow.strftime("%Y-%m-%dT%H:%M"))
    adam.get_by_label("Until").fill((tomorrow + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M"))
    adam.get_by_role("button", name="Step in").click()
    expect(adam.locator("#turns + ol")).to_contain_text("Noah from")


def _offers_a_service(adam: Page, width: int) -> None:
    adam.get_by_role("link", name="Services").click()
    adam.get_by_role("link", name="Add a service").click()
    adam.get_by_label("Id", exact=True).fill("maps")
    adam.get_by_label("Name", exact=True).fill("Maps")
    adam.get_by_label("Owner").select_option(f"person/p-{width}")
    adam.get_by_label("Suggested category").select_option("software")
    adam.get_by_role("button", name="Add").click()
    expect(adam.get_by_role("status")).to_have_text("Added.")
    adam.get_by_role("link", name="Categories").click()
    expect(adam.get_by_role("heading", name="Categories")).to_be_visible()


def _goes_away(petra: Page) -> None:
    petra.get_by_role("link", name="Your account").click()
    petra.get_by_role("link", name="Record an absence").click()
    petra.get_by_label("Until").first.fill((datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"))
    petra.get_by_role("button", name="Record the absence").first.click()
    expect(petra.get_by_role("status")).to_have_text("The absence is recorded.")


def _leaves(adam: Page) -> None:
    adam.get_by_role("link", name="People", exact=True).click()
    adam.get_by_label("Name, id or e-mail address").fill("petra")
    adam.get_by_role("button", name="Show").click()
    assert "Absent" in adam.locator("main").inner_text()
    adam.get_by_role("link", name="Petra Pan").first.click()
    adam.get_by_label("Yes, disable Petra Pan").check()
    adam.get_by_role("button", name="Disable").click()
    expect(adam.get_by_role("status")).to_contain_text("Disabled.")


def _reads(browser: Browser, desk: RunningDesk, width: int, size: dict[str, Any]) -> None:
    aude = _person(browser, desk, "aude", **size)
    aude.get_by_role("link", name="Audit").click()
    aude.get_by_label("About whom or what").fill(f"p-{width}")
    aude.get_by_role("button", name="Show").click()
    told = aude.locator("main").inner_text()
    for kind in ("Person added", "Link made", "Password set", "Key made", "Key revoked", "Absence changed", "Person disabled"):
        assert kind in told, kind
    assert PASSWORD not in told
    assert aude.get_by_role("link", name="People").count() == 0
    aude.context.close()


def test_keys_are_asked_for_a_password(desk: RunningDesk) -> None:
    """The page of somebody with a password has a field for it, and the browser is told which one it is."""
    desk.run(set_password(desk.engine, "omar", PASSWORD))
    assert 'autocomplete="current-password"' in desk.signed_in("omar").get("/account/api-keys").text
