"""Generated lives through the real workflow: moved to a newer edition at any point, an incident has the dates of one that was reported under it (process.md S21)."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.process.life import ASHA, CARLA, PAVEL
from tests.process.newer_edition import BOOK, NEW, OLD, works_by
from tests.process.test_lives_on_the_engine import MINUTE, NUMBER, ORDINARY, SECOND, TUESDAY
from workflows.clocks import Clock
from workflows.dates import ahead
from workflows.deadlines import REMINDERS
from workflows.house_messages import AdoptEdition
from workflows.messages import Intake, Report, Sent
from workflows.publication import Deadline, Result, Snapshot
from workflows.rehearsal.engine import Engine, MemoryRecord
from workflows.timekeeping import PROMISES
from workflows.vocabulary import EventKind, Impact, Urgency

TURNS = st.lists(st.tuples(st.booleans(), st.one_of(ORDINARY, st.integers(1, 700))), max_size=12)
# What people did. The rest is what editions differ in.
_SAME = ("status", "hold_reason", "held_at", "cycle", "resolved_at", "acknowledged_at", "confirmed_at", "priority", "reopen_count")


@pytest.fixture(autouse=True)
def desk() -> Iterator[None]:
    """A desk with a newer edition."""
    with works_by(BOOK):
        yield


def lived(turns: list[tuple[bool, Any]], report: Report, edition: str, adopts_after: int | None) -> MemoryRecord:
    """The turns one after the other, with hand-overs where they are drawn; after so many of them the newer edition is adopted."""
    record = MemoryRecord()
    engine, ids = Engine(TUESDAY, record.publish), count(1)
    engine.start(Intake(NUMBER, report, CARLA, TUESDAY, TUESDAY, edition))
    engine.advance_to(engine.now + SECOND)
    for place, (hands_over, what) in enumerate([*turns, (False, 1)]):
        if place == adopts_after and NUMBER not in engine.closures:
            engine.send(NUMBER, Sent("adopt", PAVEL, engine.now, AdoptEdition(NEW, "agreed")))
        engine.advance_to(engine.now + SECOND)
        if hands_over and NUMBER not in engine.closures:
            engine.suggest_hand_over(NUMBER)
        if isinstance(what, int):
            engine.advance_to(engine.now + what * MINUTE)
        elif NUMBER not in engine.closures:
            engine.send(NUMBER, Sent(str(next(ids)), ASHA, engine.now, what))
        engine.advance_to(engine.now + SECOND)
    engine.close()
    return record


def promises(facts: Snapshot) -> dict[str, Clock]:
    """The clocks of what was promised."""
    return {clock.name: clock for clock in facts.clocks if clock.kind in PROMISES}


def has_told(moved: MemoryRecord, date: Deadline) -> bool:
    """Whether it was told before, under the older edition or as passed by the adoption itself."""
    clock = promises(moved.facts[NUMBER]).get(date.about or "")
    if clock is not None:
        return date.ordinal in clock.passed
    reminded = (EventKind.CONFIRMATION_REMINDED, EventKind.QUESTION_REMINDED)
    return date.kind in REMINDERS and date.ordinal in {
        each.after["ordinal"] for each in moved.events[NUMBER].values() if each.kind in reminded
    }


def checked(moved: MemoryRecord, reported: MemoryRecord) -> bool:
    """Compares the dates ahead; False where the two editions had led to other facts before, so that there is nothing to compare."""
    ours, theirs = moved.facts[NUMBER], reported.facts[NUMBER]
    if any(getattr(ours, name) != getattr(theirs, name) for name in _SAME) or moved.outcomes[NUMBER]["adopt"].result is not Result.APPLIED:
        return False
    of_a_ladder = {ours.climb and ours.climb.ladder}
    ours_ahead, theirs_ahead = ([date for date in ahead(facts) if date.about not in of_a_ladder] for facts in (ours, theirs))
    assert set(ours_ahead) <= set(theirs_ahead)
    assert all(has_told(moved, date) for date in set(theirs_ahead) - set(ours_ahead))
    for name, clock in promises(theirs).items():
        mine = promises(ours)[name]
        assert mine.ledger == clock.ledger
        assert clock.is_over or (mine.budget, mine.calendar) == (clock.budget, clock.calendar)
    climbs = [facts.climb for facts in (ours, theirs)]
    if None not in climbs and climbs[0].step == climbs[1].step and climbs[0].began_at == climbs[1].began_at:  # type: ignore[union-attr]
        assert (climbs[0].at, climbs[0].quiet_until) == (climbs[1].at, climbs[1].quiet_until)  # type: ignore[union-attr]
    return True


def test_moved_at_any_point_it_has_the_dates_of_the_newer_edition() -> None:
    """With the same facts: the same ledgers, budgets and dates, only what was told already is not ahead; and most generated lives had the same facts."""
    compared: list[bool] = []

    @settings(max_examples=150, deadline=None)
    @given(TURNS, st.integers(0, 12), st.sampled_from(Impact), st.sampled_from(Urgency))
    def in_any_life(turns: list[tuple[bool, Any]], adopts_after: int, impact: Impact, urgency: Urgency) -> None:
        report = Report("Nobody can print", category="printing", impact=impact, urgency=urgency)
        moved = lived(turns, report, OLD, min(adopts_after, len(turns)))
        if "adopt" in moved.outcomes[NUMBER]:
            compared.append(checked(moved, lived(turns, report, NEW, None)))

    in_any_life()
    assert sum(compared) > len(compared) / 2
