"""A timeline comes a stretch at a time, however long it is (process.md S21, S22)."""

from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import events
from activities.incident_numbers import number_of
from activities.records import Records
from api.queries.timelines import timeline_of
from tests.api.house import RunningDesk, fill_directory
from tests.process.life import Life

SECRET = "hush3317"


async def _talks(database: AsyncEngine, number: str, most: int, length: int) -> None:
    """So many messages of that length are added to the record, every fourth of them a work note."""
    async with database.begin() as connection:
        last = (await connection.execute(select(func.max(events.c.seq)).where(events.c.number == number))).scalar_one()
        row: dict[str, Any] = dict((await connection.execute(select(events).where(events.c.number == number).limit(1))).mappings().one())
        for each in range(most):
            is_note = each % 4 == 0
            said = {
                "kind": "noted" if is_note else "agent_wrote",
                "public": not is_note,
                "after": {"text": (SECRET if is_note else "x ") + "y" * length},
            }
            await connection.execute(insert(events), row | said | {"seq": last + 1 + each})


async def test_stretches_together_are_the_timeline(database: AsyncEngine) -> None:
    """Walking back from the newest meets every event once, in stretches of bounded number and size; a single huge event is whole."""
    await fill_directory(database)
    number = number_of(1042)
    await Records(database).publish(Life(number=number).incident.publication())
    await _talks(database, number, 250, 40_000)
    await _talks(database, number, 1, 1_200_000)
    for public_only in (False, True):
        seen: list[int] = []
        before = None
        while before is not None or not seen:
            stretch = await timeline_of(database, number, public_only=public_only, before=before)
            assert len(stretch.events) <= 100
            assert len(str(stretch.events)) < 1_100_000 or len(stretch.events) == 1
            assert not public_only or SECRET not in str(stretch.events)
            seen = [event["seq"] for event in stretch.events] + seen
            before = stretch.earlier
            if before is None:
                break
        async with database.connect() as connection:
            query = select(events.c.seq).where(events.c.number == number, events.c.public | (not public_only)).order_by(events.c.seq)
            assert seen == list((await connection.execute(query)).scalars())


def test_no_page_shows_twenty_megabytes(desk: RunningDesk) -> None:
    """Console, portal and API show the newest of a timeline of twenty megabytes, and lead to what is earlier."""
    number = desk.report()
    desk.run(_talks(desk.engine, number, 500, 40_000))
    asha, carla = desk.signed_in("asha"), desk.signed_in("carla")
    for browser, place in ((asha, f"/console/{number}"), (carla, f"/portal/incidents/{number}")):
        newest = browser.get(place)
        assert len(newest.content) < 1_200_000
        earlier = newest.text.partition("?before=")[2].partition("#")[0]
        older = browser.get(place, params={"before": earlier}).text
        assert "To the newest" in older
        assert older.count("<time") > 10
    api = desk.as_("asha").get(f"/api/v1/incidents/{number}")
    assert len(api.content) < 1_200_000
    linked = desk.as_("asha").get(api.headers["Link"].partition(">")[0].removeprefix("<")).json()
    assert linked["timeline"][-1]["seq"] == api.json()["timeline"][0]["seq"] - 1
    few = desk.as_("carla").get(f"/api/v1/incidents/{number}", params={"events": 5})
    assert (len(few.json()["timeline"]), SECRET in few.text) == (5, False)


def test_a_short_timeline_is_whole(desk: RunningDesk) -> None:
    """Most incidents never meet a second stretch."""
    number = desk.report()
    shown = desk.as_("asha").get(f"/api/v1/incidents/{number}")
    assert (shown.json()["earlier"], "Link" in shown.headers) == (None, False)
    assert "Earlier" not in desk.signed_in("asha").get(f"/console/{number}").text
    for wrong in ("0", "x", "-1", "9" * 30):
        assert desk.as_("asha").get(f"/api/v1/incidents/{number}", params={"before": wrong}).status_code == 422
        assert desk.signed_in("asha").get(f"/console/{number}", params={"before": wrong}).status_code == 422
