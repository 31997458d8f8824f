"""Whatever is sent, the answer is a clear problem, nothing changes, nothing is lost, and nothing of it is repeated."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from api.doorway.requests import LARGEST_BODY
from api.problems import CATALOGUE, MEDIA_TYPE
from api.report_form import Draft, read_report
from api.sentences import sentences_in
from tests.api.house import RunningDesk
from workflows.lifecycle import Rule
from workflows.messages import Report
from workflows.vocabulary import Channel

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def number(desk: RunningDesk) -> str:
    """An incident that must stay as it is."""
    return desk.report()


def _is_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.json()["type"].endswith(f"/problems/{code}")
    assert answer.json()["status"] == status


BODIES: list[tuple[str, bytes, int, str]] = [
    ("no JSON", b"{title: 1}", 400, "malformed-request"),
    ("half of it", b'{"title": "x', 400, "malformed-request"),
    ("no UTF-8", b'{"title": "\xff\xfe"}', 400, "malformed-request"),
    ("lone surrogate", b'{"title": "a\\ud800b"}', 400, "malformed-request"),
    ("very deep", b"[" * 100_000, 400, "malformed-request"),
    ("a list", b"[]", 422, "invalid"),
    ("a number", b"1", 422, "invalid"),
    ("null", b"null", 422, "invalid"),
    ("empty", b"", 422, "invalid"),
    ("no title", b"{}", 422, "invalid"),
    ("blank title", b'{"title": " \\t "}', 422, "invalid"),
    ("NUL", b'{"title": "a\\u0000b"}', 422, "invalid"),
    ("line break in a line", b'{"title": "a\\r\\nBcc: x@example.org"}', 422, "invalid"),
    ("escape character", b'{"title": "a", "description": "\\u001b[2J"}', 422, "invalid"),
    ("too long a line", json.dumps({"title": "x" * 201}).encode(), 422, "invalid"),
    ("too long a text", json.dumps({"title": "x", "description": "x" * 10_001}).encode(), 422, "invalid"),
    ("unknown field", b'{"title": "x", "priority": "P1"}', 422, "invalid"),
    ("number for text", b'{"title": 7}', 422, "invalid"),
    ("text for number", b'{"title": "x", "impact": "1"}', 422, "invalid"),
    ("true for number", b'{"title": "x", "impact": true}', 422, "invalid"),
    ("impact 0", b'{"title": "x", "impact": 0}', 422, "invalid"),
    ("time without zone", b'{"title": "x", "occurred_at": "2026-01-01T00:00:00"}', 422, "invalid"),
    ("time as number", b'{"title": "x", "occurred_at": 1700000000}', 422, "invalid"),
    ("time as number in text", b'{"title": "x", "occurred_at": "1700000000"}', 422, "invalid"),
    ("year 1", b'{"title": "x", "occurred_at": "0001-01-01T00:00:00+14:00"}', 422, "invalid"),
    ("year 9999", b'{"title": "x", "reported_at": "9999-12-31T23:59:59-14:00"}', 422, "invalid"),
    ("a megabyte", json.dumps({"title": "x", "description": "x" * 1_000_000}).encode(), 413, "too-large"),
    ("eight megabytes", b" " * 8_000_000, 413, "too-large"),
]


@pytest.mark.parametrize(("what", "body", "status", "code"), BODIES, ids=[what for what, *_ in BODIES])
def test_wrong_reports(desk: RunningDesk, what: str, body: bytes, status: int, code: str) -> None:
    """A report that is not one is refused with the status its fault has, and no incident comes of it."""
    count = _incidents(desk)
    _is_problem(desk.as_("carla").post("/api/v1/incidents", content=body, headers=JSON), status, code)
    assert _incidents(desk) == count


@pytest.mark.parametrize(
    "blank", ["\u200b", "\u2060\ufeff", "\u3164", "\u2800\u2800", "\u115f \u1160\uffa0", "\u00ad", "\u202e\u2003", "\u2028"]
)
def test_a_title_that_nobody_sees_is_none(desk: RunningDesk, number: str, blank: str) -> None:
    """Of a report, of a correction and in the form: refused like an empty one. A character that is seen is enough, whatever stands around it."""
    said = "Must contain a visible character, and none that is forbidden here, such as control characters"
    for path in ("/api/v1/incidents", f"/api/v1/incidents/{number}/amend"):
        answer = desk.as_("asha").post(path, json={"title": blank})
        _is_problem(answer, 422, "invalid")
        assert answer.json()["errors"] == [{"pointer": "/title", "detail": said}]
    kept = read_report({"title": blank}, "UTC", Channel.PORTAL, datetime.now(UTC), sentences_in("tr"))
    assert isinstance(kept, Draft)
    assert kept.wrong == {"title": sentences_in("tr")("wrong_title")}
    assert desk.read(desk.report(title=f"{blank}Ağ{blank}"))["title"] == f"{blank}Ağ{blank}"
    assert TypeAdapter(Report).validate_python({"title": "\u200b"}).title == "\u200b"


def _incidents(desk: RunningDesk) -> int:
    return len(desk.as_("carla").get("/api/v1/incidents?limit=200").json()["items"])


def test_pieces_that_add_up_are_too_large(desk: RunningDesk, number: str) -> None:
    """A body without a declared length is measured as it comes."""
    pieces = (b" " * 10_000 for _ in range(LARGEST_BODY // 10_000 + 2))
    answer = desk.as_("asha").post(f"/api/v1/incidents/{number}/note", content=pieces, headers=JSON)
    _is_problem(answer, 413, "too-large")


def test_not_declared_as_json(desk: RunningDesk, number: str) -> None:
    """Forms and plain text are not read as JSON."""
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"):
        answer = desk.as_("asha").post(f"/api/v1/incidents/{number}/note", content=b'{"text": "x"}', headers={"Content-Type": media_type})
        _is_problem(answer, 415, "wrong-media-type")


NUMBERS = [
    ("INC-1001-8", "wrong-check-digit"),
    ("INC-1010-9", "wrong-check-digit"),
    ("INC-987654-2", "wrong-check-digit"),
    ("INC-1001", "not-found"),
    ("inc-1001-9", "not-found"),
    ("INC-0-0", "not-found"),
    ("%00", "not-found"),
    ("..%2F..%2Fetc", "not-found"),
    ("INC-1001-9%0A", "not-found"),
    ("\u0661\u0662", "not-found"),
    ("x" * 2000, "not-found"),
]


@pytest.mark.parametrize(("wrong", "code"), NUMBERS)
def test_wrong_numbers(desk: RunningDesk, wrong: str, code: str) -> None:
    """A mistyped number is 404 that says the check digit is wrong; anything else that is no number is plainly unknown."""
    for answer in (
        desk.as_("asha").get(f"/api/v1/incidents/{wrong}"),
        desk.as_("asha").post(f"/api/v1/incidents/{wrong}/acknowledge"),
        desk.as_("asha").get(f"/api/v1/incidents/{wrong}/commands/x"),
    ):
        _is_problem(answer, 404, code)
    if code == "wrong-check-digit":
        assert "check digit" in desk.as_("asha").get(f"/api/v1/incidents/{wrong}").json()["detail"]


@pytest.mark.parametrize("header", ["", "a b", "x" * 81, "undeliverable:1", "link:1", "\u00e4", "-x"])
def test_wrong_command_ids(desk: RunningDesk, number: str, header: str) -> None:
    """Ids with other characters, also those of the server's own commands, are refused, or taken as missing where empty; never used."""
    answer = desk.as_("asha").post(f"/api/v1/incidents/{number}/note", json={"text": "x"}, headers={"Command-Id": header.encode()})
    if answer.status_code == 200:
        assert answer.headers["Command-Id"] not in ("", header)
    else:
        _is_problem(answer, 422, "invalid")


