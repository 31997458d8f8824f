"""Service clocks: budget and ledger always add up (process.md S6, S8)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows import clocks
from workflows.calendars import ALWAYS, Calendar, workdays
from workflows.clocks import BREACH, Clock
from workflows.explanations import explain
from workflows.vocabulary import ClockKind, ClockState

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # 09:00 in Istanbul
OFFICE = Calendar("office", "Europe/Istanbul", workdays("09:00-12:00", "13:00-18:00"), working_day=timedelta(hours=8))
BERLIN = Calendar("berlin", "Europe/Berlin", workdays("08:30-17:00"), working_day=timedelta(hours=8.5))
THRESHOLDS = (50, 75, BREACH)
HOUR = timedelta(hours=1)

calendars = st.sampled_from([OFFICE, BERLIN, ALWAYS])
budgets = st.timedeltas(timedelta(minutes=1), timedelta(hours=120))
gaps = st.lists(st.timedeltas(timedelta(0), timedelta(days=4)), max_size=25)


def begun(calendar: Calendar = OFFICE, budget: timedelta | None = 4 * HOUR, at: datetime = MONDAY) -> Clock:
    """A resolution clock."""
    return clocks.start(ClockKind.RESOLUTION, calendar, budget, THRESHOLDS, at=at, cause="reported", actor="carla")


def turned(clock: Clock, calendar: Calendar, spans: list[timedelta]) -> tuple[Clock, datetime]:
    """Paused and resumed in turn, after each of the spans; and when that was over."""
    at = clock.ledger[-1].since
    for number, gap in enumerate(spans):
        at += gap
        action = clocks.resume if number % 2 else clocks.pause
        clock = action(clock, calendar, at=at, cause="held", actor="asha")
    return clock, at


def counted(calendar: Calendar, spans: list[timedelta], until: datetime) -> timedelta:
    """The same by the simplest rule: add up every second stretch."""
    at, total = MONDAY, timedelta(0)
    for number, gap in enumerate(spans):
        total += timedelta(0) if number % 2 else calendar.between(at, at + gap)
        at += gap
    return total + (timedelta(0) if len(spans) % 2 else calendar.between(at, until))


@given(calendars, budgets, gaps, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_the_ledger_sums_to_the_elapsed_time(calendar: Calendar, budget: timedelta, spans: list[timedelta], later: timedelta) -> None:
    """However often it is paused, elapsed is the working time of the running stretches, and elapsed plus remaining is the budget."""
    clock, at = turned(begun(calendar, budget), calendar, spans)
    elapsed = clocks.elapsed(clock, calendar, at + later)
    assert elapsed == counted(calendar, spans, at + later)
    assert clocks.remaining(clock, calendar, at + later) == budget - elapsed


@given(calendars, budgets, gaps)
def test_a_threshold_is_due_when_its_share_is_used_up(calendar: Calendar, budget: timedelta, spans: list[timedelta]) -> None:
    """At that instant exactly that share is used, never earlier, unless it was used up before; a paused clock promises nothing."""
    clock, at = turned(begun(calendar, budget), calendar, spans)
    assert bool(clock.ahead) is clock.is_running
    for each in clock.ahead:
        share = budget * each.percent / 100
        used = clocks.elapsed(clock, calendar, each.at)
        assert used == share or (each.at == at and used > share)


@given(calendars, budgets, gaps, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_splitting_a_stretch_changes_nothing(calendar: Calendar, budget: timedelta, spans: list[timedelta], later: timedelta) -> None:
    """A pause without length leaves every date and every sum as it was."""
    clock, at = turned(begun(calendar, budget), calendar, spans)
    split = clocks.resume(
        clocks.pause(clock, calendar, at=at + later, cause="held", actor="asha"), calendar, at=at + later, cause="resumed", actor="asha"
    )
    now = at + later + timedelta(days=3)
    if clock.is_running:
        assert clocks.elapsed(split, calendar, now) == clocks.elapsed(clock, calendar, now)
        assert [each.at for each in split.ahead] == [max(each.at, at + later) for each in clock.ahead]


@given(calendars, budgets, gaps)
def test_would_be_due_is_what_becomes_due(calendar: Calendar, budget: timedelta, spans: list[timedelta]) -> None:
    """The promise "due then, if work goes on now" is kept to the instant."""
    clock, at = turned(begun(calendar, budget), calendar, spans)
    promised = clocks.would_be_due(clock, calendar, at)
    assert (promised is not None) is (clock.state is ClockState.PAUSED)
    if promised is not None:
        resumed = clocks.resume(clock, calendar, at=at, cause="resumed", actor="asha")
        assert resumed.due_at == promised


@given(calendars, calendars, budgets, budgets, gaps, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_a_retroactive_switch_is_as_if_it_had_always_been_so(
    old: Calendar, new: Calendar, before: timedelta, after: timedelta, spans: list[timedelta], later: timedelta
) -> None:
    """New budget, same start, same pause ledger: the same dates as a clock that had the new target from the beginning (S8)."""
    clock, at = turned(begun(old, before), old, spans)
    switched, passed = clocks.switch(clock, new, after, THRESHOLDS, at=at, keeps_breach=False)
    always, _ = turned(begun(new, after), new, spans)
    assert clocks.elapsed(switched, new, at + later) == clocks.elapsed(always, new, at + later)
    assert {each.percent for each in switched.ahead} | set(passed) == set(THRESHOLDS) if always.is_running else not switched.ahead
    assert list(switched.ahead) == [each for each in always.ahead if each.percent not in passed]
    assert all(clocks.elapsed(always, new, at) >= after * percent / 100 for percent in passed)


@given(budgets, gaps)
def test_carrying_over_counts_what_was_counted(budget: timedelta, spans: list[timedelta]) -> None:
    """In the mode *carry* the time used stays what it was in the old calendar; in *restart* it is nothing (S8)."""
    clock, at = turned(begun(OFFICE, budget), OFFICE, spans)
    used = clocks.elapsed(clock, OFFICE, at)
    for keeping, expected in ((True, used), (False, timedelta(0))):
        carried = clocks.carry(clock, OFFICE, at=at, cause="reprioritised", actor="ines", keeping=keeping)
        assert clocks.elapsed(carried, ALWAYS, at) == expected
        assert carried.is_running == clock.is_running


def test_a_solution_out_of_a_pause_closes_the_pause() -> None:
    """Resolving from a hold first closes the pause: the time in resolved is another line of the ledger (S6)."""
    clock = clocks.start(ClockKind.RESOLUTION, ALWAYS, timedelta(hours=4), (), at=MONDAY, cause="reported", actor="carla")
    clock = clocks.pause(clock, ALWAYS, at=MONDAY + timedelta(hours=1), cause="held", actor="asha")
    clock = clocks.stop(clock, ALWAYS, at=MONDAY + timedelta(hours=2), cause="resolved", actor="asha")
    assert [(line.cause, line.until) for line in clock.ledger[1:]] == [("held", MONDAY + timedelta(hours=2)), ("resolved", None)]


@given(st.integers(0, 3 * clocks.LONGEST_LEDGER))
def test_a_long_ledger_is_folded_without_loss(turns: int) -> None:
    """A thousand holds keep the state small and the sum right."""
    spans = [timedelta(minutes=7)] * turns
    clock, at = turned(begun(), OFFICE, spans)
    assert len(clock.ledger) <= clocks.LONGEST_LEDGER
    assert clocks.elapsed(clock, OFFICE, at) == counted(OFFICE, spans, at)


@given(calendars, budgets, gaps, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_the_explanation_adds_up(calendar: Calendar, budget: timedelta, spans: list[timedelta], later: timedelta) -> None:
    """What the stretches counted, and what was carried, is what is used up; with the rest it is the budget, but for rounding to seconds."""
    clock, at = turned(begun(calendar, budget), calendar, spans)
    told = explain(clock, calendar, at + later)
    assert abs(sum(each.counted_seconds for each in told.stretches) + told.carried_seconds - told.elapsed_seconds) <= len(told.stretches)
    assert told.remaining_seconds is not None
    assert abs(told.elapsed_seconds + told.remaining_seconds - budget.total_seconds()) <= 2
    assert len(told.sentences) >= 2 + len(told.stretches)


def test_a_weekend_on_hold_adds_nothing() -> None:
    """Friday 17:00 to Monday 09:00 in the office calendar is no pause at all, measured in working time (S6)."""
    friday = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
    clock = begun(at=friday - HOUR)
    paused = clocks.pause(clock, OFFICE, at=friday + HOUR, cause="held", actor="asha")
    resumed = clocks.resume(paused, OFFICE, at=datetime(2026, 11, 30, 6, 0, tzinfo=UTC), cause="resumed", actor="asha")
    assert resumed.due_at == clock.due_at


def test_used_up_at_closing_time_is_due_at_closing_time() -> None:
    """A budget that ends with the working day is due then, not next morning (S7)."""
    assert begun(at=datetime(2026, 11, 23, 11, 0, tzinfo=UTC)).due_at == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(("late", "state"), [(timedelta(0), ClockState.MET), (timedelta(microseconds=1), ClockState.MISSED)])
def test_the_last_instant_is_in_time(late: timedelta, state: ClockState) -> None:
    """Solved at the very instant it is due: met. One moment later: missed."""
    clock = begun()
    assert clock.due_at is not None
    assert clocks.stop(clock, OFFICE, at=clock.due_at + late, cause="resolved", actor="asha").state is state


def test_a_breach_stays_through_a_reopening() -> None:
    """What was late stays late when work goes on; nothing that was told is told again (S6, S12)."""
    clock = begun()
    for percent in THRESHOLDS:
        clock = clocks.passes(clock, percent)
    assert clock.breached_at == begun().due_at
    stopped = clocks.stop(clock, OFFICE, at=MONDAY + 6 * HOUR, cause="resolved", actor="asha")
    again = clocks.reopen(stopped, OFFICE, at=MONDAY + 30 * HOUR, cause="reopened", actor="carla")
    assert again.state is ClockState.RUNNING
    assert (again.breached_at, again.ahead) == (clock.breached_at, ())


def test_time_in_resolved_does_not_count() -> None:
    """Solved on Monday, still broken on Wednesday: the days between are the caller's (S12)."""
    stopped = clocks.stop(begun(), OFFICE, at=MONDAY + HOUR, cause="resolved", actor="asha")
    again = clocks.reopen(stopped, OFFICE, at=MONDAY + timedelta(days=2), cause="rejected", actor="carla")
    assert clocks.remaining(again, OFFICE, MONDAY + timedelta(days=2)) == 3 * HOUR


