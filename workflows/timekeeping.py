"""What happens to an incident moves its clocks (process.md S5, S6, S8, S12): pure, and in one place for every kind of event."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from workflows import clocks as clock_work
from workflows.calendars import Calendar
from workflows.clocks import BREACH, Clock
from workflows.policies.book import Edition
from workflows.policies.service_levels import PriorityChange, Reopening, Target
from workflows.publication import Snapshot
from workflows.vocabulary import ClockKind, EventKind, HoldReason, Priority, Status

PROMISES = (ClockKind.RESPONSE, ClockKind.RESOLUTION)
HOLDERS = (ClockKind.INTERNAL, ClockKind.SUPPLIER)
VENDOR = "vendor"
# Acknowledging, writing to the caller and solving are answers; holding is not (S6).
_ANSWERS = frozenset({EventKind.ACKNOWLEDGED, EventKind.AGENT_WROTE, EventKind.RESOLVED})
_WORKED_ON = frozenset({Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD})


@dataclass(frozen=True)
class Passed:
    """A threshold that a new priority has passed by itself (S8)."""

    clock: str
    percent: int


@dataclass(frozen=True)
class Kept:
    """The clocks after an event; what a new priority passed; whether it took a breach away."""

    clocks: tuple[Clock, ...]
    at_switch: tuple[Passed, ...] = ()
    is_downgraded_after_breach: bool = False


@dataclass(frozen=True)
class Moment:
    """An event as far as clocks care."""

    kind: EventKind
    at: datetime
    actor: str
    rules: Edition

    def calendar(self, clock: Clock) -> Calendar:
        """The calendar the clock counts in."""
        return self.rules.calendars[clock.calendar]

    def do(self, action: Callable[..., Clock], clock: Clock) -> Clock:
        """One of the actions of clocks.py, at this moment, for this cause."""
        return action(clock, self.calendar(clock), at=self.at, cause=self.kind.value, actor=self.actor)


def keep_time(before: Snapshot, after: Snapshot, kind: EventKind, at: datetime, actor: str, rules: Edition) -> Kept:
    """The clocks as they are after an event that led from ``before`` to ``after``."""
    moment = Moment(kind, at, actor, rules)
    if kind is EventKind.PRIORITISED:
        return Kept((*_promised(after, rules), *_held(after.clocks, after, moment)))
    if not after.clocks and kind in (EventKind.REPORTED, EventKind.CATEGORISED):
        return Kept(())
    if after.status in (Status.CANCELLED, Status.CLOSED):
        return Kept(tuple(_at_the_end(clock, after, moment) for clock in after.clocks))
    if kind is EventKind.EDITION_ADOPTED:
        return _under_the_edition(after, moment)
    known = [_follow(clock, before, after, moment) for clock in after.clocks if clock.kind in PROMISES]
    kept = Kept(tuple(known))
    if before.priority is not after.priority:
        is_downgrade = list(Priority).index(after.priority) > list(Priority).index(before.priority)
        kept = _switch(known, after, moment, rules.service_levels.priority_change, keeps_breach=not is_downgrade)
    holders = tuple(clock for clock in after.clocks if clock.kind in HOLDERS)
    return replace(kept, clocks=(*kept.clocks, *_held(holders, after, moment)))


def _promised(facts: Snapshot, rules: Edition) -> list[Clock]:
    """Response and resolution, in parallel, from the report on (S6)."""
    return [clock for kind in PROMISES if (clock := _promise(kind, facts.priority, facts.reported_at, facts.reporter, rules)) is not None]


def _promise(kind: ClockKind, priority: Priority, since: datetime, actor: str, rules: Edition) -> Clock | None:
    target = rules.service_levels.target(kind, priority)
    if target is None:
        return None
    calendar = rules.calendars[target.calendar]
    thresholds = rules.service_levels.thresholds
    return clock_work.start(kind, calendar, target.budget(calendar), thresholds, at=since, cause=EventKind.REPORTED.value, actor=actor)


def _at_the_end(clock: Clock, after: Snapshot, moment: Moment) -> Clock:
    counts_to_closure = moment.rules.service_levels.resolution_ends_at_closure
    if clock.kind is ClockKind.RESOLUTION and after.status is Status.CLOSED and counts_to_closure:
        return moment.do(clock_work.stop, clock)
    return moment.do(clock_work.end, clock)


def _follow(clock: Clock, before: Snapshot, after: Snapshot, moment: Moment) -> Clock:
    if clock.kind is ClockKind.RESPONSE:
        return moment.do(clock_work.stop, clock) if moment.kind in _ANSWERS else clock
    levels = moment.rules.service_levels
    if _is_resolved(after) and not _is_resolved(before):
        return clock if levels.resolution_ends_at_closure else moment.do(clock_work.stop, clock)
    if _is_resolved(before) and not _is_resolved(after):
        clock = _reopened(clock, after, moment)
    if levels.pauses_for(clock.kind, after.hold_reason):
        return moment.do(clock_work.pause, clock)
    return clock if _is_resolved(after) else moment.do(clock_work.resume, clock)


def _is_resolved(facts: Snapshot) -> bool:
    return facts.status is Status.RESOLVED


def _reopened(clock: Clock, after: Snapshot, moment: Moment) -> Clock:
    levels = moment.rules.service_levels
    target = levels.target(clock.kind, after.priority)
    if levels.reopening is Reopening.RESUME or target is None:
        return moment.do(clock_work.reopen, _renewed(clock, target, moment))
    calendar = moment.rules.calendars[target.calendar]
    return clock_work.start(
        clock.kind, calendar, target.budget(calendar), levels.thresholds, at=moment.at, cause=moment.kind.value, actor=moment.actor
    )


def _renewed(clock: Clock, target: Target | None, moment: Moment) -> Clock:
    """Solved under one edition, opened again under a newer one: the newer one's budget counts from then on, or none."""
    if target is None:
        return clock_work.renew(clock, moment.calendar(clock), None, ())
    calendar = moment.rules.calendars[target.calendar]
    return clock_work.renew(clock, calendar, target.budget(calendar), moment.rules.service_levels.thresholds)


