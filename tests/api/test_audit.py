"""The audit of the door: each kind of line, with who, when and from where, and without what must not stand there (process.md S21, S22)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from activities.access.accounts import Purpose
from activities.access.security_log import Seen
from activities.access.throttle import PASSWORDS_OF_AN_ACCOUNT
from activities.house.commands.accounts_office import audit, choose_password, forget, link, sign_out
from tests.api.identity_provider import Account, Door, Provider, open_door, open_provider

PASSWORD = "blue whale, green lamp"
WRONG = "typed-into-the-wrong-field"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """One that knows carla."""
    with open_provider() as found:
        found.accounts, found.at_the_screen = {"carla": Account("sub-1", {"email": "carla@example.org", "email_verified": True})}, "carla"
        yield found


@pytest.fixture
def door(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Door]:
    """Where nothing has happened yet but that carla has a password."""
    with open_door(tmp_path_factory.mktemp("door"), provider) as found:
        choose_password(found.settings, "carla", PASSWORD)
        found.rows("DELETE FROM security_events")
        yield found


def _sign_in(browser: httpx.Client, name: str, password: str) -> None:
    browser.post("/sign-in", data={"name": name, "password": password})


def _signed_in(door: Door) -> httpx.Client:
    browser = door.browser()
    _sign_in(browser, "carla", PASSWORD)
    return browser


def _by_provider(door: Door, provider: Provider, nonce: str | None) -> None:
    provider.lies = {"nonce": nonce} if nonce else {}
    door.browser().get("/sign-in/provider")


def _changed(door: Door) -> None:
    _signed_in(door).post("/account/password", data={"present": PASSWORD, "password": PASSWORD + "!", "again": PASSWORD + "!"})


def _from_elsewhere(door: Door) -> None:
    door.browser().post("/sign-in", data={"name": WRONG, "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"})


# What brings each kind about, whom it is about, and whether it came from an address or from the command line.
HAPPENS: dict[Seen, tuple[Callable[[Door, Provider], object], str | None, bool]] = {
    Seen.SIGNED_IN: (lambda door, _: _signed_in(door), "carla", True),
    Seen.SIGN_IN_FAILED: (lambda door, _: _sign_in(door.browser(), "carla", WRONG), "carla", True),
    Seen.SLOWED_DOWN: (
        lambda door, _: [_sign_in(door.browser(), WRONG, WRONG) for _ in range(PASSWORDS_OF_AN_ACCOUNT.tries + 3)],
        None,
        True,
    ),
    Seen.LINK_ASKED: (lambda door, _: door.browser().post("/sign-in", data={"name": "carla@example.org", "how": "link"}), "carla", True),
    Seen.LINK_MADE: (lambda door, _: link(door.settings, "carla", Purpose.INVITE), "carla", False),
    Seen.PASSWORD_SET: (lambda door, _: _changed(door), "carla", True),
    Seen.SIGNED_OUT: (lambda door, _: _signed_in(door).post("/sign-out"), "carla", True),
    Seen.SESSIONS_ENDED: (lambda door, _: sign_out(door.settings, "carla"), "carla", False),
    Seen.FOREIGN_FORM: (lambda door, _: _from_elsewhere(door), None, True),
    Seen.ACCESS_DENIED: (lambda door, _: _signed_in(door).get("/admin/people"), None, True),
    Seen.IDENTITY_BOUND: (lambda door, provider: _by_provider(door, provider, None), "carla", True),
    Seen.IDENTITIES_FORGOTTEN: (lambda door, _: forget(door.settings, "carla"), "carla", False),
    Seen.PROVIDER_DOUBTED: (lambda door, provider: _by_provider(door, provider, "stolen"), None, True),
}


@pytest.mark.parametrize("kind", HAPPENS)
def test_what_happens_is_written_down(door: Door, provider: Provider, kind: Seen) -> None:
    """Once, with its moment, its person and its address; passwords, tokens and what somebody typed as their name stand nowhere in the audit."""
    happen, person, has_address = HAPPENS[kind]
    before = datetime.now(UTC) - timedelta(seconds=1)
    happen(door, provider)
    found = door.rows("SELECT at, person, address, detail FROM security_events WHERE kind = :kind", kind=kind.value)
    assert len(found) == 1
    assert before <= datetime.fromisoformat(found[0].at).replace(tzinfo=UTC) <= datetime.now(UTC)
    assert (found[0].person, found[0].address) == (person, "127.0.0.1" if has_address else None)
    kept = str(door.rows("SELECT * FROM security_events"))
    for secret in (PASSWORD, WRONG, "hf_", "$argon2", "carla@example.org", "sub-1"):
        assert secret not in kept
    hashes = door.rows("SELECT hash FROM sessions UNION ALL SELECT hash FROM one_time_links")
    assert not [row.hash for row in hashes if row.hash in kept]


# What these begin is changed on pages and by commands of administrators, and tried where those are: test_admin.py, test_trail.py, test_directory_changes.py.
# Refused commands need an incident: test_flow.py.
BY_ADMINISTRATORS = ("person_", "absence_", "group_", "rota_", "service_", "directory_", "audit_", "events_", "key_", "command_")


def test_every_kind_is_tried() -> None:
    """A new kind of line at the door needs a line in the table above that brings it about."""
    of_the_door = {kind for kind in Seen if not kind.startswith(BY_ADMINISTRATORS)}
    assert of_the_door - HAPPENS.keys() == set(), "add to HAPPENS in this file what brings these about"


@pytest.mark.parametrize("hostile", ["a\nb 2026-01-01 signed_in adam", "\x1b[2J\x1b[1;1H", "\x85next", "\u2028next", "\u202eleft"])
def test_no_line_pretends_to_be_another(door: Door, hostile: str) -> None:
    """Whatever stands in a field, the audit on a terminal has one line for it, and moves no cursor."""
    values = {"id": "x", "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}.000000", "hostile": hostile}
    door.rows(
        "INSERT INTO security_events (id, at, kind, person, address, detail) VALUES (:id, :at, 'signed_in', :hostile, :hostile, :hostile)",
        **values,
    )
    (line,) = audit(door.settings, 10)
    assert line.isprintable()
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("hostile", ["carla\r\nFAKE: line", "\x1b]0;owned\x07", "carla\x00"])
def test_what_is_typed_at_the_door_makes_no_line(door: Door, hostile: str) -> None:
    """Names and addresses that try to be more than that end in an ordinary line, or in none."""
    browser = door.browser()
    _sign_in(browser, hostile, WRONG)
    browser.get("/sign-in", headers={"X-Forwarded-For": "192.0.2.1\tx", "X-Request-Id": "a b"})
    for line in audit(door.settings, 10):
        assert "FAKE" not in line
        assert "127.0.0.1" in line
