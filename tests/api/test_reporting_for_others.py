"""An agent logs what somebody tells them: for whom, by which channel, once, and nothing typed is lost (process.md S1, S22)."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import people
from tests.api.house import PEOPLE, RunningDesk, fill_directory
from tests.api.readers import signed_in
from tests.files import PNG
from workflows.vocabulary import Role

PLACE = "/console/report"


@pytest.fixture
def asha(desk: RunningDesk) -> Iterator[httpx.Client]:
    """An agent at her browser."""
    with desk.signed_in("asha") as browser:
        yield browser


def _filled(browser: httpx.Client, **typed: str) -> dict[str, str]:
    key = re.search(r'name="key" value="([^"]+)"', browser.get(PLACE).text)
    assert key is not None
    return {"key": key[1], "who": "carla", "channel": "phone", "title": "Badge does not open the door"} | typed


def _reported(browser: httpx.Client, **more: Any) -> str:
    answer = browser.post(PLACE, **more)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_a_call_becomes_an_incident_of_the_caller(desk: RunningDesk, asha: httpx.Client) -> None:
    """Affected is who calls, reporter the agent, the channel the one that was said; the page of the incident follows, with all that was told."""
    typed = _filled(asha, can_wait="Until payday", impact="2", urgency="1", topic="facility/room", contact="Room 4", channel="chat")
    place = _reported(asha, data=typed)
    page = asha.get(place).text
    assert "Tell them the number" in page
    assert re.search(r"<dt>Can wait until</dt>\s*<dd[^>]*>Until payday", page)
    known = desk.read(place.partition("?")[0].rpartition("/")[2])
    told = {name: known[name] for name in ("affected", "reporter", "channel", "impact", "urgency", "category", "can_wait")}
    assert told == {
        "affected": "carla",
        "reporter": "asha",
        "channel": "chat",
        "impact": 2,
        "urgency": 1,
        "category": "facility",
        "can_wait": "Until payday",
    }
    assert "Until payday" in desk.signed_in("carla").get(f"/portal/incidents/{known['number']}").text


def test_a_double_click_is_one_incident(asha: httpx.Client) -> None:
    """Also when both clicks come at the same moment; another report under the same form is said to be one."""
    typed = _filled(asha)
    with ThreadPoolExecutor(2) as both:
        places = list(both.map(lambda _: _reported(asha, data=typed), range(2)))
    assert places[0] == places[1]
    other = asha.post(PLACE, data=typed | {"title": "The lift is stuck"})
    assert (other.status_code, "Another report was already sent" in other.text) == (422, True)


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"who": ""}, "who", "Say who is affected."),
        ({"who": "nobody at all"}, "who", "The directory knows nobody by these words."),
        ({"who": "example.org"}, "who", "Choose who is meant."),
        ({"who": "dora", "affected": "no-such-person", "found_for": "dora.org"}, "title", None),
        ({"channel": ""}, "channel", "Say how it reached you."),
        ({"channel": "monitoring"}, "channel", "Say how it reached you."),
        ({"title": ""}, "title", "Say in a few words what is wrong"),
        ({"title": "", "who": ""}, "who", "Say who is affected."),
        ({"topic": "weather"}, "topic", "Choose one of the topics."),
    ],
)
def test_what_is_wrong_comes_back_with_what_was_typed(asha: httpx.Client, typed: dict[str, str], field: str, says: str | None) -> None:
    """Beside its field, with everything else as it was."""
    sent = _filled(asha, description="It blinks <b>red</b>.", can_wait="Until payday") | typed
    answer = asha.post(PLACE, data=sent)
    if says is None:
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert f'id="{field}-wrong">{says}' in answer.text
    for kept in ("It blinks &lt;b&gt;red&lt;/b&gt;.", 'value="Until payday"', f'value="{sent["key"]}"', f'value="{sent["who"]}"'):
        assert kept in answer.text


def test_who_was_chosen_for_other_words_is_not_taken(desk: RunningDesk, asha: httpx.Client) -> None:
    """A choice counts for the words it was offered for: who typed another name afterwards means somebody else."""
    chosen = _filled(asha, who="example", found_for="example", affected="dora")
    number = _reported(asha, data=chosen).partition("?")[0].rpartition("/")[2]
    assert desk.read(number)["affected"] == "dora"
    number = _reported(asha, data=_filled(asha, who="carla", found_for="example", affected="dora")).partition("?")[0].rpartition("/")[2]
    assert desk.read(number)["affected"] == "carla"


def test_files_go_to_whom_the_agent_says(desk: RunningDesk, asha: httpx.Client) -> None:
    """Nothing is taken in before that is said; sent twice they are added once."""
    typed, chosen = _filled(asha), {"files": ("screen.png", PNG)}
    answer = asha.post(PLACE, data=typed, files=chosen)
    assert (answer.status_code, 'id="inside-wrong"' in answer.text) == (422, True)
    places = {_reported(asha, data=typed | {"inside": "yes"}, files=chosen) for _ in range(2)}
    number = places.pop().partition("?")[0].rpartition("/")[2]
    assert not places
    assert asha.get(f"/console/{number}").text.count("/files/") >= 1
    assert "screen.png" not in desk.signed_in("carla").get(f"/portal/incidents/{number}").text
    refused = asha.post(PLACE, data=_filled(asha, inside="no"), files={"files": ("run.exe", b"MZ")})
    assert (refused.status_code, "run.exe" in refused.text, "The number is" in refused.text) == (200, True, True)


async def test_people_are_found_by_what_a_caller_says(database: AsyncEngine) -> None:
    """By letters of name, id or address, a few at most; nobody who left; one whole name is certain only where one person has it."""
    await fill_directory(database)
    named = {"roles": [Role.CALLER.value], "language": "en", "zone": "UTC"}
    async with database.begin() as connection:
        for each in range(12):
            await connection.execute(insert(people).values(id=f"kim-{each}", name=f"Kim {each % 6}", email=None, **named))
        await connection.execute(update(people).where(people.c.id == "dora").values(disabled_at=datetime.now(UTC)))
    async with signed_in(database, "asha") as browser:

        async def found(who: str) -> tuple[list[str], list[str]]:
            part = (await browser.get("/console/people", params={"who": who})).text
            return re.findall(r'name="affected" value="([^"]+)"', part), re.findall(r'value="([^"]+)" checked', part)

        assert await found("CARLA@exam") == (["carla"], [])
        assert await found("carla") == (["carla"], ["carla"])
        assert await found("kim 3") == (["kim-3", "kim-9"], [])
        assert await found("kim-3") == (["kim-3"], ["kim-3"])
        many = await browser.get("/console/people", params={"who": "kim"})
        assert many.text.count('type="radio"') == 8
        assert "There are more" in many.text
        assert await found("c") == await found("") == ([], [])
        assert await found("dora") == ([], [])
        assert (await found("%"))[0] == (await found("k\x00"))[0] == []


async def test_only_who_may_is_led_there(on_file: AsyncEngine) -> None:
    """Agents report for others; the queues lead to it, and nobody else sees or opens it."""
    await fill_directory(on_file)
    for person, (roles, _) in PEOPLE.items():
        async with signed_in(on_file, person) as browser:
            may = Role.AGENT in roles
            assert (await browser.get(PLACE)).status_code == (200 if may else 403), person
            assert (f'href="{PLACE}"' in (await browser.get("/console")).text) == may, person
