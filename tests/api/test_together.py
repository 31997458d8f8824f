"""The same for several incidents at once (process.md S4, S5): each is a command of its own."""

import re
from typing import Any

import httpx
import pytest

from activities.incident_numbers import number_of
from api.app import create_app
from tests.api.house import RunningDesk
from tests.api.test_away import _Unreachable


def _nonce(page: str) -> str:
    return re.search(r'name="nonce" value="([^"]+)"', page)[1]  # type: ignore[index]


def _picks(desk: RunningDesk, numbers: list[str]) -> list[str]:
    return [f"{number}@{desk.read(number)['version']}" for number in numbers]


def _send(desk: RunningDesk, picks: list[str], command: str, nonce: str = "n1", person: str = "asha", **form: Any) -> httpx.Response:
    data = {"pick": picks, "command": command, "nonce": nonce, "back": "queue=all&status=new", **form}
    return desk.signed_in(person).post("/console/together", data=data)


def _line(page: str, number: str) -> str:
    return next(line for line in re.findall(r"<li\b.*?</li>", page, re.DOTALL) if number in line)


def test_all_are_assigned_each_by_its_own_command(desk: RunningDesk) -> None:
    """Three chosen from the page of a queue go to a group; each has an answer of its own in its own record."""
    numbers = [desk.report(category="network") for _ in range(3)]
    page = desk.signed_in("asha").get("/console?q=" + numbers[0]).text
    assert f'name="pick" value="{_picks(desk, numbers)[0]}"' in page
    answer = _send(desk, _picks(desk, numbers), "assign", _nonce(page), **{"assign-group": "applications", "resolve-notes": "not meant"})
    assert answer.status_code == 200
    assert "3 done" in answer.text
    assert {desk.read(number)["group"] for number in numbers} == {"applications"}
    commands = {event["command_id"] for number in numbers for event in desk.read(number)["timeline"] if event["kind"] == "assigned"}
    assert len(commands) == 3
    assert 'href="/console?queue=all&amp;status=new"' in answer.text


def test_a_press_by_mistake_takes_nothing_from_anybody(desk: RunningDesk) -> None:
    """To assign several needs a group, or the word that they go back to the dispatcher; nothing chosen is nothing sent."""
    number = desk.report(category="network")
    group, picks = desk.read(number)["group"], _picks(desk, [number])
    missing = _send(desk, picks, "assign", **{"assign-group": ""})
    assert (missing.status_code, "Choose a group" in missing.text, desk.read(number)["group"]) == (422, True, group)
    assert _send(desk, picks, "assign", **{"assign-group": "-"}).status_code == 200
    assert desk.read(number)["group"] is None


def test_every_outcome_is_told(desk: RunningDesk) -> None:
    """Applied, refused with its rule, changed meanwhile, unknown: line by line, and only what may still count can be sent again."""
    good, over, moved = desk.report(category="network"), desk.closed(), desk.report(category="network")
    picks = _picks(desk, [good, over, moved])
    assert desk.tell(moved, "message", "noah", text="I have it.").status_code == 200
    before = desk.read(moved)
    stranger = number_of(999_001)
    answer = _send(
        desk, [*picks, f"{stranger}@1", "x@1", "INC-1001-1@1"], "resolve", **{"resolve-code": "fixed", "resolve-notes": "Done for all."}
    )
    assert "Done." in _line(answer.text, good)
    assert "final" in _line(answer.text, over)
    assert "(S12)" in _line(answer.text, over)
    assert "somebody changed it in the meantime" in _line(answer.text, moved)
    assert "no such thing" in _line(answer.text, stranger)
    assert (desk.read(good)["status"], desk.read(moved)) == ("resolved", before)
    again = re.findall(r'name="pick" value="([^"]+)" checked', answer.text)
    assert again == _picks(desk, [moved])
    assert "Done for all." in answer.text
    repeated = _send(desk, again, "resolve", _nonce(answer.text), **{"resolve-code": "fixed", "resolve-notes": "Done for all."})
    assert "1 done" in repeated.text
    assert desk.read(moved)["status"] == "resolved"


def test_sent_twice_is_once(desk: RunningDesk) -> None:
    """Reloading the page of the result, or a double click, sends the same commands: nothing happens a second time."""
    numbers = [desk.report(category="network") for _ in range(2)]
    picks = _picks(desk, numbers)
    pages = [_send(desk, picks, "take", "same") for _ in range(2)]
    assert [("2 done" in page.text) for page in pages] == [True, True]
    for number in numbers:
        assert [event["kind"] for event in desk.read(number)["timeline"]].count("assigned") == 1


def test_what_is_missing_is_said_before_anything_is_sent(desk: RunningDesk) -> None:
    """No notes, or nothing chosen: nothing is sent, and what was chosen and typed is still there."""
    numbers = [desk.report(category="network") for _ in range(2)]
    before = [desk.read(number) for number in numbers]
    for picks, form in ((_picks(desk, numbers), {"resolve-code": "fixed"}), ([], {"resolve-code": "fixed", "resolve-notes": "Typed."})):
        answer = _send(desk, picks, "resolve", **form)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert re.findall(r'name="pick" value="([^"]+)" checked', answer.text) == picks
    assert [desk.read(number) for number in numbers] == before


def test_not_accepted_can_be_sent_again(desk: RunningDesk) -> None:
    """While Temporal is away nothing is accepted, each line says so, and the same form sent later counts once."""
    numbers = [desk.report(category="network") for _ in range(2)]
    away = create_app(desk.settings, engine=desk.engine, temporal=_Unreachable())  # type: ignore[arg-type]
    cookies = dict(desk.signed_in("asha").cookies)
    data = {"pick": _picks(desk, numbers), "command": "take", "nonce": "kept"}

    async def send() -> httpx.Response:
        headers = {"Sec-Fetch-Site": "same-origin"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(away), base_url=desk.base_url, headers=headers, cookies=cookies
        ) as browser:
            return await browser.post("/console/together", data=data)

    answer = desk.run(send())
    assert "2 not accepted" in answer.text
    assert _nonce(answer.text) == "kept"
    assert "2 done" in _send(desk, re.findall(r'value="([^"]+)" checked', answer.text), "take", "kept").text


@pytest.mark.parametrize("person", ["carla", "omar", "aude", "adam"])
def test_only_agents_act(desk: RunningDesk, person: str) -> None:
    """Callers, owners of the process, auditors and administrators cannot send it, and those who see the queue see no boxes."""
    number = desk.report(category="network")
    assert _send(desk, _picks(desk, [number]), "take", person=person).status_code == 403
    assert desk.read(number)["person"] is None
    page = desk.signed_in(person).get("/console?queue=all")
    assert 'name="pick"' not in page.text


@pytest.mark.parametrize("command", ["", "close", "confirm", "override_priority", "../x", "take\x00"])
def test_only_what_is_offered(desk: RunningDesk, command: str) -> None:
    """Another command than those offered for many is not found."""
    answer = _send(desk, _picks(desk, [desk.report()]), command)
    assert answer.status_code == (200 if command == "take\x00" else 404)


def test_more_than_a_page_is_never_taken(desk: RunningDesk) -> None:
    """A form made by hand with thousands of numbers is refused as a whole."""
    assert _send(desk, [f"INC-{each}-1@1" for each in range(2000, 4000)], "take").status_code == 400
