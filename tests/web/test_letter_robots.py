"""Robots read letters too: whatever they open, load or send from any letter in any language changes nothing (process.md S13 to S15, S22).

Four robots over the addresses of all letters: one asks for them, one opens them in a browser and waits, one sends the forms it finds there as they came,
one presses the buttons. Before and after, the whole database and the messages in all histories are compared; nothing at all may differ.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import select, union
from temporalio.api.enums.v1 import EventType

from activities.database.tables import incidents, intake
from activities.mail.digests import DIGEST
from emails.languages import languages
from emails.links import Signer
from tests.api.house import LONGEST, RunningDesk, running_desk
from tests.web.every_letter import READERS, SIGN_IN, Mailed, every_letter
from workflows.vocabulary import LetterName

LARGEST = 60_000
PAGES = ("/l/", "/s/", "/u/", "/sign-in/link/")
# Pages of an incident: their addresses are not signed, so a robot meets the door there, as everybody does who comes without a session.
PLAIN = ("/portal/incidents/", "/console/")
_SIGNALLED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
_ROBOT = httpx.Client(trust_env=False, timeout=LONGEST)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# What a browser sends for each way to send each form: with each of its buttons, and by a script that presses none.
_SERIALISED = """forms => forms.flatMap(form => [undefined, ...form.querySelectorAll("button, [type=submit]")].map(
    button => ({action: form.action, method: form.method, fields: [...new FormData(form, button)]})))"""
# What makes the difference between a robot and a person: in every group an answer that was not chosen before, and words.
_CHOOSE = """forms => forms.forEach(form => {
    for (const name of new Set([...form.querySelectorAll("[type=radio]")].map(each => each.name)))
        form.querySelector(`[type=radio][name="${name}"]:not(:checked)`).checked = true;
    form.querySelectorAll("[type=checkbox]").forEach(each => each.checked = true);
    form.querySelectorAll("textarea").forEach(each => each.value = "It smokes.");
})"""


@dataclass(frozen=True)
class Bag:
    """A desk and all the letters that it sent."""

    desk: RunningDesk
    letters: Sequence[Mailed]

    @property
    def addresses(self) -> list[str]:
        """Every address in any of them."""
        return sorted(set().union(*(letter.addresses for letter in self.letters)))

    @property
    def pages(self) -> list[str]:
        """One address of each page behind a signed link: the same link signed a second later leads to the same one."""
        signer = Signer(self.desk.settings.link_keys, self.desk.base_url, self.desk.settings.link_days)
        return list({_page_of(address, signer): address for address in self.addresses if not self._is_plain(address)}.values())

    @property
    def plain(self) -> list[str]:
        """Every address that is not signed."""
        return [address for address in self.addresses if self._is_plain(address)]

    def _is_plain(self, address: str) -> bool:
        return address.startswith(tuple(self.desk.base_url + page for page in PLAIN))

    @property
    def unmarked(self) -> list[str]:
        """The same without those of a survey that choose a mark, but for one."""
        return [page for page in self.pages if urlsplit(page).query in ("", "score=4")]

    def state(self) -> set[str]:
        """All there is to change, once nothing is in hand any more: every row of every table, and every message that an incident was sent."""
        messages = self.desk.run(_messages(self.desk))
        connection = sqlite3.connect(self.desk.settings.database_url.removeprefix("sqlite:///"))
        try:
            return messages | set(connection.iterdump())
        finally:
            connection.close()


def _page_of(address: str, signer: Signer) -> tuple[str, ...]:
    parts = urlsplit(address)
    link = signer.read(parts.path.rpartition("/")[2])
    return (link.purpose, link.number, link.person, parts.query) if link else (parts.path,)


async def _messages(desk: RunningDesk) -> set[str]:
    numbers = union(select(incidents.c.number), select(intake.c.number))
    async with desk.engine.connect() as connection:
        return set().union(*[await _sent_to(desk, number) for number in (await connection.execute(numbers)).scalars()])


async def _sent_to(desk: RunningDesk, number: str) -> set[str]:
    incident = desk.client.get_workflow_handle(number)
    while _is_busy((await incident.describe()).raw_description):  # noqa: ASYNC110 -- there is nothing else to wait for
        await asyncio.sleep(0.02)
    return {f"{number} {event.event_id}" async for event in incident.fetch_history_events() if event.event_type == _SIGNALLED}


def _is_busy(described: Any) -> bool:
    return bool(described.pending_activities) or described.HasField("pending_workflow_task")


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bag]:
    """A desk of its own, so that whatever changes there was changed by these tests; or a skip with the reason."""
    with running_desk(tmp_path_factory.mktemp("letters")) as desk:
        yield Bag(desk, every_letter(desk))


def _forms(browser: Browser, addresses: Sequence[str], first: str = "() => {}") -> list[dict[str, Any]]:
    """Every form behind these addresses as the browser serialises it, after that script."""
    page, found = browser.new_page(), []
    for address in addresses:
        page.goto(address)
        page.locator("form").evaluate_all(first)
        found += page.locator("form").evaluate_all(_SERIALISED)
    page.close()
    return found


def _send(form: dict[str, Any], fields: list[list[str]]) -> httpx.Response:
    return _ROBOT.request(form["method"], form["action"], content=urlencode([(name, value) for name, value in fields]), headers=_FORM)


def _asks(_: Browser, bag: Bag) -> None:
    # Whoever has signed in with their link by now is no robot.
    _ROBOT.cookies.clear()
    for address in bag.addresses:
        asked, shown = _ROBOT.head(address).status_code, _ROBOT.get(address).status_code
        # Pages that are not signed answer GET alone.
        assert asked == (405 if address in bag.plain else shown), address


def _opens(browser: Browser, bag: Bag) -> None:
    context = browser.new_context()
    addresses = [*bag.pages, *bag.plain]
    opened = [context.new_page() for _ in addresses]
    for page, address in zip(opened, addresses, strict=True):
        page.goto(address)
    for page in opened:
        page.wait_for_load_state("networkidle")
    context.close()


def _sends(browser: Browser, bag: Bag) -> None:
    """As they came, and once more with words wherever words can be."""
    for form in _forms(browser, bag.pages):
        words = [[name, value or "scanned"] for name, value in form["fields"]]
        assert [_send(form, fields).status_code for fields in (form["fields"], words)] == [422, 422], form


def _presses(browser: Browser, bag: Bag) -> None:
    """In a browser, where only what is chosen tells a robot from a person."""
    page = browser.new_page()
    for address in bag.unmarked:
        page.goto(address)
        for place in range(page.get_by_role("button").count()):
            page.goto(address)
            with page.expect_navigation():
                page.get_by_role("button").nth(place).click()
            assert page.get_by_role("alert").is_visible(), address
    page.close()


Robot = Callable[[Browser, Bag], None]


def test_every_letter_is_looked_into(bag: Bag) -> None:
    """All letters, the digest and the one to sign in, in every language; each below 60 KB, and with no address but those of our own pages."""
    assert set(READERS.values()) == set(languages())
    assert {(letter.name, letter.language) for letter in bag.letters} == {
        (name, language) for name in (*LetterName, DIGEST, SIGN_IN) for language in languages()
    }
    assert all(len(letter.part("html").encode()) < LARGEST for letter in bag.letters)
    ours = tuple(bag.desk.base_url + page for page in (*PAGES, *PLAIN))
    assert [address for address in bag.addresses if not address.startswith(ours)] == []
    assert all(any(address.startswith(page) for address in bag.addresses) for page in ours)


def test_an_address_that_is_not_signed_shows_nothing(bag: Bag) -> None:
    """Who has no session meets the door: the page says nothing of the incident, and lets nobody in."""
    assert len(bag.plain) > 1
    for address in bag.plain:
        answer = _ROBOT.get(address)
        assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (303, "/sign-in"), address
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("robot", [_asks, _opens, _sends, _presses])
def test_a_robot_changes_nothing(browser: Browser, bag: Bag, robot: Robot) -> None:
    """Before anybody has answered no robot changes a row or sends a message."""
    before = bag.state()
    robot(browser, bag)
    assert bag.state() ^ before == set()


@pytest.fixture(scope="module")
def unnoticed(browser: Browser, bag: Bag) -> list[str]:
    """A person answers on every page; those of which the comparison then says that nothing was changed."""
    pages, before = [], bag.state()
    for page in bag.unmarked:
        form = _forms(browser, [page], _CHOOSE)[-1]
        assert _send(form, form["fields"]).status_code < 400
        after = bag.state()
        pages += [page] if after == before else []
        before = after
    return pages


def test_a_person_is_seen(unnoticed: list[str]) -> None:
    """The comparison sees each answer of somebody who chooses one, on every page: it would see a robot that does."""
    assert unnoticed == []


@pytest.mark.usefixtures("unnoticed")
@pytest.mark.parametrize("robot", [_asks, _sends, _presses])
def test_a_robot_takes_nothing_back(browser: Browser, bag: Bag, robot: Robot) -> None:
    """After the answers, where the same pages offer to change them: still nothing."""
    test_a_robot_changes_nothing(browser, bag, robot)
