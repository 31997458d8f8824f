"""Requests that nobody's browser sends: refused with a sentence, never a fault, and never much work (process.md S22)."""

import hashlib
import socket

import pytest
from structlog.testing import capture_logs

from tests.api.house import RunningDesk


@pytest.mark.parametrize("charset", ["punycode", "idna", "utf-7", "unicode_escape", "undefined"])
def test_no_sender_chooses_how_a_form_is_decoded(desk: RunningDesk, charset: str) -> None:
    """Forms come in one kind; another one, and whatever codec it names, is refused before anything is read."""
    field = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800+2AA-\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    answer = desk.as_(None).post("/sign-in", content=field, headers={"Content-Type": kind, "Origin": desk.base_url})
    assert answer.status_code == 400


def test_who_leaves_in_the_middle_is_no_fault(desk: RunningDesk) -> None:
    """A browser that is closed while it sends, a form or a file, leaves one line in the log and no error: nobody is to be woken by it."""
    number = desk.report()
    key = f"Authorization: Bearer {desk.keys['carla']}\r\nContent-Length: 900\r\n"
    sent = (
        (f"/api/v1/incidents/{number}/message", f"{key}Content-Type: application/json\r\n", '{"text": "half'),
        (f"/api/v1/incidents/{number}/files", f"{key}Content-Type: multipart/form-data; boundary=b\r\n", "--b\r\nContent-Disp"),
    )
    with capture_logs() as told:
        for path, more, begun in sent:
            with socket.create_connection(("127.0.0.1", desk.settings.listen_port), timeout=30) as wire:
                wire.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n{begun}".encode())
        while len([each for each in told if each.get("method") == "POST"]) < len(sent):
            desk.as_(None).get("/healthz")
    assert [each for each in told if each["log_level"] == "error"] == []


def test_endless_cookies_are_not_read(desk: RunningDesk) -> None:
    """Reading them would take time by the square of their length."""
    answer = desk.as_(None).get("/console", headers={"Cookie": 'holdfast="' + "\\" * 15_000 + '"'})
    assert answer.status_code == 400


def test_letters_that_are_none_are_no_password(desk: RunningDesk) -> None:
    """A header that cannot be decoded is the same as none."""
    assert desk.as_(None).get("/outbox", headers={"Authorization": b"Basic \xe9"}).status_code == 401


@pytest.mark.parametrize("days", ["from=9999-12-01&to=9999-12-31", "from=0001-01-01&to=0001-02-01", "from=9999-12-31&by=week"])
def test_figures_of_no_time_of_ours(desk: RunningDesk, days: str) -> None:
    """A period at the edge of the calendar is refused with a sentence."""
    answer = desk.as_("ines").get(f"/figures.csv?{days}")
    assert answer.status_code < 500


def test_what_became_of_commands_is_told_only_to_those_who_see_the_incident(desk: RunningDesk) -> None:
    """Ids that can be computed, such as those of the desk itself, open nothing to strangers, and nothing of the desk to callers."""
    number = desk.resolved()
    inner = f"undeliverable:{hashlib.sha256(b'a letter').hexdigest()[:40]}"
    stranger, own = (desk.as_(person).get(f"/api/v1/incidents/{number}/commands/{inner}") for person in ("dora", "carla"))
    assert stranger.json()["type"].endswith("/problems/not-found")
    assert own.json()["type"].endswith("/problems/unknown-command")


def test_an_address_that_is_not_there_is_answered_as_it_was_asked(desk: RunningDesk) -> None:
    """A browser reads a page, also where it asks in another way than the address knows; a program, and whoever asks the API, gets a problem."""
    asha, page = desk.signed_in("asha"), {"Accept": "text/html,*/*;q=0.8"}
    for path, status in (("/nowhere", 404), ("/console/nowhere/at/all", 404), ("/account/keys", 405)):
        method = "GET" if status == 404 else "DELETE"
        shown = asha.request(method, path, headers=page)
        assert (shown.status_code, shown.headers["Content-Type"]) == (status, "text/html; charset=utf-8"), path
        assert asha.request(method, path).headers["Content-Type"] == "application/problem+json"
    assert asha.get("/api/v1/nowhere", headers=page).headers["Content-Type"] == "application/problem+json"
