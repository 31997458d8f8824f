"""Who reports what is known already is told so, once, and learns nothing of others by it (process.md S1, S16, S22)."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import people
from activities.incident_numbers import number_of
from activities.records import Records
from api.queries.known import known_majors
from api.sentences import sentences_in
from tests.api.house import RunningDesk, fill_directory
from tests.api.readers import signed_in
from tests.process.life import ASHA, TUESDAY, Life
from workflows.messages import Acknowledge, Message, Note, Report, Resolve
from workflows.vocabulary import Impact, Kind, Urgency


async def _reported(database: AsyncEngine, place: int, title: str, *messages: Message, **more: Any) -> None:
    report = Report(title, **({"impact": Impact.WIDESPREAD, "urgency": Urgency.HIGH} | more))
    life = Life(report, at=TUESDAY, number=number_of(410_001 + place))
    for message in messages or (Acknowledge(),):
        life.says(ASHA, message)
    await Records(database).publish(life.incident.publication())


async def test_only_open_major_incidents_of_the_same_thing(database: AsyncEngine) -> None:
    """The service decides where both name one, in whatever capitals; else the category. Not what is small, solved, only a wish, or not looked at by the desk."""
    await _reported(database, 0, "VPN is down", service="VPN", category="network")
    await _reported(database, 1, "Network is down", category="network")
    await _reported(database, 2, "WLAN is slow", category="network", impact=Impact.LIMITED)
    await _reported(database, 3, "WLAN was down", Resolve("fixed", "New controller."), category="network")
    await _reported(database, 5, "Carla's mother is ill, and the network is down", Note("not looked at yet"), category="network")
    await _reported(database, 4, "New network, please", category="network", kind=Kind.SERVICE_REQUEST)

    async def titles(service: str, topic: str) -> set[str]:
        return {each.title for each in await known_majors(database, service, topic)}

    assert await titles("vpn", "") == {"VPN is down"}
    assert await titles(" Vpn ", "network/wired") == {"VPN is down", "Network is down"}
    assert await titles("wlan", "network") == {"Network is down"}
    assert await titles("", "network/wired") == {"VPN is down", "Network is down"}
    assert await titles("", "printing") == await titles("", "") == set()


@pytest.mark.parametrize("asked", [{"service": "V\x00PN"}, {"topic": "net\x00work/wired"}])
async def test_signs_that_nobody_types_do_no_harm(database: AsyncEngine, asked: dict[str, str]) -> None:
    """They count as not there, as in the form itself; PostgreSQL takes no NUL."""
    await fill_directory(database)
    await _reported(database, 0, "VPN is down", service="VPN", category="network")
    async with signed_in(database, "carla") as browser:
        answer = await browser.get("/portal/known", params=asked)
    assert answer.status_code == 200
    assert "VPN is down" in answer.text


async def test_three_are_enough(database: AsyncEngine) -> None:
    """Nobody reads a long list before a form."""
    for place in range(5):
        await _reported(database, 20 + place, f"Nothing works {place}", category="access")
    assert len(await known_majors(database, "", "access")) == 3


def _sent(browser: httpx.Client, **typed: str) -> httpx.Response:
    key = re.search(r'name="key" value="([^"]+)"', browser.get("/portal/report").text)
    assert key
    return browser.post("/portal/report", data={"key": key[1], "title": "The shop does not open", **typed})


def test_the_form_comes_back_once(desk: RunningDesk) -> None:
    """Without a script: the form comes back with the hint and everything typed, nothing is reported; sent anyway it is, as one incident.

    Who made a mistake as well is not stopped a second time.
    """
    known = desk.report(
        title="Web shop is down", description="Only <b>Carla</b> knows.", service="web-shop", impact=1, urgency=1, contact="Carla, room 12"
    )
    assert desk.tell(known, "acknowledge").status_code == 200
    dora = desk.signed_in("dora")
    before = len(desk.as_("dora").get("/api/v1/incidents?limit=100").json()["items"])
    shown = _sent(dora, service="Web-Shop", description="White page.")
    assert shown.status_code == 422
    for said in ("may be known already", "Web shop is down", "White page.", "Send it anyway", 'name="anyway" value="yes"'):
        assert said in shown.text
    for secret in ("Carla", "knows", "room 12", known):
        assert secret not in shown.text
    assert len(desk.as_("dora").get("/api/v1/incidents?limit=100").json()["items"]) == before
    mistaken = _sent(dora, service="Web-Shop", title="", anyway="yes")
    assert (mistaken.status_code, 'name="anyway" value="yes"' in mistaken.text) == (422, True)
    key = re.search(r'name="key" value="([^"]+)"', shown.text)
    assert key
    typed = {"key": key[1], "title": "The shop does not open", "service": "Web-Shop", "description": "White page.", "anyway": "yes"}
    places = {dora.post("/portal/report", data=typed).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    assert len(desk.as_("dora").get("/api/v1/incidents?limit=100").json()["items"]) == before + 1
    assert desk.tell(known, "cancel", reason="test").status_code == 200


def test_ones_own_report_sent_twice_is_not_stopped(desk: RunningDesk) -> None:
    """The same form sent again leads to the same incident, although that is itself a known major one by then."""
    dora = desk.signed_in("dora")
    typed = {"key": "twice-1", "title": "Gate is stuck", "service": "gate", "impact": "1", "urgency": "1"}
    first = dora.post("/portal/report", data=typed)
    number = first.headers["Location"].rpartition("/")[2]
    assert desk.tell(number, "acknowledge").status_code == 200
    again = dora.post("/portal/report", data=typed)
    assert (again.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    assert desk.tell(number, "cancel", reason="test").status_code == 200


def test_what_is_wrong_is_said_first(desk: RunningDesk) -> None:
    """A form with a mistake comes back for its mistake; the hint waits for a form that could be sent."""
    number = desk.report(title="Payroll is down", service="payroll", impact=1, urgency=1)
    assert desk.tell(number, "acknowledge").status_code == 200
    shown = desk.signed_in("dora").post("/portal/report", data={"title": "", "service": "payroll"})
    assert shown.status_code == 422
    assert "Say in a few words what is wrong" in shown.text
    assert "may be known already" not in shown.text
    assert desk.tell(number, "cancel", reason="test").status_code == 200


def test_the_part_of_the_form_is_for_those_who_may_report(desk: RunningDesk) -> None:
    """Who may not open the form learns nothing from its part either; texts of others come out as texts."""
    number = desk.report(title="<img src=x> is down", service="intranet", impact=1, urgency=1)
    assert desk.tell(number, "acknowledge").status_code == 200
    shown = desk.signed_in("dora").get("/portal/known?service=intranet")
    assert "&lt;img src=x&gt; is down" in shown.text
    assert "<html" not in shown.text
    assert desk.signed_in("aude").get("/portal/known?service=intranet").status_code == 403
    assert desk.as_(None).get("/portal/known?service=intranet").status_code == 303
    assert desk.signed_in("dora").get("/portal/known?service=other").text.strip() == ""
    assert desk.tell(number, "cancel", reason="test").status_code == 200


@pytest.mark.parametrize("relay", [None, "relay.example.org"])
async def test_letters_are_promised_where_mail_goes_out(database: AsyncEngine, relay: str | None) -> None:
    """After a report the page says what is true of this desk: that letters come, or where to look instead; in either language."""
    await fill_directory(database)
    life = Life(Report("It hums"), at=TUESDAY, number=number_of(410_050))
    await Records(database).publish(life.incident.publication())
    for language in ("en", "tr"):
        say = sentences_in(language)
        async with database.begin() as connection:
            await connection.execute(update(people).where(people.c.id == "carla").values(language=language))
        async with signed_in(database, "carla", smtp_host=relay) as browser:
            text = (await browser.get(f"/portal/reported/{life.facts.number}")).text
        assert (say("reported_receipt") in text, say("reported_kept") in text) == (relay is not None, relay is None)
