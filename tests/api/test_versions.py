"""Nobody overwrites what they have not seen: ETag and If-Match, and the console's "somebody changed this meanwhile" (process.md S4)."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.house import RunningDesk


def _note(desk: RunningDesk, number: str, tag: str, by: str = "asha", **headers: str) -> httpx.Response:
    told = {"If-Match": tag, **headers}
    return desk.as_(by).post(f"/api/v1/incidents/{number}/note", json={"text": "x"}, headers=told)


def test_a_reader_is_told_the_version(desk: RunningDesk) -> None:
    """Reporting and reading name the version as a tag; desk and callers get the same one."""
    reported = desk.as_("carla").post("/api/v1/incidents", json={"title": "x"})
    number = reported.json()["number"]
    read = [desk.as_(who).get(f"/api/v1/incidents/{number}") for who in ("carla", "asha")]
    assert (
        [answer.headers["ETag"] for answer in read]
        == [f'"{answer.json()["version"]}"' for answer in read]
        == [reported.headers["ETag"]] * 2
    )


def test_a_command_for_an_older_version_changes_nothing(desk: RunningDesk) -> None:
    """412 with the rule and the present tag, nothing on the timeline; with the present tag it is applied."""
    number = desk.report()
    old = desk.as_("asha").get(f"/api/v1/incidents/{number}").headers["ETag"]
    assert _note(desk, number, old).status_code == 200
    before = desk.read(number)
    answer = _note(desk, number, old, "noah")
    assert (answer.status_code, answer.json()["rule"], answer.json()["section"]) == (412, "changed-meanwhile", "S4")
    assert answer.headers["ETag"] == f'"{before["version"]}"'
    assert desk.read(number) == before
    assert _note(desk, number, answer.headers["ETag"], "noah").status_code == 200


def test_a_command_sent_again_is_answered_again(desk: RunningDesk) -> None:
    """Its own effect does not make a command stale: the same id gets the same answer, whatever version it names."""
    number = desk.report()
    tag = desk.as_("asha").get(f"/api/v1/incidents/{number}").headers["ETag"]
    first = _note(desk, number, tag, **{"Command-Id": "again"})
    second = _note(desk, number, tag, **{"Command-Id": "again"})
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert first.status_code == 200


@pytest.mark.parametrize(
    ("tag", "status"), [("*", 200), ('"0", {}', 200), ("{}", 200), ("W/{}", 412), ('"x"', 412), ("", 412), ('"-1"', 412), (",,", 412)]
)
def test_tags_are_read_as_they_are_meant(desk: RunningDesk, tag: str, status: int) -> None:
    """Any version, one of several, the present one; weak tags and what is no tag of ours match nothing."""
    number = desk.report()
    present = desk.as_("asha").get(f"/api/v1/incidents/{number}").headers["ETag"]
    assert _note(desk, number, tag.format(present)).status_code == status


def test_of_two_at_once_only_one_counts(desk: RunningDesk) -> None:
    """Two agents with the same tag at the same moment: one is applied, the other refused by the front door or by the process itself."""
    for _ in range(5):
        number = desk.report(category="network")
        tag = desk.as_("asha").get(f"/api/v1/incidents/{number}").headers["ETag"]
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda who: _note(desk, number, tag, who).status_code, ("asha", "noah")))  # noqa: B023 -- used at once
        assert sorted(answers) == [200, 412]


def _fields(page: str) -> dict[str, str]:
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("version", "nonce")}  # type: ignore[index]


def _send(browser: httpx.Client, number: str, command: str, **form: Any) -> httpx.Response:
    return browser.post(f"/console/{number}/{command}", data=form)


def test_the_console_shows_what_is_new_and_sends_again(desk: RunningDesk) -> None:
    """An agent acts on a page that another agent has overtaken: nothing is sent, the news and what was typed are shown, and sending again works."""
    number = desk.report(category="network")
    asha, noah = desk.signed_in("asha"), desk.signed_in("noah")
    shown = _fields(asha.get(f"/console/{number}").text)
    assert (
        _send(noah, number, "message", **_fields(noah.get(f"/console/{number}").text), text="Switch is being replaced.").status_code == 303
    )
    before = desk.read(number)
    answer = _send(asha, number, "resolve", **shown, code="fixed", notes="Works again, I think.")
    assert answer.status_code == 412
    assert desk.read(number) == before
    for seen in ("Somebody changed this in the meantime", "Noah wrote", "Switch is being replaced.", "Works again, I think."):
        assert seen in answer.text
    again = _send(asha, number, "resolve", **_fields(answer.text), code="fixed", notes="Works again, I think.")
    assert (again.status_code, desk.read(number)["status"]) == (303, "resolved")


def test_ones_own_steps_do_not_stop_the_console(desk: RunningDesk) -> None:
    """A page still open in another window takes the same agent's next command; a form sent twice is one command."""
    number, asha = desk.report(category="network"), desk.signed_in("asha")
    shown = _fields(asha.get(f"/console/{number}").text)
    for _ in range(2):
        assert _send(asha, number, "note", **shown, text="first").status_code == 303
    assert _send(asha, number, "note", **shown, text="second").status_code == 303
    assert [event["after"].get("text") for event in desk.read(number)["timeline"]].count("first") == 1


def test_what_was_typed_is_kept_where_it_no_longer_fits(desk: RunningDesk) -> None:
    """Somebody else resolved it: the text of the hold is shown to be copied, with the reason why it cannot be sent."""
    number, asha = desk.report(category="network"), desk.signed_in("asha")
    shown = _fields(asha.get(f"/console/{number}").text)
    assert desk.tell(number, "resolve", "noah", code="fixed", notes="Done.").status_code == 200
    answer = _send(asha, number, "hold", **shown, reason="caller", question="Which socket was it?")
    assert answer.status_code == 412
    assert "Which socket was it?" in answer.text
    assert "no longer possible" in answer.text


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40, "1.5"])
def test_a_page_without_its_version_sends_nothing(desk: RunningDesk, version: str) -> None:
    """A form that does not say what it shows counts as overtaken, unless nobody else could be meant."""
    number, asha = desk.report(category="network"), desk.signed_in("asha")
    answer = _send(asha, number, "note", version=version, nonce="n", text="x")
    assert answer.status_code in ({303} if version == "9" * 40 else {412})
