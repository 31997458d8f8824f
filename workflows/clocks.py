"""Service clocks (process.md S6, S8): a budget of working time and a ledger, never only a due time. Pure; instants are aware UTC.

A clock computes the instants of its thresholds when it starts, goes on, or changes its budget; from then on they are data, so no later change of a
calendar or of a time zone moves what was promised.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workflows.calendars import Calendar
from workflows.vocabulary import ClockKind, ClockState

NOTHING = timedelta(0)
BREACH = 100  # percent of the budget
# Older lines are folded into one sum, so that the state of an incident stays small however often it is put on hold.
LONGEST_LEDGER = 200


@dataclass(frozen=True)
class Line:
    """One stretch of a ledger, from ``since`` to before ``until`` (none: until now): whether the clock ran, what caused it, who."""

    running: bool
    since: datetime
    until: datetime | None
    cause: str
    actor: str


@dataclass(frozen=True)
class Threshold:
    """A share of the budget, in percent, and when it is used up if nothing changes."""

    percent: int
    at: datetime


@dataclass(frozen=True)
class Clock:
    """One clock. ``carried`` is working time used before the ledger begins; ``passed`` are thresholds that fired or were passed at a switch.

    Without a budget it only measures. ``holder`` is the group or supplier of internal and supplier clocks.
    """

    kind: ClockKind
    calendar: str
    budget: timedelta | None
    thresholds: tuple[int, ...]
    ledger: tuple[Line, ...]
    holder: str | None = None
    carried: timedelta = NOTHING
    passed: tuple[int, ...] = ()
    ahead: tuple[Threshold, ...] = ()
    breached_at: datetime | None = None
    stopped_at: datetime | None = None
    is_ended: bool = False

    @property
    def name(self) -> str:
        """Its name within the incident: ``resolution``, ``internal:network``."""
        return self.kind.value if self.holder is None else f"{self.kind.value}:{self.holder}"

    @property
    def state(self) -> ClockState:
        """What it does."""
        if self.is_ended:
            return ClockState.ENDED
        if self.stopped_at is not None:
            return ClockState.MISSED if self.breached_at else ClockState.MET
        return ClockState.RUNNING if self.ledger[-1].running else ClockState.PAUSED

    @property
    def is_running(self) -> bool:
        """Whether working time is being used up."""
        return self.state is ClockState.RUNNING

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to it in this cycle any more."""
        return self.is_ended or self.stopped_at is not None

    @property
    def due_at(self) -> datetime | None:
        """When the budget is used up; none while it is paused, over, or breached already."""
        return next((each.at for each in self.ahead if each.percent == BREACH), None)


def start(
    kind: ClockKind,
    calendar: Calendar,
    budget: timedelta | None,
    thresholds: Sequence[int],
    *,
    at: datetime,
    cause: str,
    actor: str,
    holder: str | None = None,
) -> Clock:
    """A clock that runs from ``at`` on."""
    line = Line(running=True, since=at, until=None, cause=cause, actor=actor)
    return _promise(Clock(kind, calendar.name, budget, tuple(thresholds), (line,), holder), calendar)


def elapsed(clock: Clock, calendar: Calendar, at: datetime) -> timedelta:
    """Working time used up to ``at``: the sum over the running stretches of the ledger."""
    return sum(
        (calendar.between(line.since, min(line.until or at, at)) for line in clock.ledger if line.running),
        start=clock.carried,
    )


def remaining(clock: Clock, calendar: Calendar, at: datetime) -> timedelta | None:
    """Working time left at ``at``, negative beyond the budget; none without a budget."""
    return None if clock.budget is None else clock.budget - elapsed(clock, calendar, at)


def would_be_due(clock: Clock, calendar: Calendar, at: datetime) -> datetime | None:
    """When a paused clock would be due if it went on at ``at``."""
    left = remaining(clock, calendar, at)
    return None if left is None or clock.state is not ClockState.PAUSED else calendar.add(at, left) if left > NOTHING else at


def pause(clock: Clock, calendar: Calendar, *, at: datetime, cause: str, actor: str) -> Clock:
    """Stops using up time; a clock that is paused or over stays as it is."""
    if not clock.is_running:
        return clock
    return replace(_turn(clock, calendar, Line(running=False, since=at, until=None, cause=cause, actor=actor)), ahead=())


def resume(clock: Clock, calendar: Calendar, *, at: datetime, cause: str, actor: str) -> Clock:
    """Goes on; a clock that runs or is over stays as it is."""
    if clock.state is not ClockState.PAUSED:
        return clock
    return _promise(_turn(clock, calendar, Line(running=True, since=at, until=None, cause=cause, actor=actor)), calendar)


def stop(clock: Clock, calendar: Calendar, *, at: datetime, cause: str, actor: str) -> Clock:
    """The service was given: met, or missed where the budget was used up before. A pause at that moment is closed first (S6)."""
    if clock.is_over:
        return clock
    left = remaining(clock, calendar, at)
    breached_at = clock.breached_at or ((clock.due_at or at) if left is not None and left < NOTHING else None)
    return replace(_rests(clock, calendar, at=at, cause=cause, actor=actor), stopped_at=at, breached_at=breached_at)


