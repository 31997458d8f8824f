"""Signing in through an identity provider, in a real browser (process.md S22)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.api.identity_provider import Account, Door, Provider, open_door, open_provider
from tests.web.test_pages import flaws


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """Who knows carla, somebody unknown to the desk, and somebody whose address nobody checked."""
    with open_provider() as found:
        found.accounts = {
            "carla": Account("sub-carla", {"email": "carla@example.org", "email_verified": True}),
            "stranger": Account("sub-stranger", {"email": "<img src=x onerror=alert(1)>@example.org", "email_verified": True}),
            "hasty": Account("sub-hasty", {"email": "dora@example.org", "email_verified": False}),
            "second": Account("sub-second", {"email": "carla@example.org", "email_verified": True}),
        }
        yield found


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Door]:
    """A front door with that provider."""
    with open_door(tmp_path_factory.mktemp("door"), provider) as found:
        yield found


@pytest.mark.parametrize("scripts", [True, False])
def test_a_walk_to_the_provider_and_back(browser: Browser, door: Door, provider: Provider, scripts: bool) -> None:
    """By clicking, with the real rules of the browser for cookies, forms and policies: in, to the page that was wanted, out here, and out there."""
    context = browser.new_context(java_script_enabled=scripts)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"{door.base_url}/portal?q=printer")
    page.get_by_role("link", name="Sign in with Example Ltd").click()
    expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()
    page.get_by_role("link", name="carla").click()
    expect(page).to_have_url(f"{door.base_url}/portal?q=printer")
    names = {cookie["name"] for cookie in context.cookies()}
    assert names == {"holdfast"}
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out")
    page.get_by_role("link", name="sign out there, too").click()
    expect(page.get_by_role("heading", name="Signed out there")).to_be_visible()
    page.goto(f"{door.base_url}/portal")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [each for each in complaints if "favicon" not in each and "404" not in each] == []
    context.close()


@pytest.mark.parametrize("login", ["stranger", "hasty", "second"])
def test_who_is_not_let_in_can_read_why(browser: Browser, door: Door, provider: Provider, login: str) -> None:
    """The page is usable by everybody, does not carry out what the provider wrote, and leads on."""
    page = browser.new_context(bypass_csp=True).new_page()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    if login == "second":
        page.goto(f"{door.base_url}/sign-in/provider")
        page.get_by_role("link", name="carla").click()
        page.context.clear_cookies()
    page.goto(f"{door.base_url}/sign-in/provider")
    page.get_by_role("link", name=login).click()
    assert flaws(page) == []
    assert dialogs == []
    assert page.locator("main img, main script").count() == 0
    page.get_by_role("link", name="Another way to sign in").click()
    assert flaws(page) == []
    page.context.close()


def test_a_provider_that_is_away(browser: Browser, door: Door, provider: Provider, tmp_path: Path) -> None:
    """Is told on a page that everybody can use, and another way is one click away."""
    provider.mood = {"/token": "broken"}
    page = browser.new_context(bypass_csp=True).new_page()
    page.goto(f"{door.base_url}/sign-in/provider")
    page.get_by_role("link", name="carla").click()
    expect(page.get_by_role("heading", name="The sign-in service does not answer")).to_be_visible()
    assert flaws(page) == []
    provider.be_honest()
    page.goto(f"{door.base_url}/sign-in/provider/back?code=x&state=y")
    expect(page.get_by_role("heading", name="Please begin here")).to_be_visible()
    page.get_by_role("link", name="Try again with Example Ltd").click()
    page.get_by_role("link", name="carla").click()
    expect(page).to_have_url(f"{door.base_url}/portal")
    page.context.close()


@pytest.mark.parametrize("only", ["passwords", "everything"])
def test_the_door_with_a_provider_only(browser: Browser, tmp_path: Path, provider: Provider, only: str) -> None:
    """Shows what is left, and everybody can use it."""
    with open_door(tmp_path, provider, oidc_only=only) as door:
        page = browser.new_context(bypass_csp=True).new_page()
        page.goto(f"{door.base_url}/sign-in?out=yes&way=oidc")
        assert flaws(page) == []
        page.context.close()
