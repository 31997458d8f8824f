"""What pages load: within a budget, from our own house, under a policy that lets nothing else in (process.md S22)."""

import gzip
import hashlib
import random
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from api.assets import FOLDER, KEPT_FOR_EVER, address, hashes
from api.vendoring import VENDOR, known
from tests.api.house import RunningDesk
from tests.web.test_people import _person

KILOBYTE = 1024
PORTAL = ("/sign-in", "/sign-in?out=yes", "/account", "/portal", "/portal/report", "/portal/reported/{}", "/portal/incidents/{}")
CONSOLE = ("/console?queue=all", "/console/{}", "/console/{}?before=90", "/console/report", "/plan")
COMPLAINTS = "window.complaints = []; addEventListener('securitypolicyviolation', event => complaints.push(event.violatedDirective + ' ' + event.blockedURI));"


def _sentence(chance: random.Random) -> str:
    """Words that do not repeat, as those of people: a text that compresses well would prove little."""
    return " ".join("".join(chance.choices("aaabcdeeefghiiiklmnooprsttuuvwyz", k=chance.randint(2, 9))) for _ in range(30)) + "."


@pytest.fixture(scope="module")
def long(desk: RunningDesk) -> str:
    """An incident of carla with more on its timeline than one page shows, in a queue with more lines than one page shows."""
    chance = random.Random(7)  # noqa: S311 -- the same text in every run, no secret
    number = desk.report(title="Everything is slow", category="network", description=_sentence(chance), impact=2, urgency=2)
    for _ in range(110):
        assert desk.tell(number, "message", text=_sentence(chance)).status_code == 200
    for _ in range(55):
        desk.report(title=_sentence(chance)[:90], category="network", impact=chance.randint(2, 3), urgency=chance.randint(1, 3))
    return number


@pytest.fixture
def people(browser: Browser, desk: RunningDesk) -> Iterator[dict[str, Page]]:
    """Carla and asha in browsers that note what breaks the content policy."""
    found = {person: _person(browser, desk, person) for person in ("carla", "asha")}
    for page in found.values():
        page.add_init_script(COMPLAINTS)
    yield found
    for page in found.values():
        page.context.close()


def _weight(desk: RunningDesk, place: str, html: str, loaded: list[str]) -> float:
    """In KB of 1,024 bytes: the page as if it were compressed, which it never is, and everything beside it as it is served."""
    size = len(gzip.compress(html.encode()))
    with httpx.Client(trust_env=False) as client:
        for each in loaded:
            with client.stream("GET", each, headers={"Accept-Encoding": "gzip"}) as answer:
                assert answer.status_code == 200, (place, each)
                size += sum(map(len, answer.iter_raw()))
    return size / KILOBYTE


@pytest.mark.parametrize(
    ("person", "place", "budget"), [*(("carla", each, 60) for each in PORTAL), *(("asha", each, 90) for each in CONSOLE)]
)
def test_a_first_load_stays_within_its_budget(
    desk: RunningDesk, people: dict[str, Page], long: str, person: str, place: str, budget: int
) -> None:
    """60 KB for pages of callers, 90 KB for those of the desk, a full queue and a long timeline among them; only from this house."""
    page, loaded = people[person], []
    page.on(
        "request",
        lambda request: loaded.append(request.url) if request.resource_type in ("stylesheet", "script", "image", "font") else None,
    )
    html = page.goto(desk.base_url + place.format(long)).text()  # type: ignore[union-attr]
    loaded = [each for each in loaded if not each.startswith("data:")]
    assert [each for each in loaded if not each.startswith(desk.base_url)] == []
    assert f"{desk.base_url}{address('vendor/bootstrap.min.css')}" in loaded
    assert _weight(desk, place, html, loaded) <= budget