def test_a_downgrade_supersedes_a_breach() -> None:
    """Late as P1, in time as P3: the new clock is not late, and may be late again once (S8)."""
    late = clocks.passes(begun(ALWAYS, HOUR), BREACH)
    calmer, passed = clocks.switch(late, OFFICE, 24 * HOUR, THRESHOLDS, at=MONDAY + 2 * HOUR, keeps_breach=False)
    assert (calmer.breached_at, passed) == (None, ())
    assert calmer.due_at is not None
    graver, _ = clocks.switch(late, ALWAYS, 2 * HOUR, THRESHOLDS, at=MONDAY + HOUR, keeps_breach=True)
    assert graver.breached_at == late.breached_at


def test_a_clock_without_a_target_only_counts() -> None:
    """Who holds an incident is measured also where nothing was agreed."""
    clock = begun(budget=None)
    assert (clock.ahead, clocks.remaining(clock, OFFICE, MONDAY + HOUR), clocks.elapsed(clock, OFFICE, MONDAY + HOUR)) == ((), None, HOUR)
    assert "working time so far" in explain(replace(clock, holder="network", kind=ClockKind.INTERNAL), OFFICE, MONDAY + HOUR).sentences[1]


def test_the_reasons_can_be_read() -> None:
    """A paused clock says when it would be due, how much is used, and why."""
    paused = clocks.pause(begun(), OFFICE, at=MONDAY + 90 * timedelta(minutes=1), cause="held", actor="asha")
    told = " ".join(explain(paused, OFFICE, MONDAY + 2 * HOUR).sentences)
    assert "paused; it would be due 2026-11-23 14:30 if work went on now" in told
    assert "1 h 30 min of 4 h working time are used up" in told
    assert "held, by asha" in told
