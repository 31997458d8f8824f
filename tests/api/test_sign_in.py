"""The door for people: passwords, links, sessions, throttles (process.md S22)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.accounts import Purpose, make_link, password_fits, set_password
from activities.access.keys import digest_of
from activities.access.passwords import WeakPasswordError
from activities.access.security_log import latest, note_foreign_form
from activities.access.sessions import IDLE, end_all
from activities.access.throttle import PASSWORDS_OF_AN_ACCOUNT, count
from activities.database.session import open_database
from activities.database.tables import accounts, link_requests, security_events, sessions
from api.entrance.door import right_password
from tests.api.house import RunningDesk

PASSWORD = "blue whale, green lamp"


def _browser(desk: RunningDesk, **headers: str) -> httpx.Client:
    return httpx.Client(base_url=desk.base_url, headers={"Sec-Fetch-Site": "same-origin"} | headers, timeout=60, trust_env=False)


def _sign_in(browser: httpx.Client, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return browser.post("/sign-in", data={"name": name, "password": password, **more})


def _rows(desk: RunningDesk, query: Any) -> list[Any]:
    async def read() -> list[Any]:
        async with desk.engine.connect() as connection:
            return list((await connection.execute(query)).all())

    return desk.run(read())


@pytest.mark.parametrize("name", ["omar", "Omar@Example.org"])
def test_a_password_opens_the_door(desk: RunningDesk, name: str) -> None:
    """By id or by address; the cookie is out of reach of scripts and other sites; the record keeps only hashes, and the audit says it."""
    desk.run(set_password(desk.engine, "omar", PASSWORD))
    browser = _browser(desk)
    answer = _sign_in(browser, name)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/welcome")
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert browser.get("/account").status_code == 200
    token = browser.cookies["holdfast"]
    kept = str(_rows(desk, select(sessions)) + _rows(desk, select(accounts)) + _rows(desk, select(security_events)))
    assert token not in kept
    assert PASSWORD not in kept
    assert "$argon2id$" in kept
    assert "signed_in" in kept


def test_on_https_the_cookie_is_for_this_host_only() -> None:
    """There it has the prefix that browsers guard, and travels only encrypted."""
    from fastapi.responses import Response  # noqa: PLC0415 -- the only test that needs one

    from api.entrance.cookies import hand_out  # noqa: PLC0415 -- the same

    response = Response()
    hand_out(response, "token", "https://desk.example.org")
    assert response.headers["Set-Cookie"].startswith("__Host-holdfast=token")
    assert "Secure" in response.headers["Set-Cookie"]
    assert "Domain" not in response.headers["Set-Cookie"]


def test_known_and_unknown_are_told_the_same(desk: RunningDesk) -> None:
    """A wrong password, somebody without one, and somebody nobody knows: the same page but for the name that was typed."""
    desk.run(set_password(desk.engine, "omar", PASSWORD))
    pages = [_sign_in(_browser(desk), name, "wrong password") for name in ("omar", "aude", "nosuchperson")]
    assert [each.status_code for each in pages] == [401] * 3
    assert len({each.text.replace(name, "") for each, name in zip(pages, ("omar", "aude", "nosuchperson"), strict=True)}) == 1
    asked = [_browser(desk).post("/sign-in", data={"name": name, "how": "link"}) for name in ("omar", "nosuchperson")]
    assert {each.status_code for each in asked} == {200}
    assert len({each.text for each in asked}) == 1
    assert {row.person for row in _rows(desk, select(link_requests))} >= {"omar", None}


def test_without_a_relay_no_link_by_mail_is_offered(desk: RunningDesk) -> None:
    """A button that can only fail is not there, and a wrong password is not answered with the advice to press it."""
    pages = [_browser(desk).get("/sign-in"), _sign_in(_browser(desk), "omar", "wrong password")]
    assert all("This desk sends no mail" in each.text for each in pages)
    assert not any("Mail me a link" in each.text or "link by mail" in each.text for each in pages)


GUESSED = ["password1234", "123456789012", "qwertyuiop12", "Holdfast2026", "omar omar omar", "aaaaabbbbbcccc", "ab" * 100]


@pytest.mark.parametrize("given", ["", "short", "aaaaaaaaaaaaaaaa", "omar@example.org", *GUESSED])
async def test_weak_passwords_are_refused(desk: RunningDesk, given: str) -> None:
    """Short, even and telling ones, those that many people have, patterns, and what is made of a name."""
    with pytest.raises(WeakPasswordError):
        await asyncio.to_thread(lambda: desk.run(set_password(desk.engine, "omar", given)))


def test_a_link_signs_in_once(desk: RunningDesk) -> None:
    """Looking at it, or sending the form as it comes, uses nothing up; the person signs in once; afterwards it looks like any dead link."""
    token = desk.run(make_link(desk.engine, "carla", Purpose.SIGN_IN, datetime.now(UTC)))
    path, browser = f"/sign-in/link/{token}", _browser(desk)
    assert "Carla" in browser.get(path).text
    assert browser.head(path).status_code in {200, 405}
    assert browser.post(path).status_code == 422
    answer = browser.post(path, data={"me": "yes"})
    assert (answer.status_code, browser.get("/portal").status_code) == (303, 200)
    again = _browser(desk).post(path, data={"me": "yes"})
    assert (again.status_code, again.text) == (404, _browser(desk).get("/sign-in/link/nonsense").text)


def test_an_old_link_is_dead(desk: RunningDesk) -> None:
    """After ten minutes."""
    token = desk.run(make_link(desk.engine, "carla", Purpose.SIGN_IN, datetime.now(UTC) - timedelta(minutes=10)))
    assert _browser(desk).post(f"/sign-in/link/{token}", data={"me": "yes"}).status_code == 404


def test_an_invitation_asks_for_a_password(desk: RunningDesk) -> None:
    """It is used up only with a good one, typed twice the same."""
    path = f"/sign-in/link/{desk.run(make_link(desk.engine, 'dora', Purpose.INVITE, datetime.now(UTC)))}"
    browser = _browser(desk)
    assert browser.post(path, data={"me": "yes", "password": "short", "again": "short"}).status_code == 422
    assert browser.post(path, data={"me": "yes", "password": PASSWORD, "again": PASSWORD + "!"}).status_code == 422
    assert browser.post(path, data={"me": "yes", "password": PASSWORD, "again": PASSWORD}).status_code == 303
    assert desk.run(password_fits(desk.engine, "dora", PASSWORD))


def test_a_session_that_was_brought_along_is_not_gone_on_with(desk: RunningDesk) -> None:
    """Whoever plants a cookie before the sign-in has nothing of it afterwards."""
    desk.run(set_password(desk.engine, "omar", PASSWORD))
    planted = desk.signed_in("dora")
    before = planted.cookies["holdfast"]
    _sign_in(planted, "omar")
    attacker = _browser(desk, Cookie=f"holdfast={before}")
    assert attacker.get("/account").status_code == 303
    made_up = _browser(desk, Cookie="holdfast=chosen-by-an-attacker")
    assert "chosen-by-an-attacker" not in _sign_in(made_up, "omar").headers["Set-Cookie"]
    assert made_up.get("/account").status_code == 303


def test_sessions_end(desk: RunningDesk) -> None:
    """By signing out, when unused for too long, at their absolute end, when the desk ends them, when the password changes."""
    desk.run(set_password(desk.engine, "omar", PASSWORD))
    out = desk.signed_in("omar")
    token = out.cookies["holdfast"]
    assert out.post("/sign-out").status_code == 303
    assert _browser(desk, Cookie=f"holdfast={token}").get("/account").status_code == 303

    async def shift(**values: datetime) -> None:
        async with desk.engine.begin() as connection:
            await connection.execute(update(sessions).where(sessions.c.person == "omar").values(values))

    for over in ({"seen_at": datetime.now(UTC) - IDLE}, {"ends_at": datetime.now(UTC)}):
        browser = desk.signed_in("omar")
        assert browser.get("/account").status_code == 200
        desk.run(shift(**over))
        assert browser.get("/account").status_code == 303
        desk.run(end_all(desk.engine, "omar"))
    here, elsewhere = desk.signed_in("omar"), desk.signed_in("omar")
    changed = here.post("/account/password", data={"present": PASSWORD, "password": PASSWORD + "!", "again": PASSWORD + "!"})
    assert changed.status_code == 303
    assert (here.get("/account").status_code, elsewhere.get("/account").status_code) == (200, 303)
    assert here.post("/account/password", data={"present": PASSWORD, "password": "x", "again": "x"}).status_code == 422


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_forms_of_other_sites_are_refused(desk: RunningDesk, headers: dict[str, str]) -> None:
    """With the cookie of a person, and at the sign-in itself: nothing is done, and the audit has it."""
    token = desk.signed_in("carla").cookies["holdfast"]
    for path in ("/portal/report", "/sign-out", "/account/sessions", "/sign-in"):
        answer = httpx.post(
            desk.base_url + path, data={"title": "planted"}, headers={"Cookie": f"holdfast={token}"} | headers, trust_env=False, timeout=60
        )
        assert answer.status_code == 403, path
    assert "planted" not in desk.as_("asha").get("/api/v1/incidents?limit=200").text
    assert "foreign_form" in str(_rows(desk, select(security_events.c.kind)))


@pytest.mark.parametrize(
    "back_to", ["https://evil.example", "//evil.example", "/\\evil.example", "/portal/../../l/x?y=//z#", "javascript:alert(1)"]
)
def test_the_door_leads_nowhere_else(desk: RunningDesk, back_to: str) -> None:
    """After signing in, people land on our own pages, whatever stood in the address."""
    desk.run(set_password(desk.engine, "omar", PASSWORD))
    location = _sign_in(_browser(desk), "omar", next=back_to).headers["Location"]
    assert location == "/welcome" or location.startswith("/portal/")
    assert _sign_in(_browser(desk), "omar", next="/console?queue=all").headers["Location"] == "/console?queue=all"


async def test_tries_side_by_side_stay_within_the_limit(database_url: str) -> None:
    """A hundred at once through four connections pools, as from four processes: only as many as the limit are looked at, on both databases."""
    engines = [open_database(database_url) for _ in range(4)]
    try:
        account = f"#{digest_of('carla')}"
        counted = await asyncio.gather(*(count(engines[n % 4], PASSWORDS_OF_AN_ACCOUNT, account, datetime.now(UTC)) for n in range(100)))
        assert sorted(counted) == list(range(1, 101))
        knocks = [await right_password(engines[0], "carla", "wrong", "10.0.0.1") for _ in range(3)]
        assert all(knock.is_slowed_down for knock in knocks)
        later = datetime.now(UTC) + PASSWORDS_OF_AN_ACCOUNT.window + timedelta(seconds=1)
        assert await count(engines[1], PASSWORDS_OF_AN_ACCOUNT, account, later) == 1
    finally:
        for engine in engines:
            await engine.dispose()


def test_too_many_wrong_passwords_slow_down_also_the_right_one(desk: RunningDesk) -> None:
    """After ten wrong ones the account rests, the audit says so once, and a link by mail still works."""
    desk.run(set_password(desk.engine, "adam", PASSWORD))
    statuses = [_sign_in(_browser(desk), "adam", "wrong password").status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert _sign_in(_browser(desk), "adam").status_code == 429
    slowed = _rows(desk, select(security_events).where(security_events.c.kind == "slowed_down", security_events.c.person == "adam"))
    assert len(slowed) == 1
    assert _browser(desk).post("/sign-in", data={"name": "adam", "how": "link"}).status_code == 200


async def test_foreign_forms_do_not_fill_the_audit(database: AsyncEngine) -> None:
    """Of a thousand from one address within an hour five are written down, and then how many they have become; other addresses and hours have their own."""
    now = datetime.now(UTC)
    for _ in range(1001):
        await note_foreign_form(database, "192.0.2.1", now)
    await note_foreign_form(database, "192.0.2.2", now)
    await note_foreign_form(database, "192.0.2.1", now + timedelta(hours=1))
    lines = [(line.address, line.detail) for line in reversed(await latest(database, 100))]
    assert lines[:5] == [("192.0.2.1", "")] * 5
    assert [detail for _, detail in lines[5:8]] == ["10 within an hour", "100 within an hour", "1000 within an hour"]
    assert lines[8:] == [("192.0.2.2", ""), ("192.0.2.1", "")]