def test_nothing_breaks_the_content_policy(desk: RunningDesk, people: dict[str, Page], long: str) -> None:
    """No page has a script, a style or a handler in its text, and a browser finds nothing to block, with fields in error and choices made too."""
    for person, places in (("carla", PORTAL), ("asha", CONSOLE)):
        page = people[person]
        for place in places:
            page.goto(desk.base_url + place.format(long))
            _is_clean(page)
    carla = people["carla"]
    carla.goto(desk.base_url + "/portal/report")
    carla.get_by_label("A team or a floor").check()
    carla.get_by_label("What is it about?").select_option("network/wired")
    carla.get_by_role("button", name="Send the report").click()
    expect(carla.locator(".is-invalid")).to_have_count(1)
    _is_clean(carla)
    asha = people["asha"]
    asha.goto(desk.base_url + "/console?queue=all")
    asha.locator(".queue input").first.check()
    _is_clean(asha)


def _is_clean(page: Page) -> None:
    html = page.content()
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style\b|\sstyle=|\son[a-z]+=|javascript:", html) == [], page.url
    assert page.evaluate("complaints") == [], page.url


def test_every_class_is_known() -> None:
    """Each class a template names stands in a style sheet, Bootstrap's or ours, or is what a script of ours looks for; every field and button has one."""
    told = "".join(file.read_text(encoding="utf-8") for file in (*FOLDER.rglob("*.css"), *FOLDER.glob("*.js")))
    known_ones = set(re.findall(r"\.([a-zA-Z][\w-]*)", told))
    strangers = {
        f"{file.name}: {each}"
        for file in (FOLDER.parent / "pages").rglob("*.html")
        for named in re.findall(r'\sclass="((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)"', file.read_text(encoding="utf-8"))
        for each in re.sub(r"[\w-]*\{[{%].*?[}%]\}[\w-]*", " ", named).split()
        if each not in known_ones
    }
    assert strangers == set()
    bare = {
        f"{file.name}: {tag}"
        for file in (FOLDER.parent / "pages").rglob("*.html")
        for tag in re.findall(r"<(?:button|select|textarea|input)\b[^>]*>", file.read_text(encoding="utf-8"))
        if 'type="hidden"' not in tag and " class=" not in tag
    }
    assert bare == set()


def test_what_others_wrote_is_what_the_list_says() -> None:
    """Every vendored file has the hash, the licence and the version of the list; nothing lies beside them that the list does not name."""
    assets = known()
    for each in assets:
        assert hashlib.sha256((VENDOR / each["file"]).read_bytes()).hexdigest() == each["sha256"], each["file"]
        assert (VENDOR / each["licence_file"]).read_text(encoding="utf-8").strip()
        assert re.fullmatch(r"\d+\.\d+\.\d+", each["version"])
        assert b"sourceMappingURL" not in (VENDOR / each["file"]).read_bytes()
    named = {"manifest.toml"} | {each[name] for each in assets for name in ("file", "licence_file")}
    assert {file.name for file in VENDOR.iterdir()} == named


def test_files_are_kept_for_as_long_as_they_are_the_same(desk: RunningDesk) -> None:
    """Under the hash of its content a file is compressed and kept for a year; under another hash, or none, nobody keeps it."""
    for name in hashes():
        answer = desk.as_(None).get(address(name))
        assert answer.headers["Cache-Control"] == KEPT_FOR_EVER, name
        is_small = len(answer.content) < 500
        assert answer.headers.get("Content-Encoding") == (None if is_small else "gzip"), name
    for place in ("/static/pages.css", "/static/pages.css?v=0123456789ab"):
        assert desk.as_(None).get(place).headers["Cache-Control"] == "no-store"


def test_pages_are_not_compressed(desk: RunningDesk, long: str) -> None:
    """A page holds secrets beside words of others; its length must not tell of them (BREACH)."""
    for person, place in (("carla", f"/portal/incidents/{long}"), ("asha", "/console?queue=all")):
        assert "Content-Encoding" not in desk.signed_in(person).get(place, headers={"Accept-Encoding": "gzip"}).headers
