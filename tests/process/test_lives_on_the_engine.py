"""Generated lives on the virtual clock with the real workflow class: outages, and a fresh run at any point (process.md S9)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.process.life import ASHA, CARLA
from workflows.dates import ahead
from workflows.messages import Acknowledge, Hold, Intake, Note, Reopen, Report, Reprioritise, Resolve, Resume, Sent
from workflows.policies.book import book
from workflows.publication import Event
from workflows.rehearsal.engine import Engine, MemoryRecord
from workflows.vocabulary import EventKind, HoldReason, Impact, Urgency

NUMBER = "INC-1001-2"
TUESDAY = datetime(2026, 11, 24, 7, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
# What moves no priority.
ORDINARY = st.one_of(
    st.sampled_from([Acknowledge(), Resume(), Note("a note"), Resolve("fixed", "done"), Reopen("back")]),
    st.builds(Hold, st.sampled_from([HoldReason.CALLER, HoldReason.VENDOR]), st.just("Which one?")),
)
SAID = st.one_of(
    ORDINARY,
    st.builds(Reprioritise, st.sampled_from(Impact), st.sampled_from(Urgency), st.just("asked")),
)
# What happens in turn: something is said, time passes with a worker or without one; before it, perhaps, the history counts as long.
TURNS = st.lists(
    st.tuples(st.booleans(), st.one_of(SAID, st.tuples(st.sampled_from(["passes", "outage"]), st.integers(1, 3000)))), max_size=20
)


def lived(turns: list[tuple[bool, Any]], urgency: Urgency, *, hands_over: bool) -> tuple[MemoryRecord, Engine]:
    """The turns one after the other, with hand-overs where they are drawn or without any."""
    record = MemoryRecord()
    engine, ids = Engine(TUESDAY, record.publish), count(1)
    report = Report("Nobody can print", category="printing", impact=Impact.WIDESPREAD, urgency=urgency)
    engine.start(Intake(NUMBER, report, CARLA, TUESDAY, TUESDAY, book().name_of_edition(TUESDAY)))
    engine.advance_to(engine.now + SECOND)
    for is_long, what in turns:
        if is_long and hands_over and NUMBER not in engine.closures:
            engine.suggest_hand_over(NUMBER)
        if isinstance(what, tuple):
            end = engine.now + what[1] * MINUTE
            (engine.outage_until if what[0] == "outage" else engine.advance_to)(end)
        elif NUMBER not in engine.closures:
            engine.send(NUMBER, Sent(str(next(ids)), ASHA, engine.now, what))
        engine.advance_to(engine.now + SECOND)
    return record, engine


def told(record: MemoryRecord) -> list[tuple[object, ...]]:
    """What happened; to the second, because a fresh run starts its timers some milliseconds later."""
    events = sorted(record.events[NUMBER].values(), key=lambda event: event.seq)
    return [
        (event.seq, event.kind, event.planned_at and event.planned_at.replace(microsecond=0), event.after.get("clock")) for event in events
    ]


def firings(events: list[Event]) -> Counter[tuple[object, ...]]:
    """Thresholds and breaches that were planned, by clock, share and plan."""
    kinds = (EventKind.THRESHOLD_PASSED, EventKind.BREACHED)
    return Counter(
        (event.after["clock"], event.after["percent"], event.planned_at) for event in events if event.kind in kinds and event.planned_at
    )


@settings(max_examples=60, deadline=None)
@given(TURNS, st.sampled_from(Urgency))
def test_a_fresh_run_at_any_point_changes_nothing(turns: list[tuple[bool, Any]], urgency: Urgency) -> None:
    """The same life with and without hand-overs has the same events, the same dates ahead, and no deadline early, lost or doubled."""
    record, engine = lived(turns, urgency, hands_over=True)
    without, plain = lived(turns, urgency, hands_over=False)
    assert told(record) == told(without)
    facts, events = record.facts[NUMBER], list(record.events[NUMBER].values())
    assert sorted(record.events[NUMBER]) == list(range(1, facts.version + 1))
    assert [date.kind for date in ahead(facts)] == [date.kind for date in ahead(without.facts[NUMBER])]
    assert all(date.at > engine.now - SECOND for date in ahead(facts))
    assert all(event.at >= event.planned_at for event in events if event.planned_at)
    assert all(times == 1 for times in firings(events).values())
    late = {event.seq: event.after.get("late_seconds") for event in events if event.planned_at and event.at - event.planned_at > MINUTE}
    assert all(late.values()), late
    engine.close()
    plain.close()
