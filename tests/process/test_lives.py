"""Generated lives of incidents: what holds for every one of them."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import takewhile

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pydantic import TypeAdapter

from tests.process.life import ASHA, CARLA, INES, NOAH, PAVEL, STRANGER, Life
from tests.process.newer_edition import CLOSURE, LADDERS, LEVELS, NEW, OLD, first_rule, with_rules
from workflows.attachments import AttachFile, RemoveFile
from workflows.calendars import Calendar
from workflows.clocks import elapsed
from workflows.dates import ahead
from workflows.explanations import explain
from workflows.house_messages import AdoptEdition, ReportUndeliverable
from workflows.messages import (
    SYSTEM,
    Acknowledge,
    Amend,
    Assign,
    Cancel,
    Confirm,
    Escalate,
    Hold,
    Note,
    OverridePriority,
    PublicMessage,
    Reject,
    Reopen,
    Report,
    Reprioritise,
    Resolve,
    Resume,
    Take,
)
from workflows.policies.book import HOLDFAST, Book, adopt
from workflows.policies.dated import Dated
from workflows.policies.file_rules import MB
from workflows.policies.service_levels import PriorityChange
from workflows.publication import Event, Publication, Result
from workflows.record import Incident
from workflows.vocabulary import (
    Audience,
    CancelReason,
    ClockKind,
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

WHO = st.sampled_from([ASHA, CARLA, INES, NOAH, STRANGER])
FILES = st.sampled_from([f"{place:032x}" for place in range(3)])
WHAT = st.one_of(
    st.sampled_from([Acknowledge(), Take(), Resume(), Amend(category="network"), Cancel(CancelReason.DUPLICATE)]),
    st.builds(Assign, st.sampled_from([None, "service-desk", "network"]), st.sampled_from([None, "asha"])),
    st.builds(Escalate, st.just("so far")),
    st.builds(Reprioritise, st.sampled_from(Impact), st.sampled_from(Urgency), st.just("asked")),
    st.builds(OverridePriority, st.sampled_from([None, *Priority]), st.just("board meets")),
    st.builds(Hold, st.sampled_from(HoldReason), st.sampled_from([None, "Which one?"])),
    st.builds(Resolve, st.sampled_from(["fixed", "unheard of"]), st.just("done")),
    st.builds(Confirm, st.sampled_from([None, 1, 2])),
    st.builds(Reject, st.just("no"), st.sampled_from([None, 1, 2])),
    st.builds(Reopen, st.just("back")),
    st.sampled_from([Note("a note"), PublicMessage("a message")]),
    st.builds(AttachFile, FILES, st.sampled_from([1, MB, 11 * MB]), st.sampled_from(["png", "exe"]), st.just("ab" * 32), st.booleans()),
    st.builds(RemoveFile, FILES, st.just("wrong one")),
)
WORK = st.one_of(
    st.tuples(st.just(ASHA), st.sampled_from([Acknowledge(), Take(), Resume(), Resolve("fixed", "done"), PublicMessage("a message")])),
    st.tuples(st.just(ASHA), st.builds(Reprioritise, st.sampled_from(Impact), st.sampled_from(Urgency), st.just("asked"))),
    st.tuples(st.just(INES), st.builds(OverridePriority, st.sampled_from([None, *Priority]), st.just("board meets"))),
    st.tuples(st.just(CARLA), st.sampled_from([Confirm(), Reject("no"), PublicMessage("an answer"), Reopen("back")])),
    st.tuples(st.just(PAVEL), st.just(AdoptEdition(NEW, "decided"))),
)
LETTERS = st.sampled_from([LetterName.RESOLVED, LetterName.QUESTION, LetterName.BREACH])
SAVED = TypeAdapter(Incident)
FIRINGS = (EventKind.THRESHOLD_PASSED, EventKind.BREACHED)
TELLS_APART = ("clock", "percent", "ladder", "round", "step")
STEPS = (EventKind.ESCALATION_STEPPED, EventKind.ESCALATION_SKIPPED)
WORKED_ON = (Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD)


def desk_where_a_new_priority(mode: PriorityChange) -> Book:
    """A desk with that rule for a priority that changes, and a newer edition in which budgets, thresholds, ladder and closing dates are others."""
    levels = [
        Dated(date.fromisoformat(day), replace(rule, priority_change=mode), "test")
        for day, rule in ((OLD, first_rule("service_levels")), (NEW, LEVELS))
    ]
    return replace(with_rules(closure=CLOSURE, escalation=LADDERS), service_levels=tuple(levels))


DESKS = {mode: desk_where_a_new_priority(mode) for mode in PriorityChange}


def _switches(event: Event) -> bool:
    """Whether the priority became another one, by people."""
    return "priority" in event.after and event.kind in (EventKind.REPRIORITISED, EventKind.PRIORITY_OVERRIDDEN)


class LifeOfAnIncident(RuleBasedStateMachine):
    """People say anything in any order, time passes, workers vanish, publications come late or twice."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life()
        self.everything: dict[int, Event] = {}
        self.in_flight: Publication | None = None
        self.mode = PriorityChange.RETROACTIVE

    def teardown(self) -> None:
        """Other tests work by the desk's own book."""
        adopt(HOLDFAST)

    @initialize(impact=st.sampled_from(Impact), urgency=st.sampled_from(Urgency), mode=st.sampled_from(PriorityChange))
    def report(self, impact: Impact, urgency: Urgency, mode: PriorityChange) -> None:
        """An incident of any priority, so with any ladder or none, at a desk with any rule for a priority that changes."""
        self.mode = mode
        adopt(DESKS[mode])
        self.life = Life(Report("Printer on floor 3 is jammed", category="printing", impact=impact, urgency=urgency), edition=OLD)

    @rule(who=WHO, what=WHAT)
    def say(self, who: object, what: object) -> None:
        """A message is applied or refused; the same id again changes nothing."""
        was_over, before = self.life.incident.is_over, self.life.facts
        outcome = self.life.says(who, what)  # type: ignore[arg-type]
        if was_over:
            assert outcome.result is Result.REFUSED
        if outcome.result is Result.REFUSED:
            assert (self.life.facts.status, self.life.facts.cycle, self.life.facts.due) == (before.status, before.cycle, before.due)
        saved = SAVED.dump_json(self.life.incident)
        self.life.says(who, what, command_id=outcome.command_id)  # type: ignore[arg-type]
        assert SAVED.dump_json(self.life.incident) == saved

    @rule(word=WORK)
    def is_worked_on(self, word: tuple[object, object]) -> None:
        """What moves an incident on, said by whom it is for: chance alone rarely finds the right one."""
        self.say(*word)

    @rule(hours=st.integers(-1, 200))
    def hold_until(self, hours: int) -> None:
        """Held until a set time: then it goes on by itself, and a time that has passed is refused (S4)."""
        until = self.life.now + timedelta(hours=hours)
        outcome = self.life.says(ASHA, Hold(HoldReason.SCHEDULED, None, until))
        assert hours > 0 or outcome.result is Result.REFUSED
        ends = [date.at for date in ahead(self.life.facts) if date.kind is DeadlineKind.HOLD_ENDS]
        assert ends == [until] or outcome.result is Result.REFUSED

    @rule(letter=LETTERS, is_unsure=st.booleans(), earlier=st.booleans())
    def a_letter_fails(self, letter: LetterName, is_unsure: bool, earlier: bool) -> None:
        """What the desk could not deliver moves no clock and no state; silence after a question that never came closes nothing (S11, S14)."""
        before, cycle = self.life.facts, self.life.facts.cycle - earlier
        asks = letter is LetterName.RESOLVED
        self.life.says(SYSTEM, ReportUndeliverable(letter, cycle, "carla", asks_for_confirmation=asks, may_have_arrived=is_unsure))
        assert (self.life.facts.status, self.life.facts.clocks, self.life.facts.climb) == (before.status, before.clocks, before.climb)

    @rule(hours=st.integers(0, 80))
    def time_passes(self, hours: int) -> None:
        """With a worker at hand, every date happens at its time."""
        before = len(self.life.incident.events)
        resting = {clock.name for clock in self.life.facts.clocks if not clock.is_running}
        self.life.passes(timedelta(hours=hours))
        happened = self.life.incident.events[before:]
        assert all(event.at == event.planned_at for event in happened if event.planned_at)
        # The end of a hold may let a clock go on; until something ends, one that rests does not fire.
        as_it_was = takewhile(lambda event: not event.after.keys() & {"status", "hold_reason"}, happened)
        assert not [event for event in as_it_was if event.kind in FIRINGS and event.after["clock"] in resting]

    @rule(hours=st.integers(0, 400))
    def nobody_is_there(self, hours: int) -> None:
        """After an outage nothing is left due."""
        self.life.sleeps(timedelta(hours=hours))

    @rule(away=st.sets(st.sampled_from(Audience)))
    def publish(self, away: set[Audience]) -> None:
        """The record takes what it was given, whenever it gets round to it, and says who could not be reached."""
        if self.in_flight is None:
            self.in_flight = self.life.incident.publication()
        else:
            self.life.is_answered(self.in_flight, away)
            self.in_flight = None

    @rule()
    def hand_over(self) -> None:
        """A long history continues in a fresh run with the same state: all that was known, and every date that is ahead."""
        saved, dates = SAVED.dump_json(self.life.incident), ahead(self.life.facts)
        self.life.incident = SAVED.validate_json(saved)
        assert SAVED.dump_json(self.life.incident) == saved
        assert ahead(self.life.facts) == dates

    @invariant()
    def events_have_no_gap(self) -> None:
        """Every version is one event, published or waiting; none is lost, none is numbered twice."""
        for event in self.life.incident.events:
            known = self.everything.setdefault(event.seq, event)
            assert (known.kind, known.at) == (event.kind, event.at)
        assert sorted(self.everything) == list(range(1, self.life.facts.version + 1))

    @invariant()
    def files_are_what_the_events_say(self) -> None:
        """Added and not removed, within the limits of the edition; callers add nothing inner (S1, S22)."""
        there: dict[str, int] = {}
        for _, event in sorted(self.everything.items()):
            if event.kind in (EventKind.CALLER_ADDED_FILE, EventKind.AGENT_ADDED_FILE):
                there[event.after["file"]] = event.after["file_size"]
                assert event.public or event.kind is EventKind.AGENT_ADDED_FILE
            elif event.kind is EventKind.FILE_REMOVED:
                del there[event.after["file"]]
        allowed = self.life.incident.rules.files
        assert {each.file: each.size for each in self.life.facts.files} == there
        assert len(there) <= allowed.most
        assert sum(there.values()) <= allowed.total

    @invariant()
    def time_never_runs_backward(self) -> None:
        """Events stand in the order in which they happened."""
        instants = [self.everything[seq].at for seq in sorted(self.everything)]
        assert instants == sorted(instants)

    @invariant()
    def nothing_is_overdue(self) -> None:
        """What was due has happened: no deadline is ever missed, those of clocks and ladders included (S9)."""
        assert all(deadline.at > self.life.now for deadline in ahead(self.life.facts))

    @invariant()
    def nothing_is_early(self) -> None:
        """No deadline fires before the instant it was planned for (S9)."""
        assert all(event.at >= event.planned_at for event in self.everything.values() if event.planned_at)

    @invariant()
    def each_plan_is_carried_out_once(self) -> None:
        """One plan, one firing: no kind of deadline happens twice for the same instant and the same clock or step (S9)."""
        fired = Counter(
            ("step" if event.kind in STEPS else event.kind, event.planned_at, *(event.after.get(name) for name in TELLS_APART))
            for event in self.everything.values()
            if event.planned_at
        )
        assert all(count == 1 for count in fired.values()), fired

    @invariant()
    def the_ledger_is_the_story_of_the_events(self) -> None:
        """Elapsed time is what the timeline says: the office hours in which somebody worked on it and did not wait for the caller (S6)."""
        clock = next((clock for clock in self.life.facts.clocks if clock.kind is ClockKind.RESOLUTION), None)
        if clock is None:
            return
        calendar = self.life.incident.rules.calendars[clock.calendar]
        # What was carried was counted in the calendars of the priorities before; explanations_add_up looks at that sum.
        if self.mode is not PriorityChange.CARRY or not any(map(_switches, self.everything.values())):
            assert elapsed(clock, calendar, self.life.now) == self._told_by_events(calendar)

    def _told_by_events(self, calendar: Calendar) -> timedelta:
        """The same sum from statuses, reasons and priorities alone, as an auditor would add it up."""
        total, since, counts, status = timedelta(0), self.life.facts.reported_at, True, Status.NEW
        for event in (self.everything[seq] for seq in sorted(self.everything)):
            told = event.after
            if "status" in told or "hold_reason" in told:
                total += calendar.between(since, event.at) if counts else timedelta(0)
                since = event.at
                status, reason = told.get("status", Status.ON_HOLD), told.get("hold_reason")
                counts = status in WORKED_ON and reason != HoldReason.CALLER
            if self.mode is PriorityChange.RESTART and _switches(event) and status in WORKED_ON:
                total, since = timedelta(0), event.at
        return total + (calendar.between(since, self.life.now) if counts else timedelta(0))

    @invariant()
    def explanations_add_up(self) -> None:
        """Elapsed is what was carried and what the stretches counted; with the rest it is the budget, but for rounding to seconds (S6)."""
        calendars = self.life.incident.rules.calendars
        for clock in self.life.facts.clocks:
            told = explain(clock, calendars[clock.calendar], self.life.now)
            counted = told.carried_seconds + sum(each.counted_seconds for each in told.stretches)
            assert abs(counted - told.elapsed_seconds) <= len(told.stretches) + 1
            if clock.budget is not None and told.remaining_seconds is not None:
                assert abs(told.elapsed_seconds + told.remaining_seconds - clock.budget.total_seconds()) <= 2

    @invariant()
    def a_clock_that_rests_promises_nothing(self) -> None:
        """Only a running clock has dates, so a paused one can never fire (S6)."""
        assert all(clock.is_running or not clock.ahead for clock in self.life.facts.clocks)

    @invariant()
    def what_is_used_up_has_been_told(self) -> None:
        """Every share of a budget that is used up has fired or was passed at a switch; none before its time (S8)."""
        calendars = self.life.incident.rules.calendars
        for clock in self.life.facts.clocks:
            used = elapsed(clock, calendars[clock.calendar], self.life.now)
            for percent in clock.thresholds if clock.budget else ():
                assert percent in clock.passed or clock.is_over or used < clock.budget * percent / 100 or not clock.is_running

    @invariant()
    def no_threshold_fires_twice(self) -> None:
        """Each share of each clock is told once, unless a downgrade took the breach back (S8)."""
        told = Counter((event.after["clock"], event.after["percent"]) for event in self.everything.values() if event.kind in FIRINGS)
        assert all(count <= 1 + self.life.facts.downgraded_after_breach for count in told.values())

    @invariant()
    def somebody_holds_it(self) -> None:
        """At most one group or supplier holds an incident at a time (S5)."""
        holding = [clock for clock in self.life.facts.clocks if clock.holder and clock.is_running]
        assert len(holding) <= 1
        assert not holding or self.life.facts.status in (Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD)

    @invariant()
    def the_end_has_no_dates(self) -> None:
        """A closed or cancelled incident waits for nothing."""
        if self.life.incident.is_over:
            assert self.life.incident.next_deadline is None

    @invariant()
    def silence_never_closes_early(self) -> None:
        """Closed by silence means five working days of it, counted from the last resolution (S11)."""
        facts = self.life.facts
        if facts.closed_by is ClosedBy.SILENCE:
            assert facts.closed_at is not None
            assert facts.resolved_at is not None
            office = self.life.incident.rules.calendars["office"]
            assert office.between(facts.resolved_at, facts.closed_at) >= office.days(5)

    @invariant()
    def a_cycle_is_a_reopening(self) -> None:
        """The cycle counts resolutions: one more than reopenings (S12)."""
        assert self.life.facts.cycle == self.life.facts.reopen_count + 1

    @invariant()
    def holding_has_a_reason(self) -> None:
        """On hold and its reason come and go together (S4)."""
        assert (self.life.facts.status is Status.ON_HOLD) == (self.life.facts.hold_reason is not None)

    @invariant()
    def every_closing_is_once(self) -> None:
        """Closed at most once."""
        assert sum(event.kind is EventKind.CLOSED for event in self.everything.values()) <= 1


TestLives = LifeOfAnIncident.TestCase
TestLives.settings = settings(max_examples=2000, stateful_step_count=24, deadline=None)