def end(clock: Clock, calendar: Calendar, *, at: datetime, cause: str, actor: str) -> Clock:
    """Nobody waits for it any more: the incident is called off, or the clock belonged to somebody who no longer holds it."""
    return clock if clock.is_over else replace(_rests(clock, calendar, at=at, cause=cause, actor=actor), is_ended=True)


def _rests(clock: Clock, calendar: Calendar, *, at: datetime, cause: str, actor: str) -> Clock:
    """Not running from ``at`` on, for this cause; a pause that lasted until then is closed and another begins."""
    return replace(_turn(clock, calendar, Line(running=False, since=at, until=None, cause=cause, actor=actor)), ahead=())


def reopen(clock: Clock, calendar: Calendar, *, at: datetime, cause: str, actor: str) -> Clock:
    """Goes on after a resolution that did not hold; the time in between is not counted, a breach stays (S12)."""
    if clock.stopped_at is None:
        return clock
    return resume(replace(clock, stopped_at=None), calendar, at=at, cause=cause, actor=actor)


def switch(
    clock: Clock, calendar: Calendar, budget: timedelta | None, thresholds: Sequence[int], *, at: datetime, keeps_breach: bool
) -> tuple[Clock, tuple[int, ...]]:
    """A new budget for the same stretch of time, counted in ``calendar``; also the thresholds that are passed by the switch itself (S8).

    ``keeps_breach`` says whether a breach under the old budget stands although the new one may not be used up.
    """
    changed = replace(clock, calendar=calendar.name, budget=budget, thresholds=tuple(thresholds), ahead=())
    used = elapsed(changed, calendar, at)
    reached = tuple(percent for percent in thresholds if budget is not None and used >= budget * percent / 100)
    told = max(clock.passed, default=0)
    at_switch = tuple(percent for percent in reached if percent > told)
    breached_at = clock.breached_at if keeps_breach else None
    if BREACH in reached:
        breached_at = breached_at or at
    # What was told stays told, what is not reached any more may be told again only if it never was. A breach needs no warning.
    passed = {*clock.passed, *(thresholds if breached_at else reached)}
    changed = replace(changed, passed=tuple(sorted(passed)), breached_at=breached_at)
    if not keeps_breach and BREACH not in reached:
        changed = replace(changed, passed=tuple(percent for percent in changed.passed if percent != BREACH))
    return _promise(changed, calendar), at_switch


def renew(clock: Clock, calendar: Calendar, budget: timedelta | None, thresholds: Sequence[int]) -> Clock:
    """A new budget for a clock that is over, should it go on: what was met or missed stays so (S12)."""
    return replace(clock, calendar=calendar.name, budget=budget, thresholds=tuple(thresholds))


def carry(clock: Clock, old: Calendar, *, at: datetime, cause: str, actor: str, keeping: bool) -> Clock:
    """Begins the ledger anew at ``at``, with the time used so far carried over as it was counted (``keeping``), or with none (S8)."""
    line = Line(running=clock.is_running, since=at, until=None, cause=cause, actor=actor)
    return replace(clock, ledger=(line,), carried=elapsed(clock, old, at) if keeping else NOTHING)


def passes(clock: Clock, percent: int) -> Clock:
    """The threshold has fired. A breach counts from the instant it was due, however late it was noticed."""
    fired = next(each for each in clock.ahead if each.percent == percent)
    return replace(
        clock,
        passed=(*clock.passed, percent),
        ahead=tuple(each for each in clock.ahead if each.percent != percent),
        breached_at=clock.breached_at or (fired.at if percent == BREACH else None),
    )


def _turn(clock: Clock, calendar: Calendar, line: Line) -> Clock:
    """Closes the last line and begins the next; a stretch without length leaves none, and very old lines become a sum."""
    last = replace(clock.ledger[-1], until=line.since)
    lines = [*clock.ledger[:-1], last, line] if last.since < line.since else [*clock.ledger[:-1], line]
    folded = [each for each in lines[: max(len(lines) - LONGEST_LEDGER, 0)] if each.running]
    carried = sum((calendar.between(each.since, each.until or each.since) for each in folded), start=clock.carried)
    return replace(clock, ledger=tuple(lines[-LONGEST_LEDGER:]), carried=carried)


def _promise(clock: Clock, calendar: Calendar) -> Clock:
    """Computes when each threshold that is still ahead is used up. One that is used up already falls due at once."""
    if clock.budget is None or not clock.is_running:
        return replace(clock, ahead=())
    since = clock.ledger[-1].since
    used = elapsed(clock, calendar, since)
    return replace(
        clock,
        ahead=tuple(
            Threshold(percent, calendar.add(since, clock.budget * percent / 100 - used) if clock.budget * percent / 100 > used else since)
            for percent in clock.thresholds
            if percent not in clock.passed
        ),
    )
