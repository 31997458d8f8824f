"""A desk after somebody was erased: histories are gone, every page still answers, and nothing leads back (process.md S21)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.service import RPCError

from activities.access.security_log import COMMAND_LINE
from activities.database.tables import letters, people
from activities.erasure.erasing import Done, erase, let_go, look
from activities.erasure.histories import Histories
from activities.mail.mail_room import MailRoom
from tests.api.house import PEOPLE, RunningDesk, running_desk

_WORDS = ("zqtitle", "zqtext", "zqnote", "zqmail", "zqname", "carla")


@dataclass
class Aftermath:
    """The desk with carla erased: her incident, one of dora in which asha works, figures before, and old links."""

    desk: RunningDesk
    hers: str
    other: str
    figures: dict[str, str]
    links: list[str]
    done: Done


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """A desk of its own: carla reports through asha, is written to, and leaves."""
    with running_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield _erased(desk)


def _erased(desk: RunningDesk) -> Aftermath:
    desk.run(_set(desk, people, people.c.id == "carla", name="zqname", email="zqmail@example.org"))
    hers = _report(desk).json()["number"]
    other = desk.report("dora")
    for number in (hers, other):
        assert desk.tell(number, "message", "asha", text="We look at it").status_code == 200
    assert desk.tell(hers, "note", "asha", text="zqnote").status_code == 200
    assert desk.tell(hers, "message", "carla", text="zqtext").status_code == 200
    handle = desk.client.get_workflow_handle(hers)
    assert desk.tell(hers, "cancel", "asha", reason="test", notes="zqnotes").status_code == 200
    room = MailRoom(desk.engine, desk.settings, desk.client)
    while desk.run(room.send_next()):
        pass
    desk.run(handle.result())
    figures = {place: desk.as_("ines").get(place).text for place in ("/figures.csv", "/figures.csv?by=group")}
    links = [desk.link(hers, "carla", purpose=purpose) for purpose in ("answer", "survey", "no_surveys", "no_digests")]
    desk.run(_set(desk, people, people.c.id == "carla", disabled_at=datetime.now(UTC)))
    histories = Histories(desk.client)
    found = desk.run(look(desk.engine, histories, "carla"))
    assert (found.theirs, found.against, found.is_at_work) == ((hers,), (), False)
    done = desk.run(_erase(desk, histories))
    return Aftermath(desk, hers, other, figures, links, done)


async def _erase(desk: RunningDesk, histories: Histories) -> Done:
    done = await erase(desk.engine, histories, "carla", COMMAND_LINE, 110, lambda _: None)
    await let_go(desk.engine, desk.settings.database_url)
    return done


def _report(desk: RunningDesk) -> Any:
    body = {"title": "zqtitle", "description": "zqtext", "affected": "carla", "contact": "zqmail"}
    return desk.as_("asha").post("/api/v1/incidents", json=body, headers={"Idempotency-Key": "phone-1"})


async def _set(desk: RunningDesk, table: Any, where: Any, **values: Any) -> None:
    async with desk.engine.begin() as connection:
        await connection.execute(update(table).where(where).values(values))


def test_the_history_is_gone_from_temporal(after: Aftermath) -> None:
    """Histories of others stay."""
    with pytest.raises(RPCError, match="not found"):
        after.desk.run(after.desk.client.get_workflow_handle(after.hers).describe())
    assert after.desk.run(after.desk.client.get_workflow_handle(after.other).describe()).id == after.other


@pytest.mark.parametrize("reader", ["asha", "noah", "ines", "aude"])
def test_every_page_answers_without_them(after: Aftermath, reader: str) -> None:
    """Console, portal, API, timelines, clocks, letters, files, search, audit, figures: no error, and nothing of what was theirs."""
    number = after.hers
    places = [
        *(f"/api/v1/incidents/{number}{more}" for more in ("", "/events", "/clocks", "/dates", "/files")),
        *(
            "/api/v1/incidents",
            "/api/v1/incidents?q=zqtitle",
            f"/api/v1/incidents?q={number}",
            f"/api/v1/incidents?affected={after.done.pseudonym}",
        ),
        *("/console", f"/console/{number}", f"/console/{after.other}", "/console?status=resolved", "/console?q=erased"),
        *("/outbox", f"/outbox?number={number}", "/outbox?person=carla", f"/outbox?person={after.done.pseudonym}"),
        *("/figures", "/figures.csv", "/situation", "/admin/audit", "/admin/audit.csv", f"/portal/incidents/{number}", "/portal"),
    ]
    browser, answered = after.desk.signed_in(reader), 0
    for place in places:
        for client in (browser, after.desk.as_(reader)):
            answer = client.get(place)
            assert answer.status_code < 500, (place, answer.text)
            shown = answer.text.replace(place, "").replace("q=zqtitle", "").replace('value="zqtitle"', "").replace('value="carla"', "")
            if answer.status_code == 200:
                answered += 1
                assert [word for word in _WORDS if word in shown] == [], place
    assert answered > len(places) // 2


def test_pages_say_who_it_was(after: Aftermath) -> None:
    """An erased person, an erased title; in the language of whoever reads."""
    shown = after.desk.signed_in("noah").get(f"/console/{after.hers}").text
    assert "(erased)" in shown
    assert "erased person" in shown
    assert after.desk.read(after.hers)["title"] == "[erased]"
    after.desk.run(_set(after.desk, people, people.c.id == "asha", language="tr"))
    portal = after.desk.signed_in("asha").get(f"/portal/incidents/{after.hers}")
    assert portal.status_code == 200
    assert "(silindi)" in portal.text
    assert "[erased]" not in portal.text


def test_letters_say_that_they_were_erased(after: Aftermath) -> None:
    """Each page of a letter answers, and none can be sent again."""
    browser = after.desk.as_("ines")

    async def keys() -> list[str]:
        async with after.desk.engine.connect() as connection:
            return list((await connection.execute(select(letters.c.key).where(letters.c.number == after.hers))).scalars())

    found = after.desk.run(keys())
    assert found
    for key in found:
        shown = browser.get(f"/outbox/{key}")
        assert shown.status_code == 200
        assert 'name="count"' not in shown.text


def test_old_links_lead_to_the_neutral_page(after: Aftermath) -> None:
    """Also the one that says: no letters, please. Nothing is noted about somebody the directory does not have."""
    browser = after.desk.as_(None)
    for link in after.links:
        assert browser.get(link).status_code == 404
        assert browser.post(link, data={"choice": "stop", "List-Unsubscribe": "One-Click"}).status_code == 404


def test_figures_are_what_they_were(after: Aftermath) -> None:
    """To the digit."""
    for place, before in after.figures.items():
        assert after.desk.as_("ines").get(place).text == before


def test_the_same_report_again_opens_nothing(after: Aftermath) -> None:
    """Who repeats a key with the words that were erased is refused: they do not come back by a machine that tries again."""
    after.desk.run(_add(after.desk))
    answer = _report(after.desk)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "key-reused")


def test_whoever_has_the_id_later_has_none_of_it(after: Aftermath) -> None:
    """A new carla sees no old incident, and old links stay dead for her too."""
    after.desk.run(_add(after.desk))
    browser = after.desk.signed_in("carla")
    assert browser.get(f"/portal/incidents/{after.hers}").status_code == 404
    assert after.hers not in browser.get("/portal").text
    assert browser.get(after.links[0]).status_code == 404


async def _add(desk: RunningDesk) -> None:
    named = {"name": "Carla Nova", "email": None, "language": "en", "zone": "UTC", "roles": [role.value for role in PEOPLE["carla"][0]]}
    async with desk.engine.begin() as connection:
        if (await connection.execute(select(people.c.id).where(people.c.id == "carla"))).first() is None:
            await connection.execute(people.insert().values(named | {"id": "carla"}))