# a priority change in flight (S8)


def _switch(known: list[Clock], after: Snapshot, moment: Moment, mode: PriorityChange, *, keeps_breach: bool) -> Kept:
    switched: list[Clock] = []
    passed: list[Passed] = []
    lost_breach = False
    for kind in PROMISES:
        old = next((clock for clock in known if clock.kind is kind), None)
        target = moment.rules.service_levels.target(kind, after.priority)
        if old is None:
            new = _promise(kind, after.priority, after.reported_at, after.reporter, moment.rules)
            if new is not None and kind is ClockKind.RESOLUTION and not _is_resolved(after):
                # The hold that the incident is in counts from now on.
                switched.append(_follow(new, after, after, moment))
        elif old.is_over:
            switched.append(old)
        else:
            new, at_switch = _under(old, target, moment, mode, keeps_breach=keeps_breach)
            switched.append(new)
            passed += [Passed(new.name, percent) for percent in at_switch]
            lost_breach |= old.breached_at is not None and new.breached_at is None
    return Kept(tuple(switched), tuple(passed), lost_breach)


def _under(
    clock: Clock, target: Target | None, moment: Moment, mode: PriorityChange, *, keeps_breach: bool
) -> tuple[Clock, tuple[int, ...]]:
    levels = moment.rules.service_levels
    if mode is not PriorityChange.RETROACTIVE:
        is_carried = mode is PriorityChange.CARRY
        clock = clock_work.carry(
            clock, moment.calendar(clock), at=moment.at, cause=moment.kind.value, actor=moment.actor, keeping=is_carried
        )
    if target is None:
        # Nothing is promised for this priority; the clock goes on measuring, for the priority may rise again.
        return clock_work.switch(clock, moment.calendar(clock), None, (), at=moment.at, keeps_breach=keeps_breach)
    calendar = moment.rules.calendars[target.calendar]
    return clock_work.switch(clock, calendar, target.budget(calendar), levels.thresholds, at=moment.at, keeps_breach=keeps_breach)


