"""The page behind a link in a letter (process.md S15): shows and changes nothing, acts only on a chosen answer."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import update

from activities.database.tables import incidents
from activities.incident_numbers import number_of
from emails.links import Link, Signer
from tests.api.house import RunningDesk


def _nonce(page: httpx.Response) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def _press(desk: RunningDesk, path: str, choice: str | None, text: str = "", nonce: str | None = None, **headers: str) -> httpx.Response:
    given = nonce if nonce is not None else _nonce(desk.as_(None).get(path))
    fields = {"text": text, "nonce": given} | ({"choice": choice} if choice else {})
    return desk.as_(None).post(path, data=fields, headers=headers)


def _state(desk: RunningDesk, number: str) -> tuple[str, int, bool]:
    shown = desk.read(number)
    return shown["status"], shown["cycle"], shown["confirmed_at"] is not None


def test_looking_changes_nothing(desk: RunningDesk) -> None:
    """GET and HEAD show title, number, solution and two answers of which none is chosen, with headers that keep the link to its reader."""
    number = desk.resolved()
    path, before = desk.link(number), desk.read(number)
    shown, head = desk.as_(None).get(path), desk.as_(None).head(path)
    assert (shown.status_code, head.status_code) == (200, 200)
    for word in (number, "Printer is on fire", "Extinguished it.", 'value="works"', 'value="broken"'):
        assert word in shown.text
    assert "checked" not in shown.text
    assert "<script" not in shown.text
    assert (shown.headers["Referrer-Policy"], shown.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert "noindex" in shown.headers["X-Robots-Tag"]
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert desk.read(number) == before


def test_it_works(desk: RunningDesk) -> None:
    """The answer "it works" confirms in the name of the reader; the page says so and how to take it back; pressing again is no second answer."""
    number = desk.resolved()
    path = desk.link(number)
    nonce = _nonce(desk.as_(None).get(path))
    answers = [_press(desk, path, "works", nonce=nonce) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "noted that it works" in answers[0].text
    assert "until then you can change the answer" in answers[0].text
    assert _state(desk, number) == ("resolved", 1, True)
    told = [event for event in desk.read(number)["timeline"] if event["kind"] == "confirmed"]
    assert [(event["actor_kind"], event["actor"]) for event in told] == [("link", "carla")]


def test_still_broken_needs_a_sentence(desk: RunningDesk) -> None:
    """Without an answer, or "still broken" without words, the page comes again with what is missing and nothing changes; with words it reopens."""
    number = desk.resolved()
    path = desk.link(number)
    for choice, text in ((None, ""), (None, "hello"), ("broken", ""), ("broken", " \r\n "), ("broken", "x" * 10_001), ("maybe", "x")):
        answer = _press(desk, path, choice, text)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert _state(desk, number) == ("resolved", 1, False)
    answer = _press(desk, path, "broken", "It still\r\nsmokes\x00.")
    assert answer.status_code == 200
    assert "will take it up again" in answer.text
    assert _state(desk, number) == ("in_progress", 2, False)
    rejected = next(event for event in desk.read(number)["timeline"] if event["kind"] == "rejected")
    assert rejected["after"]["text"] == "It still\nsmokes."


def test_the_later_answer_wins_while_it_can_be_taken_back(desk: RunningDesk) -> None:
    """Works, then still broken, then works again, all within the undo period and through the same link: three answers, the last one counts."""
    number = desk.resolved()
    path = desk.link(number)
    for choice, state in (("works", ("resolved", 1, True)), ("broken", ("in_progress", 2, False)), ("works", ("resolved", 1, True))):
        assert _press(desk, path, choice, "It smokes").status_code == 200
        assert _state(desk, number) == state


def test_the_later_answer_wins_during_a_hold_too(desk: RunningDesk) -> None:
    """Still broken, then the desk puts it on hold: letter and portal still offer to take it back, and it counts."""
    number = desk.resolved()
    path = desk.link(number)
    assert _press(desk, path, "broken", "It smokes").status_code == 200
    assert desk.tell(number, "hold", reason="vendor").status_code == 200
    assert 'value="works"' in desk.signed_in("carla").get(f"/portal/incidents/{number}").text
    assert _press(desk, path, "works").status_code == 200
    assert _state(desk, number) == ("resolved", 1, True)


def test_an_earlier_solution_says_so(desk: RunningDesk) -> None:
    """A link of an earlier cycle shows that there is a later one and how the incident stands; pressing changes nothing."""
    number = desk.resolved()
    path = desk.link(number)
    assert desk.tell(number, "reopen", reason="Found more.").status_code == 200
    assert desk.tell(number, "resolve", code="fixed", notes="Second try.").status_code == 200
    shown = desk.as_(None).get(path)
    assert "earlier solution" in shown.text
    assert "Second try." not in shown.text
    pressed = _press(desk, path, "works", nonce="n")
    assert "This answer changed nothing" in pressed.text
    assert _state(desk, number) == ("resolved", 2, False)
    assert 'value="works"' in desk.as_(None).get(desk.link(number, cycle=2)).text


def test_links_that_do_not_hold_look_the_same(desk: RunningDesk) -> None:
    """Unknown, tampered, truncated, expired, for another purpose, of an unknown incident, signed with another key: one page, one status, GET or POST."""
    number = desk.resolved()
    good = desk.link(number)
    ends = datetime.now(UTC) + timedelta(days=1)
    foreign = _foreign(desk, Link("answer", number, 1, "carla", ends))
    paths = [
        "/l/x",
        "/l/%00",
        good[:-1],
        good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:],
        good.swapcase().replace("/L/", "/l/"),
        desk.link(number, days=-1),
        desk.link(number, purpose="survey"),
        desk.link(number_of(987654)),
        foreign,
    ]
    pages = [desk.as_(None).get(path) for path in paths] + [_press(desk, path, "works", nonce="n") for path in paths]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert len({tuple(sorted(name for name in page.headers)) for page in pages}) == 1
    assert _state(desk, number) == ("resolved", 1, False)


def _foreign(desk: RunningDesk, link: Link) -> str:

    return Signer([SecretStr("another key of forty characters or more..")], desk.base_url, 30).sign(link).removeprefix(desk.base_url)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_only_our_own_page_may_answer(desk: RunningDesk, headers: dict[str, str], status: int) -> None:
    """A form that another site sends changes nothing; browsers say where it came from."""
    number = desk.resolved()
    answer = _press(desk, desk.link(number), "works", **headers)
    assert answer.status_code == status
    assert _state(desk, number) == ("resolved", 1, status == 200)


def _close(desk: RunningDesk, number: str) -> None:
    """Ends the process, and lets the record say closed, as after the undo period."""
    facts = desk.read(number)
    facts.pop("timeline")
    facts |= {"status": "closed", "closed_at": facts["changed_at"], "closed_by": "confirmation", "due": []}

    async def work() -> None:
        await desk.client.get_workflow_handle(number).terminate()
        async with desk.engine.begin() as connection:
            values: dict[str, Any] = {"status": "closed", "facts": facts}
            await connection.execute(update(incidents).where(incidents.c.number == number).values(values))

    desk.run(work())


# What a report may say of what hangs on it, beside the matrix.
_CONTEXT = {"contact": "Floor 3, ext. 12", "people_affected": "All of floor 3", "work_stopped": "Invoices", "can_wait": "Until noon"}


def test_still_broken_after_closure_is_a_new_incident(desk: RunningDesk) -> None:
    """After closure a sentence opens one new incident with the context of the old one; pressing again opens no second one, shows its number, and adds what was written."""
    number = desk.report(category="printing", description="Flames.", impact=2, urgency=2, **_CONTEXT)
    assert desk.tell(number, "resolve", code="fixed", notes="Extinguished it.").status_code == 200
    path = desk.link(number)
    nonce = _nonce(desk.as_(None).get(path))
    _close(desk, number)
    shown = desk.as_(None).get(path)
    assert 'value="broken"' in shown.text
    assert 'value="works"' not in shown.text
    assert _press(desk, path, "broken", "").status_code == 422
    answer = _press(desk, path, "broken", "It burns again.")
    assert answer.status_code == 200
    new = next(each for each in re.findall(r"INC-\d+-\d", answer.text) if each != number)
    assert new in _press(desk, path, "broken", "It burns again, I said.", nonce=nonce).text
    assert new in desk.as_(None).get(path).text
    assert "<form" not in desk.as_(None).get(path).text
    facts, old = desk.read(new), desk.read(number)
    assert [event["after"]["text"] for event in facts["timeline"] if event["kind"] == "caller_wrote"] == ["It burns again, I said."]
    assert (facts["follows"], facts["symptoms"], facts["channel"]) == (number, "It burns again.", "link")
    copied = ("title", "description", "category", "service", "affected", "impact", "urgency", "priority", *_CONTEXT)
    assert {name: facts[name] for name in copied} == {name: old[name] for name in copied}
    assert {name: facts[name] for name in _CONTEXT} == _CONTEXT
    of_its_kind = desk.as_("asha").get("/api/v1/incidents?category=printing").json()["items"]
    assert [each["number"] for each in of_its_kind if each["follows"] == number] == [new]


def test_it_works_after_closure_changes_nothing(desk: RunningDesk) -> None:
    """Pressing "it works" on an old page after closure shows that it is closed."""
    number = desk.resolved()
    path = desk.link(number)
    nonce = _nonce(desk.as_(None).get(path))
    _close(desk, number)
    answer = _press(desk, path, "works", nonce=nonce)
    assert answer.status_code == 200
    assert "The incident is closed" in answer.text


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b'{"choice": "works"}'),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%zz&&&=&choice"),
        ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % each for each in range(50))),
        ("application/x-www-form-urlencoded", b"choice=broken&text=" + b"x" * 1_000_000),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="choice"; filename="works"\r\n\r\nworks\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x; charset=undefined",
            b'--x\r\nContent-Disposition: form-data; name="choice"\r\n\r\nworks\r\n--x--\r\n',
        ),
        ("", b"\x00" * 100),
    ],
)
def test_forms_that_are_none(desk: RunningDesk, media_type: str, body: bytes) -> None:
    """Whatever is posted instead of the form is refused and changes nothing."""
    number = desk.resolved()
    answer = desk.as_(None).post(desk.link(number), content=body, headers={"Content-Type": media_type})
    assert answer.status_code in (400, 413, 422)
    assert _state(desk, number) == ("resolved", 1, False)


def test_what_people_wrote_is_text(desk: RunningDesk) -> None:
    """Title and solution are shown as text, whatever is in them."""
    number = desk.report(title="<script>alert(1)</script>{{7*7}}")
    assert desk.tell(number, "resolve", code="fixed", notes='"><img src=x onerror=alert(1)>').status_code == 200
    shown = desk.as_(None).get(desk.link(number)).text
    assert "<script>alert" not in shown
    assert "<img" not in shown
    assert "{{7*7}}" in shown
