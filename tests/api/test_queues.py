"""Queues of the console: complete, in order, page after page (process.md S5, S8)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import events, incidents
from activities.incident_numbers import number_of
from activities.records import Records
from api.cursors import cursor_of_spot, spot_in
from api.queries import queues
from api.queries.queues import Asked, Queue, lengths, waiting
from tests.api.house import RunningDesk, fill_directory
from tests.process.life import ASHA, TUESDAY, Life
from workflows.messages import Hold, Report, Resolve
from workflows.vocabulary import HoldReason, Impact, Urgency


async def _fill(database: AsyncEngine, most: int, first: int = 300_001, category: str | None = None) -> None:
    """So many incidents: some promised at the same instant, some without a promise because they wait for somebody, some resolved."""
    for each in range(most):
        life = Life(
            Report(
                "Printer jammed",
                category=category or ("printing", "network", "access")[each % 3],
                impact=Impact.SIGNIFICANT,
                urgency=Urgency.LOW,
            ),
            at=TUESDAY + timedelta(minutes=each // 4),
            number=number_of(first + each),
        )
        if each % 5 == 1:
            life.says(ASHA, Hold(HoldReason.CALLER, "Which one?"))
        if each % 11 == 7:
            life.says(ASHA, Resolve("fixed", "Done."))
        await Records(database).publish(life.incident.publication())


async def test_every_page_follows_on_the_one_before(database: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page after page each incident comes once and in order, queues by promise, searches by change, however many share an instant."""
    monkeypatch.setattr(queues, "PAGE", 7)
    await fill_directory(database)
    await _fill(database, 60)
    for asked in (
        Asked(Queue.ALL, ASHA),
        Asked(Queue.ALL, ASHA, words="printer"),
        Asked(Queue.ALL, ASHA, filters={"category": ("network",)}),
    ):
        seen, wanted = [], asked
        while True:
            lines, ends_at = await waiting(database, wanted, TUESDAY)
            seen += lines
            if ends_at is None:
                break
            wanted = replace(asked, after=spot_in(cursor_of_spot(ends_at)))
        whole, _ = await _whole(database, asked, monkeypatch)
        assert seen == whole
        assert len({line.number for line in seen}) == len(seen) > 14
        promises = [line.promised_by for line in seen if line.promised_by]
        if not asked.words:
            assert promises == sorted(promises)
            assert None not in [line.promised_by for line in seen][: len(promises)]
        else:
            assert [line.changed_at for line in seen] == sorted((line.changed_at for line in seen), reverse=True)


async def _whole(database: AsyncEngine, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> tuple[list[queues.Waiting], object]:
    with monkeypatch.context() as patched:
        patched.setattr(queues, "PAGE", 1000)
        return await waiting(database, asked, TUESDAY)


async def test_what_changes_meanwhile_moves_nothing_else(database: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Incidents that come or go between two pages push no other from one page to the next: a page begins after a line, not after a count."""
    monkeypatch.setattr(queues, "PAGE", 5)
    await fill_directory(database)
    await _fill(database, 20)
    asked = Asked(Queue.ALL, ASHA)
    whole, _ = await _whole(database, asked, monkeypatch)
    first, ends_at = await waiting(database, asked, TUESDAY)
    async with database.begin() as connection:
        gone = [line.number for line in first[:3]]
        await connection.execute(update(incidents).where(incidents.c.number.in_(gone)).values(status="closed"))
    second, _ = await waiting(database, replace(asked, after=ends_at), TUESDAY)
    assert second == whole[5:10]


async def test_each_queue_has_what_it_says(database: AsyncEngine) -> None:
    """Mine, my groups', nobody's, soon late, all: what is listed is what is counted, and nothing that is over."""
    await fill_directory(database)
    await _fill(database, 24)
    mine = replace(ASHA, groups=("service-desk", "network"))
    counted = await lengths(database, mine, TUESDAY)
    for queue in Queue:
        lines, _ = await waiting(database, Asked(queue, mine), TUESDAY)
        assert len(lines) == counted[queue], queue
        assert {line.status for line in lines} <= {"new", "in_progress", "on_hold"}
    assert counted[Queue.ALL] == 22
    assert counted[Queue.SOON] == 0
    assert (await lengths(database, mine, TUESDAY + timedelta(days=9)))[Queue.SOON] > 0
    assert (await lengths(database, replace(ASHA, groups=()), TUESDAY))[Queue.GROUPS] == 0


@contextmanager
def _counted(engine: AsyncEngine) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(*heard: object) -> None:
        if heard[2] != "BEGIN":
            asked.append(str(heard[2]))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine.sync_engine, "before_cursor_execute", note)


PLACES = (
    "/console?queue=all&category=telephony",
    "/console?q=jammed&category=telephony",
    "/api/v1/incidents?category=telephony",
    "/api/v1/incidents?q=jammed&category=telephony",
    "/console/{}",
    "/api/v1/incidents/{}",
    "/portal/incidents/{}",
)


def test_a_page_asks_as_often_for_fifty_lines_as_for_one(desk: RunningDesk) -> None:
    """Every list and every incident costs a fixed number of statements, whatever is in it."""
    number = desk.report(title="Telephone is dead, line jammed", category="telephony")
    clients = {"console": desk.signed_in("asha"), "api": desk.as_("asha"), "portal": desk.signed_in("carla")}

    def costs() -> list[int]:
        return [_statements(place) for place in PLACES]

    def _statements(place: str) -> int:
        with _counted(desk.engine) as asked:
            assert clients[place.split("/")[1].split("?", maxsplit=1)[0]].get(place.format(number)).status_code == 200
        return len(asked)

    costs()
    with_one = costs()
    desk.run(_fill(desk.engine, 70, first=400_001, category="telephony"))
    desk.run(_happens(desk.engine, number, 60))
    page = clients["console"].get(PLACES[0]).text
    assert page.count("<li ") >= 50
    assert costs() == with_one
    assert max(with_one) <= 12


async def _happens(database: AsyncEngine, number: str, most: int) -> None:
    async with database.begin() as connection:
        last = (await connection.execute(select(func.max(events.c.seq)).where(events.c.number == number))).scalar_one()
        row = dict((await connection.execute(select(events).where(events.c.number == number).limit(1))).mappings().one())
        said = {"kind": "agent_wrote", "public": True, "after": {"text": "On the way."}}
        await connection.execute(insert(events), [row | said | {"seq": last + 1 + each} for each in range(most)])