@pytest.mark.parametrize(
    "query",
    [
        "status=open",
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "cursor=" + "e" * 400,
        "cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgIklOQy0xMDAxLTkiXQ",
        "changed_since=yesterday",
        "changed_since=1700000000",
        "changed_since=0001-01-01T00:00:00%2B14:00",
        "order=best",
        "colour=red",
        "group=%00",
        "person=" + "x" * 200,
    ],
)
def test_wrong_queries(desk: RunningDesk, query: str) -> None:
    """A filter, page or order that does not exist is 422 and names the parameter."""
    answer = desk.as_("asha").get(f"/api/v1/incidents?{query}")
    _is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == query.split("=", maxsplit=1)[0]


def test_nothing_is_repeated(desk: RunningDesk, number: str) -> None:
    """A problem names the place, never what stood there."""
    secret = "hush-0815"
    wrong: dict[str, Any] = {"title": secret + "\x00", secret: 1, "impact": secret, "occurred_at": secret, "category": secret + "\n"}
    answers = [
        desk.as_("carla").post("/api/v1/incidents", json=wrong),
        desk.as_("asha").post(f"/api/v1/incidents/{number}/resolve", content=f'{{"{secret}'.encode(), headers=JSON),
        desk.as_("asha").get(f"/api/v1/incidents/{secret}"),
        desk.as_("asha").get(f"/api/v1/incidents?status={secret}&cursor={secret}"),
        desk.as_("asha").get(f"/{secret}"),
    ]
    for answer in answers:
        assert answer.status_code in range(400, 500)
        assert secret not in answer.text
    pointers = {error["pointer"] for error in answers[0].json()["errors"]}
    assert {"/title", "/impact", "/occurred_at", "/category"} <= pointers


