"""The portal and the door speak Turkish to those who read it, and nothing but Turkish (process.md S14, S22)."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from string import Formatter

import httpx
import pytest

from activities.access.accounts import Purpose, make_link
from activities.access.keys import issue_key
from activities.database.tables import people
from api.sentences import sentences_in
from tests.api.house import RunningDesk
from tests.api.test_situation import words
from tests.web.every_letter import read_in

TURKISH = {"Accept-Language": "tr-TR,tr;q=0.9,en;q=0.5"}


def _pieces(sentence: str) -> list[str]:
    """What of a sentence stands on the page whatever its facts are."""
    return [said.strip() for said, *_ in Formatter().parse(sentence) if len(said.strip()) > 3]


def _english_in(page: str) -> list[str]:
    """Sentences of the English file that this page says."""
    # What the desk calls its groups is no sentence of ours.
    page = page.replace("Service-Desk", "")
    attributes = re.findall(r'\s(?:aria-label|label|placeholder|title)="([^"]*)"', page)
    shown = " ".join([words(page), *map(unescape, attributes)])
    theirs = sentences_in("tr").known
    return [
        piece
        for name, sentence in sentences_in("en").known.items()
        for piece in _pieces(sentence)
        if piece not in theirs[name] and re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", shown, re.IGNORECASE)
    ]


def _is_turkish(answer: httpx.Response, status: int = 200) -> None:
    assert answer.status_code == status, answer.request.url
    assert '<html lang="tr">' in answer.text, answer.request.url
    assert _english_in(answer.text) == [], answer.request.url


@pytest.fixture(scope="module")
def derya(desk: RunningDesk) -> httpx.Client:
    """A caller who reads Turkish, and whom no other test knows."""
    line = {"id": "derya", "name": "Derya", "email": "derya@example.org", "roles": ["caller"], "language": "tr", "zone": "Europe/Istanbul"}

    async def comes() -> str:
        async with desk.engine.begin() as connection:
            await connection.execute(people.insert().values(line))
        return (await issue_key(desk.engine, person="derya")).secret

    desk.keys["derya"] = desk.run(comes())
    return desk.signed_in("derya")


def _incident(desk: RunningDesk, *commands: tuple[str, dict[str, str]]) -> str:
    number = desk.report(
        "derya", title="Yazıcı çalışmıyor", category="printing", subcategory="printer", impact=2, urgency=2, description="Üç gündür."
    )
    for command, said in commands:
        by = "derya" if command in ("reject", "confirm") else "asha"
        assert desk.tell(number, command, by, **said).status_code == 200
    return number


SOLVED = ("resolve", {"code": "replaced", "notes": "Yenisi kondu."})
LIVES = {
    "new": (),
    "in work": (("take", {}), ("message", {"text": "Bakıyoruz."}), ("reprioritise", {"impact": 3, "urgency": 3, "reason": "x"})),
    "asked": (("hold", {"reason": "caller", "question": "Hangisi?"}),),
    "waiting": (("hold", {"reason": "vendor"}), ("hold", {"reason": "problem"}), ("resume", {}), ("hold", {"reason": "change"})),
    "solved": (SOLVED,),
    "confirmed": (SOLVED, ("confirm", {})),
    "rejected": (SOLVED, ("reject", {"reason": "Hâlâ bozuk."})),
    "reopened": (SOLVED, ("reopen", {"reason": "x"})),
    "called off": (("cancel", {"reason": "no_fault", "notes": "Olmadı."}),),
}


@pytest.mark.parametrize("life", LIVES)
def test_an_incident_in_every_state(desk: RunningDesk, derya: httpx.Client, life: str) -> None:
    """State, what happens next, timeline, what was reported, all in Turkish, with the dates of the language."""
    number = _incident(desk, *LIVES[life])
    shown = derya.get(f"/portal/incidents/{number}")
    _is_turkish(shown)
    assert re.search(r"\d{1,2} \w{3} \d{4} (Pzt|Sal|Çar|Per|Cum|Cmt|Paz), \d\d:\d\d", shown.text)
    _is_turkish(derya.get(f"/portal/reported/{number}"))


def test_the_other_pages_of_the_portal(desk: RunningDesk, derya: httpx.Client) -> None:
    """My incidents, the form empty and in each way wrong, what is known, answers that lack something or come too late, the account, and nothing here."""
    number, closed = _incident(desk, SOLVED), _incident(desk, ("cancel", {"reason": "test"}))
    for place in ("/portal", "/portal/report", "/account"):
        _is_turkish(derya.get(place))
    for typed in (
        {"title": ""},
        {"title": "x", "description": "x" * 10_001},
        {"title": "x", "topic": "weather"},
        {"title": "x", "occurred_at": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT10:00}"},
        {"title": "x", "occurred_at": "gestern"},
        {"title": "x" * 201, "contact": "y" * 300},
    ):
        _is_turkish(derya.post("/portal/report", data=typed), 422)
    known = desk.report("carla", title="Santral sustu", service="santral", impact=1, urgency=1)
    assert desk.tell(known, "acknowledge").status_code == 200
    _is_turkish(derya.post("/portal/report", data={"title": "Telefon yok", "service": "santral"}), 422)
    assert _english_in(derya.get("/portal/known?service=santral").text) == []
    assert desk.tell(known, "cancel", reason="test").status_code == 200
    here = f"/portal/incidents/{number}"
    _is_turkish(derya.post(f"{here}/message", data={"text": ""}), 422)
    _is_turkish(derya.post(f"{here}/answer", data={}), 422)
    _is_turkish(derya.post(f"{here}/answer", data={"choice": "broken"}), 422)
    _is_turkish(derya.post(f"/portal/incidents/{closed}/message", data={"text": "Yine oldu."}), 409)
    for said in ("message", "works", "broken", "again", "later"):
        _is_turkish(derya.get(f"{here}?said={said}"))
    _is_turkish(derya.get("/portal/incidents/INC-1-1"), 404)
    _is_turkish(derya.get("/console"), 403)
    _is_turkish(derya.post("/account/password", data={"present": "x"}), 422)


def test_the_door(desk: RunningDesk) -> None:
    """Signed out, the browser's wish decides: the sign-in page, what is missing, a link asked for, used up, for somebody new, and a form of another site."""
    with httpx.Client(base_url=desk.base_url, headers=TURKISH | {"Sec-Fetch-Site": "same-origin"}, trust_env=False, timeout=30) as browser:
        for place, status in (("/sign-in", 200), ("/sign-in?out=yes", 200), ("/sign-in/link/used-up", 404)):
            _is_turkish(browser.get(place), status)
        _is_turkish(browser.post("/sign-in", data={"name": ""}), 422)
        _is_turkish(browser.post("/sign-in", data={"name": "nobody-at-all", "password": "x"}), 401)
        _is_turkish(browser.post("/sign-in", data={"name": "nobody-at-all", "how": "link"}), 200)
        _is_turkish(browser.post("/portal/report", data={"title": "x"}), 401)
        _is_turkish(browser.post("/sign-in", data={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"}), 403)
        for purpose in Purpose:
            token = desk.run(make_link(desk.engine, "asha", purpose, datetime.now(UTC)))
            _is_turkish(browser.get(f"/sign-in/link/{token}"))
            _is_turkish(browser.post(f"/sign-in/link/{token}", data={}), 422)
        weak = ({"password": "short", "again": "short"}, {"password": "a" * 14, "again": "a" * 14}, {"password": "one", "again": "two"})
        for typed in weak:
            _is_turkish(browser.post(f"/sign-in/link/{token}", data=typed | {"me": "yes"}), 422)


def test_staff_keep_their_console_in_english(desk: RunningDesk) -> None:
    """The console has English only; an agent who reads Turkish gets portal and account in Turkish, and the console in one language, not in two."""
    desk.run(read_in(desk, {"asha": "tr"}))
    try:
        asha = desk.signed_in("asha")
        _is_turkish(asha.get("/account"))
        console = asha.get("/console?queue=all").text
        assert '<html lang="en">' in console
        assert "My incidents" in console
    finally:
        desk.run(read_in(desk, {"asha": "en"}))
