"""What happens by itself (process.md S9, S11)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.process.life import ASHA, CARLA, INES, TUESDAY, Life
from workflows.dates import ahead
from workflows.deadlines import suspend_closure
from workflows.decisions import receive
from workflows.house_messages import ReportUndeliverable
from workflows.messages import SYSTEM, Acknowledge, Confirm, Hold, OverridePriority, Report, Resolve, Sent, Take
from workflows.policies.book import HOLDFAST, adopt
from workflows.policies.dated import Dated
from workflows.policies.service_levels import PriorityChange
from workflows.publication import Published, Unreached
from workflows.unanswered import unanswered_question
from workflows.vocabulary import (
    Audience,
    ClockKind,
    ClockState,
    ClosedBy,
    DeadlineKind,
    EventKind,
    HoldReason,
    Impact,
    LetterName,
    Priority,
    Status,
    Urgency,
)

FIXED = Resolve("fixed", "Took the paper out.")
DAY = timedelta(days=1)


def resolved() -> Life:
    """Resolved on Tuesday at 10:00 office time."""
    life = Life()
    life.says(ASHA, FIXED)
    return life


def test_the_first_letter_knows_all_dates() -> None:
    """Reminders after 2 and 4 working days, closure after 5, all known when it is resolved (S11)."""
    life = resolved()
    assert [deadline.at for deadline in life.facts.due] == [
        datetime(2026, 11, 26, 7, tzinfo=UTC),
        datetime(2026, 11, 30, 7, tzinfo=UTC),
        datetime(2026, 12, 1, 7, tzinfo=UTC),
    ]
    told = life.incident.letters[-1].facts
    assert told.closes_at == datetime(2026, 12, 1, 7, tzinfo=UTC)
    assert len(told.reminders) == 2


def test_silence_closes_on_time_and_never_early() -> None:
    """Two reminders, then closed five working days after resolution, to the second (S11)."""
    life = resolved()
    assert life.passes(7 * DAY - timedelta(seconds=1)).facts.status is Status.RESOLVED
    life.passes(timedelta(seconds=1))
    assert (life.facts.status, life.facts.closed_by) == (Status.CLOSED, ClosedBy.SILENCE)
    assert len(life.events(EventKind.CONFIRMATION_REMINDED)) == 2


def test_dates_count_from_resolution_not_from_the_last_update() -> None:
    """What is said after resolution moves no date (S11)."""
    life = resolved()
    due = life.facts.due
    life.passes(DAY).says(CARLA, Resolve("fixed", "nice try"))
    assert life.facts.due == due


def test_after_an_outage_each_date_fires_once() -> None:
    """Two reminders missed together give one letter; the other is noted (S9)."""
    life = resolved().sleeps(6 * DAY + timedelta(hours=1))
    assert len(life.events(EventKind.CONFIRMATION_REMINDED)) == 1
    merged = life.events(EventKind.REMINDER_MERGED)[0]
    assert merged.planned_at == TUESDAY + 2 * DAY
    assert merged.at == life.now


def test_an_outage_over_the_closing_date_closes_once_and_says_it_was_late() -> None:
    """Planned and actual time stand in the record (S9)."""
    life = resolved().sleeps(30 * DAY)
    closed = life.events(EventKind.CLOSED)
    assert len(closed) == 1
    assert (closed[0].planned_at, closed[0].at) == (TUESDAY + 7 * DAY, life.now)


def test_an_unanswered_question_is_given_up() -> None:
    """Reminders after 2 and 4 working days, resolved as no answer after 6, then the usual confirmation (S11)."""
    life = Life()
    life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
    life.passes(8 * DAY)
    assert (life.facts.status, life.facts.resolution_code) == (Status.RESOLVED, "no answer")
    assert unanswered_question(life.facts.resolution_notes) == "Which printer?"
    assert (life.facts.resolved_by, life.facts.question, life.facts.hold_reason) == (None, None, None)
    assert len(life.events(EventKind.QUESTION_REMINDED)) == 2
    assert LetterName.RESOLVED in life.letters()
    assert life.passes(7 * DAY).facts.status is Status.CLOSED


def test_waiting_for_a_vendor_has_no_date() -> None:
    """Only a question to the caller and a scheduled hold end by themselves."""
    life = Life()
    life.says(ASHA, Hold(HoldReason.VENDOR))
    assert life.facts.due == ()


def _undeliverable(life: Life, cycle: int = 1) -> None:
    message = ReportUndeliverable("resolved", cycle, "carla", asks_for_confirmation=True)
    receive(life.incident, Sent("undeliverable:1", SYSTEM, life.now, message), life.now)


def test_an_undeliverable_question_stops_automatic_closure() -> None:
    """Who was never asked cannot consent by silence (S11)."""
    life = resolved()
    _undeliverable(life)
    assert life.passes(60 * DAY).facts.status is Status.RESOLVED
    assert life.facts.confirmation_undeliverable
    life.says(CARLA, Confirm())
    assert life.passes(DAY).facts.status is Status.CLOSED


def test_a_question_that_may_not_have_arrived_stops_automatic_closure() -> None:
    """Where nobody knows whether the caller was asked, silence is no consent; the reminders still go out and say that nothing closes (S11, S14)."""
    life = resolved()
    unsure = ReportUndeliverable("resolved", 1, "carla", asks_for_confirmation=True, may_have_arrived=True)
    receive(life.incident, Sent("undeliverable:1", SYSTEM, life.now, unsure), life.now)
    assert life.passes(60 * DAY).facts.status is Status.RESOLVED
    assert life.facts.confirmation_undeliverable
    assert [event.after.get("may_have_arrived") for event in life.events(EventKind.LETTER_FAILED)] == [True]
    assert life.letters().count(LetterName.CONFIRMATION_REMINDER) == 2
    assert all(owed.facts.closes_at is None for owed in life.incident.letters if owed.letter is LetterName.CONFIRMATION_REMINDER)
    life.says(CARLA, Confirm())
    assert life.passes(DAY).facts.status is Status.CLOSED


def test_an_undeliverable_reminder_does_not_undo_an_answer() -> None:
    """Once the caller has answered, a failed letter changes nothing (S11)."""
    life = resolved()
    life.says(CARLA, Confirm())
    _undeliverable(life)
    assert life.passes(DAY).facts.status is Status.CLOSED


def test_a_failed_letter_of_an_earlier_cycle_stops_nothing() -> None:
    """Only the present question counts."""
    life = resolved()
    _undeliverable(life, cycle=2)
    assert life.passes(7 * DAY).facts.status is Status.CLOSED


def _lost(life: Life, letter: LetterName, owed_at: datetime, *, may_have_arrived: bool = False) -> None:
    asks = letter is LetterName.RESOLVED
    lost = ReportUndeliverable(
        letter,
        life.facts.cycle,
        "carla",
        asks,
        may_have_arrived=may_have_arrived,
        cause=life.facts.version,
        owed_at=owed_at,
        nobody_else=True,
    )
    life.says(SYSTEM, lost)


def test_a_question_that_came_back_is_told_to_whoever_has_the_incident() -> None:
    """Who was never asked is not reminded and has not left it unanswered: it stays on hold, and the assignee hears that somebody must act (S11, S14)."""
    life = Life()
    life.says(ASHA, Take())
    life.says(ASHA, Hold(HoldReason.CALLER, "Which floor?"))
    _lost(life.passes(timedelta(minutes=1)), LetterName.QUESTION, life.facts.held_at or life.now)
    told = [owed for owed in life.incident.letters if owed.letter is LetterName.CALLER_NOT_REACHED]
    assert [(owed.to, owed.addressees, owed.facts.text) for owed in told] == [(Audience.ASSIGNEE, ("asha", "service-desk"), "Which floor?")]
    life.passes(30 * DAY)
    assert (life.facts.status, life.facts.due) == (Status.ON_HOLD, ())
    assert LetterName.QUESTION_REMINDER not in life.letters()
    # Asked anew, it has its dates again.
    life.says(ASHA, Hold(HoldReason.CALLER, "Which floor, please?"))
    assert [each.kind for each in life.facts.due] == [
        DeadlineKind.QUESTION_REMINDER,
        DeadlineKind.QUESTION_REMINDER,
        DeadlineKind.NO_ANSWER,
    ]


def test_only_the_present_question_counts_and_only_if_it_is_lost() -> None:
    """An earlier question, one that may have arrived, and one of an older sender leave the dates as they are, and nobody is written to."""
    life = Life()
    life.says(ASHA, Hold(HoldReason.CALLER, "Which floor?"))
    earlier = life.now
    life.passes(timedelta(minutes=1)).says(ASHA, Hold(HoldReason.CALLER, "Which room?"))
    due = life.facts.due
    _lost(life, LetterName.QUESTION, earlier)
    _lost(life, LetterName.QUESTION, life.now, may_have_arrived=True)
    life.says(SYSTEM, ReportUndeliverable(LetterName.QUESTION, 1, "carla"))
    assert life.facts.due == due
    assert LetterName.CALLER_NOT_REACHED not in life.letters()


@pytest.mark.parametrize("may_have_arrived", [False, True])
def test_a_solution_that_came_back_is_told_to_whoever_has_the_incident(may_have_arrived: bool) -> None:
    """It does not close by silence any more, so somebody must know; not where the caller has answered already (S11, S14)."""
    life = resolved()
    _lost(life, LetterName.RESOLVED, life.now, may_have_arrived=may_have_arrived)
    told = [owed.facts for owed in life.incident.letters if owed.letter is LetterName.CALLER_NOT_REACHED]
    assert [(facts.text, facts.solution) for facts in told] == [(None, life.facts.resolution_notes)]
    answered = resolved()
    answered.says(CARLA, Confirm())
    _lost(answered, LetterName.RESOLVED, answered.now, may_have_arrived=may_have_arrived)
    assert LetterName.CALLER_NOT_REACHED not in answered.letters()


def test_nobody_to_tell_that_the_caller_was_not_reached() -> None:
    """An incident that nobody has: the fallback owner hears of it."""
    life = resolved()
    _lost(life, LetterName.RESOLVED, life.now)
    cause = life.facts.version
    life.is_answered(life.incident.publication(), {Audience.ASSIGNEE})
    told = [event.after for event in life.events(EventKind.ESCALATION_STEPPED)]
    assert [(each["to"], each["why"]) for each in told] == [("fallback_owner", "nobody was told that the caller was not reached")]
    assert life.facts.version > cause


def test_nobody_to_ask_stops_automatic_closure() -> None:
    """A caller without an address is told on the timeline and never closed by silence (S11)."""
    life = resolved()
    unreached = (Unreached(LetterName.RESOLVED, Audience.CALLER, life.facts.version),)
    life.incident.published(Published(life.facts.version, unreached), life.now)
    suspend_closure(life.incident, unreached, life.now)
    assert life.passes(60 * DAY).facts.status is Status.RESOLVED
    assert life.events(EventKind.NOBODY_REACHED)


def test_a_confirmation_leaves_one_date() -> None:
    """After "it works" nothing but the end of the undo period is ahead."""
    life = resolved()
    life.says(CARLA, Confirm())
    assert [deadline.kind for deadline in life.facts.due] == [DeadlineKind.UNDO_ENDS]


def test_a_late_date_is_marked_late() -> None:
    """What fired more than a minute after its time says by how much; what was punctual says nothing (S9)."""
    punctual, late = resolved().passes(7 * DAY), resolved().sleeps(7 * DAY + timedelta(hours=1))
    assert "late_seconds" not in punctual.events(EventKind.CLOSED)[0].after
    assert late.events(EventKind.CLOSED)[0].after["late_seconds"] == 3600


def test_a_hold_that_ended_while_nobody_worked_counts_from_its_end() -> None:
    """An outage of ours stops no clock: after a scheduled hold it runs from the time the hold was planned to end (S9)."""
    levels = replace(HOLDFAST.service_levels[0].rule, pauses={ClockKind.RESOLUTION: frozenset({HoldReason.SCHEDULED})})
    adopt(replace(HOLDFAST, service_levels=[Dated(date(2026, 1, 1), levels, "test")]))
    try:
        lives = [Life(Report("All is down", category="network", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH)) for _ in range(2)]
        for life in lives:
            life.says(ASHA, Hold(HoldReason.SCHEDULED, until=life.now + timedelta(hours=1)))
        there, away = lives[0].passes(timedelta(hours=6)), lives[1].sleeps(timedelta(hours=6))
        assert [clock.breached_at for clock in away.facts.clocks] == [clock.breached_at for clock in there.facts.clocks]
    finally:
        adopt(HOLDFAST)


def test_a_breach_is_told_also_to_whoever_resolves_a_moment_too_late() -> None:
    """A solution sent with a clock that is a little ahead, read just after the due time, does not hide the breach; it counts from the due time (S8)."""
    life = Life(Report("All is down", category="network", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH))
    life.says(ASHA, Acknowledge())
    due = next(deadline.at for deadline in ahead(life.facts) if deadline.kind is DeadlineKind.BREACH)
    life.passes(due - timedelta(seconds=1) - life.now)
    life.now = due + timedelta(seconds=1)
    receive(life.incident, Sent("late", ASHA, life.now + timedelta(milliseconds=5), Resolve("fixed", "done")), life.now)
    assert len(life.events(EventKind.BREACHED)) == 1
    assert next(clock for clock in life.facts.clocks if clock.kind is ClockKind.RESOLUTION).breached_at == due


@pytest.mark.parametrize("mode", PriorityChange)
def test_a_priority_without_a_promise_loses_none(mode: PriorityChange) -> None:
    """While the priority promises nothing, the clock only measures; when it rises again, the promise is what it would have been (S8)."""
    levels = HOLDFAST.service_levels[0].rule
    levels = replace(levels, resolution={Priority.P1: levels.resolution[Priority.P1]}, priority_change=mode)
    adopt(replace(HOLDFAST, service_levels=[Dated(date(2026, 1, 1), levels, "test")]))
    try:
        report = Report("All is down", category="network", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH)
        steady, moved = Life(report), Life(report)
        moved.says(INES, OverridePriority(Priority.P4, "a drill"))
        assert {clock.kind: clock.due_at for clock in moved.facts.clocks}[ClockKind.RESOLUTION] is None
        assert not [each for each in ahead(moved.facts) if each.about == ClockKind.RESOLUTION]
        moved.passes(timedelta(minutes=30))
        moved.says(INES, OverridePriority(Priority.P1, "no drill"))
        promised = [{clock.kind: clock.due_at for clock in life.facts.clocks}[ClockKind.RESOLUTION] for life in (steady, moved)]
        later = timedelta(minutes=30) if mode is PriorityChange.RESTART else timedelta(0)
        assert promised[0] is not None
        assert promised[1] == promised[0] + later
        moved.says(INES, OverridePriority(Priority.P4, "a drill"))
        moved.says(ASHA, Resolve("fixed", "done"))
        assert next(clock for clock in moved.facts.clocks if clock.kind is ClockKind.RESOLUTION).breached_at is None
    finally:
        adopt(HOLDFAST)


def test_a_promise_made_during_a_hold_begins_with_it() -> None:
    """Reported where nothing is promised, then more urgent while it waits for the caller: the new clock rests until the caller has answered (S6, S8)."""
    levels = HOLDFAST.service_levels[0].rule
    levels = replace(levels, resolution={Priority.P1: levels.resolution[Priority.P1]})
    adopt(replace(HOLDFAST, service_levels=[Dated(date(2026, 1, 1), levels, "test")]))
    try:
        life = Life(Report("It flickers", category="network"))
        life.says(ASHA, Hold(HoldReason.CALLER, question="Since when?"))
        life.says(INES, OverridePriority(Priority.P1, "the board meets there"))
        (resolution,) = [clock for clock in life.facts.clocks if clock.kind is ClockKind.RESOLUTION]
        assert resolution.state is ClockState.PAUSED
        assert not [each for each in ahead(life.facts) if each.about == ClockKind.RESOLUTION]
    finally:
        adopt(HOLDFAST)