def test_unicode_arrives_as_it_was(desk: RunningDesk) -> None:
    """What people write in their own script, with emoji and marks of direction, is kept as it was."""
    title, text = "\u0645\u0631\u062d\u0628\u0627 \u4f60\u597d \U0001f525 z\u0335", "Zeile\n\tzwei \u202eabc\u202c e\u0301"
    shown = desk.read(desk.report(title=title, description=text))
    assert (shown["title"], shown["description"]) == (title, text)


def test_unknown_addresses_and_methods(desk: RunningDesk) -> None:
    """404 and 405 are problems too, and 405 names what is allowed."""
    _is_problem(desk.as_(None).get("/nowhere"), 404, "not-found")
    _is_problem(desk.as_(None).get("/static/nothing.css"), 404, "not-found")
    answer = desk.as_("asha").delete("/api/v1/incidents")
    _is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, POST"


def test_every_problem_has_a_page(desk: RunningDesk) -> None:
    """The type of every problem, for every rule of the process too, leads to a page that says what it means and what to do."""
    assert {rule.value for rule in Rule} <= CATALOGUE.keys()
    for code, kind in CATALOGUE.items():
        page = desk.as_(None).get(f"/problems/{code}")
        assert page.status_code == 200
        assert kind.title in page.text
    assert desk.as_(None).get("/problems").status_code == 200
    _is_problem(desk.as_(None).get("/problems/nothing"), 404, "not-found")


def test_every_answer_protects_itself(desk: RunningDesk, number: str) -> None:
    """Every answer, also a refusal, has an id and headers against sniffing, framing and foreign code."""
    for answer in (
        desk.as_("asha").get(f"/api/v1/incidents/{number}"),
        desk.as_(None).get("/nowhere"),
        desk.as_(None).get("/docs"),
        desk.as_("carla").post("/api/v1/incidents", content=b"x" * 300_000, headers=JSON),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert re.fullmatch(r"[0-9A-Z]{26}", answer.headers["X-Request-Id"])
    given = desk.as_(None).get("/healthz", headers={"X-Request-Id": "abc-1"})
    assert given.headers["X-Request-Id"] == "abc-1"


def test_pages_load_nothing_from_elsewhere(desk: RunningDesk) -> None:
    """Start page, operations and problems come whole from here, without a script."""
    for path in ("/", "/docs", "/problems", "/problems/busy"):
        page = desk.as_(None).get(path)
        text = page.text
        assert page.status_code == 200
        assert "<script" not in text
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)