# another edition in flight (S21)


def _under_the_edition(facts: Snapshot, moment: Moment) -> Kept:
    """The edition's budgets and calendars from the report on, over the same ledger; its pauses from now on. A breach stands."""
    levels = moment.rules.service_levels
    known = [clock for clock in facts.clocks if clock.kind in PROMISES]
    kept = _switch(known, facts, moment, PriorityChange.RETROACTIVE, keeps_breach=True)
    promised = [_follow(clock, facts, facts, moment) for clock in kept.clocks]
    if _is_resolved(facts) and not levels.resolution_ends_at_closure:
        promised = [moment.do(clock_work.stop, clock) if clock.kind is ClockKind.RESOLUTION else clock for clock in promised]
    holders = [_holder_under_the_edition(clock, facts, moment) for clock in facts.clocks if clock.kind in HOLDERS]
    passed = tuple(Passed(clock.name, percent) for clock, at_switch in holders for percent in at_switch)
    held = _held(tuple(clock for clock, _ in holders), facts, moment)
    # Clocks that the edition does not keep have passed nothing.
    is_kept = {clock.name for clock in held}
    return Kept((*promised, *held), (*kept.at_switch, *(each for each in passed if each.clock in is_kept)))


def _holder_under_the_edition(clock: Clock, facts: Snapshot, moment: Moment) -> tuple[Clock, tuple[int, ...]]:
    """Who holds it is measured by what is agreed now; who held it before, by what was agreed then."""
    target = _holders_target(clock.kind, facts, moment)
    if target is None or not clock.is_running:
        return clock, ()
    calendar = moment.rules.calendars[target.calendar]
    return clock_work.switch(clock, calendar, target.budget(calendar), (BREACH,), at=moment.at, keeps_breach=True)


# who held it for how long (OLA and contracts)


def _held(clocks: tuple[Clock, ...], facts: Snapshot, moment: Moment) -> tuple[Clock, ...]:
    """The clock of whoever holds the incident runs, those of the others rest."""
    levels = moment.rules.service_levels
    if levels.holders_calendar is None:
        return ()
    kind, holder = _holder(facts, moment)
    rested = [clock if clock.holder == holder and clock.kind is kind else moment.do(clock_work.pause, clock) for clock in clocks]
    if holder is None or levels.pauses_for(kind, facts.hold_reason):
        return tuple(moment.do(clock_work.pause, clock) for clock in rested)
    if any(clock.holder == holder and clock.kind is kind for clock in rested):
        return tuple(moment.do(clock_work.resume, clock) if clock.holder == holder and clock.kind is kind else clock for clock in rested)
    return (*rested, _begin_holding(kind, holder, facts, moment))


def _holder(facts: Snapshot, moment: Moment) -> tuple[ClockKind, str | None]:
    if facts.status not in _WORKED_ON:
        return ClockKind.INTERNAL, None
    if facts.group in moment.rules.service_levels.suppliers:
        return ClockKind.SUPPLIER, facts.group
    if facts.hold_reason is HoldReason.VENDOR:
        return ClockKind.SUPPLIER, VENDOR
    return ClockKind.INTERNAL, facts.group


def _begin_holding(kind: ClockKind, holder: str, facts: Snapshot, moment: Moment) -> Clock:
    levels, target = moment.rules.service_levels, _holders_target(kind, facts, moment)
    calendar = moment.rules.calendars[target.calendar if target else levels.holders_calendar or ""]
    budget = target.budget(calendar) if target else None
    return clock_work.start(kind, calendar, budget, (BREACH,), at=moment.at, cause=moment.kind.value, actor=moment.actor, holder=holder)


def _holders_target(kind: ClockKind, facts: Snapshot, moment: Moment) -> Target | None:
    levels = moment.rules.service_levels
    return levels.supplier if kind is ClockKind.SUPPLIER else levels.internal.get(facts.level)
