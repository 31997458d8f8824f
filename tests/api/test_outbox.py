"""The Outbox page: find letters, read them, send them again, and never act in the reader's name (process.md S14, S15)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import delete, insert, select

from activities.database.tables import letters
from tests.api.house import RunningDesk

OURS = {"Sec-Fetch-Site": "same-origin"}


def _row(key: str, **values: Any) -> dict[str, Any]:
    known = {
        "key": key,
        "number": "INC-7",
        "letter": "resolved",
        "recipient": "carla",
        "cycle": 1,
        "cause": 4,
        "at": datetime.now(UTC),
        "facts": {},
        "state": "sent",
        "attempts": 1,
        "unknown_outcomes": 0,
        "next_attempt_at": datetime.now(UTC),
        "digest": None,
        "subject": f"subject of {key}",
        "text": "https://desk.example.org/l/live.token",
        "html": "<p>https://desk.example.org/l/live.token</p>",
        "headers": "Subject: x\nList-Unsubscribe: <https://desk.example.org/u/live.token>",
        "smtp_reply": "250 taken",
    }
    return known | values


ROWS = (
    _row("shelf:sent"),
    _row("shelf:failed", state="failed", smtp_reply="550 no such user", recipient="dora"),
    _row(
        "shelf:planned",
        state="planned",
        number="INC-8",
        text=None,
        html=None,
        headers=None,
        next_attempt_at=datetime(2026, 12, 1, 7, 30, tzinfo=UTC),
    ),
    _row("shelf:kept", state="kept", number="INC-8"),
    _row("shelf:inside", state="in_digest", digest="digest:noah:1", recipient="noah", number="INC-9", text=None, html=None, headers=None),
    _row("digest:noah:1", letter="digest", recipient="noah", number="", state="unknown", unknown_outcomes=2),
)


@pytest.fixture
def shelf(desk: RunningDesk) -> Iterator[RunningDesk]:
    """A desk with these letters in its ledger, until the end of the test."""

    async def work(*statements: Any) -> None:
        async with desk.engine.begin() as connection:
            for statement in statements:
                await connection.execute(statement)

    mine = letters.c.key.like("shelf:%") | letters.c.key.like("digest:noah:%")
    desk.run(work(delete(letters).where(mine), *(insert(letters).values(row) for row in ROWS)))
    yield desk
    desk.run(work(delete(letters).where(mine)))


def _keys(desk: RunningDesk, **search: str) -> set[str]:
    shown = desk.as_("asha").get("/outbox", params=search).text
    return {row["key"] for row in ROWS if f'/outbox/{quote(row["key"])}"' in shown}


def _again(desk: RunningDesk, key: str, count: str = "1", by: str = "asha", **headers: str) -> httpx.Response:
    return desk.as_(by).post(f"/outbox/{quote(key)}", data={"count": count}, headers=headers)


def _deliveries(desk: RunningDesk) -> list[Any]:
    async def ask() -> list[Any]:
        async with desk.engine.connect() as connection:
            return list((await connection.execute(select(letters).where(letters.c.resent_by.is_not(None)).order_by(letters.c.key))).all())

    return desk.run(ask())


@pytest.mark.parametrize(
    ("search", "keys"),
    [
        ({"number": "INC-8"}, {"shelf:planned", "shelf:kept"}),
        ({"number": "INC-9"}, {"shelf:inside", "digest:noah:1"}),
        ({"person": "dora"}, {"shelf:failed"}),
        ({"state": "unknown"}, {"digest:noah:1"}),
        ({"number": " INC-8 ", "state": "kept", "person": "carla"}, {"shelf:kept"}),
        ({"number": "INC-8", "person": "dora"}, set()),
        ({"number": "\x00", "person": "%", "state": "'"}, set()),
    ],
)
def test_letters_are_found(shelf: RunningDesk, search: dict[str, str], keys: set[str]) -> None:
    """By incident (the digests it is told in too), by person, by state, and by all of them together."""
    assert _keys(shelf, **search) == keys


@pytest.mark.parametrize("key", ["shelf:sent", "shelf:failed", "digest:noah:1"])
def test_staff_never_see_a_working_link(shelf: RunningDesk, key: str) -> None:
    """Of a letter that left, neither text nor HTML nor headers show what makes its links work."""
    shown = shelf.as_("asha").get(f"/outbox/{quote(key)}").text
    assert "live.token" not in shown
    assert "/l/…" in shown
    assert "/u/…" in shown
    assert "live.token" in shelf.as_("asha").get("/outbox/shelf:kept").text


def test_a_letter_that_waits_says_until_when(shelf: RunningDesk) -> None:
    """When it is tried next, and how often nobody could tell whether it went out; one that is settled is not tried again."""
    shown = {key: shelf.as_("asha").get(f"/outbox/{quote(key)}").text for key in ("shelf:planned", "shelf:sent", "digest:noah:1")}
    assert '<time datetime="2026-12-01T07:30:00+00:00">' in shown["shelf:planned"]
    assert {key for key, page in shown.items() if "Next attempt" in page} == {"shelf:planned"}
    assert {key for key, page in shown.items() if "Outcome unknown" in page} == {"digest:noah:1"}
    assert "of 2: it may have arrived" in shown["digest:noah:1"]


def test_a_digest_and_its_letters_lead_to_each_other(shelf: RunningDesk) -> None:
    """The letter names its digest, the digest lists its letters."""
    assert "/outbox/digest%3Anoah%3A1" in shelf.as_("asha").get("/outbox/shelf:inside").text.replace(":", "%3A")
    assert "INC-9" in shelf.as_("asha").get("/outbox/digest:noah:1").text


@pytest.mark.parametrize("key", ["shelf:sent", "shelf:failed", "digest:noah:1"])
def test_a_letter_is_sent_again_once(shelf: RunningDesk, key: str) -> None:
    """A new delivery with its own key, noted with who asked; pressing twice is one; the next press is the next delivery."""
    pressed = [_again(shelf, key, **OURS) for _ in range(2)]
    assert {each.status_code for each in pressed} == {303}
    assert {each.headers["location"] for each in pressed} == {f"/outbox/{quote(key)}%3Aresend%3A1"}
    assert [(row.key, row.state, row.resent_by) for row in _deliveries(shelf)] == [(f"{key}:resend:1", "planned", "asha")]
    assert _again(shelf, key, "2", "ines", **OURS).status_code == 303
    assert [(row.key, row.resent_by) for row in _deliveries(shelf)] == [(f"{key}:resend:1", "asha"), (f"{key}:resend:2", "ines")]
    shown = shelf.as_("asha").get(f"/outbox/{quote(key)}").text
    assert "asked for by ines" in shown
    assert 'name="count" value="3"' in shown


@pytest.mark.parametrize(
    ("key", "count", "headers", "status"),
    [
        ("shelf:planned", "1", OURS, 409),
        ("shelf:kept", "1", OURS, 409),
        ("shelf:inside", "1", OURS, 409),
        ("shelf:nothing", "1", OURS, 404),
        ("shelf:sent", "7", OURS, 422),
        ("shelf:sent", "0", OURS, 422),
        ("shelf:sent", "", OURS, 422),
        ("shelf:sent", "²", OURS, 422),
    ],
)
def test_what_cannot_be_sent_again(shelf: RunningDesk, key: str, count: str, headers: dict[str, str], status: int) -> None:
    """A letter under way, kept, or in a digest; one that does not exist; a form nobody made."""
    assert _again(shelf, key, count, **headers).status_code == status
    assert _deliveries(shelf) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "none"}, 403), ({"Origin": "null"}, 403), (OURS, 303)],
)
def test_another_site_cannot_send_letters(shelf: RunningDesk, headers: dict[str, str], status: int) -> None:
    """A browser that remembers the password sends it with every form, so the form must surely be ours."""
    key = shelf.keys["asha"]
    answer = httpx.post(
        f"{shelf.base_url}/outbox/shelf:sent", data={"count": "1"}, auth=("x", key), headers=headers, trust_env=False, timeout=60
    )
    assert answer.status_code == status
    assert len(_deliveries(shelf)) == (status == 303)


def test_callers_and_auditors_send_nothing(shelf: RunningDesk) -> None:
    """Who may not read letters may not send them again."""
    for person in ("carla", "aude", "omar"):
        assert _again(shelf, "shelf:sent", by=person, **OURS).status_code == 403
    assert _deliveries(shelf) == []


def test_who_is_signed_in_needs_no_key(shelf: RunningDesk) -> None:
    """An agent reads letters by their session, with the places of the desk around them, and sends one again from our own page only."""
    with shelf.signed_in("asha") as browser:
        for page in ("/outbox", "/outbox/shelf:sent"):
            answer = browser.get(page)
            assert answer.status_code == 200
            assert 'href="/outbox">Outbox</a>' in answer.text
            assert "Times are in Europe/Paris." in answer.text
        assert "live.token" not in answer.text
        for elsewhere in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}):
            assert browser.post("/outbox/shelf:sent", data={"count": "1"}, headers=elsewhere).status_code == 403
        assert _deliveries(shelf) == []
        assert browser.post("/outbox/shelf:sent", data={"count": "1"}).status_code == 303
        assert [row.resent_by for row in _deliveries(shelf)] == ["asha"]
        again = browser.post("/outbox/shelf:planned", data={"count": "1"})
        assert (again.status_code, "The letter is still under way" in again.text) == (409, True)


def test_a_session_that_has_ended_leads_to_the_door(shelf: RunningDesk) -> None:
    """And back: no browser asks somebody who signs in for a key. Who has never signed in is asked for one, as before."""
    gone = {"Cookie": "holdfast=ended"}
    stranger = shelf.as_(None)
    assert stranger.get("/outbox?number=INC-7", headers=gone).headers["location"] == "/sign-in?next=%2Foutbox%3Fnumber%3DINC-7"
    assert stranger.get("/outbox").headers["www-authenticate"].startswith("Basic")
    assert stranger.get("/outbox", headers=gone | {"Authorization": f"Bearer {shelf.keys['asha']}"}).status_code == 200


def test_a_key_opens_the_outbox_beside_a_session_that_does_not(shelf: RunningDesk) -> None:
    """Who plays a caller in the portal still opens the Outbox with the key of an agent, as holdfast up says."""
    with shelf.signed_in("carla") as browser:
        assert browser.get("/outbox").headers["www-authenticate"].startswith("Basic")
        assert browser.get("/outbox", auth=("anybody", shelf.keys["asha"])).status_code == 200
        assert "/outbox" not in browser.get("/portal").text
