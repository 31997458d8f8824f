"""A clock explains itself (process.md S6): why it is due when it is due, as data and as sentences. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workflows.calendars import Calendar
from workflows.clocks import Clock, Threshold, elapsed, would_be_due
from workflows.vocabulary import ClockKind, ClockState

# So much of a long ledger is told on the timeline and in a letter.
LATEST_STRETCHES = 8


@dataclass(frozen=True)
class Stretch:
    """One line of the ledger and the working time counted in it, in seconds. ``until`` none: it still lasts."""

    running: bool
    since: datetime
    until: datetime | None
    counted_seconds: int
    cause: str
    actor: str | None


@dataclass(frozen=True)
class Explanation:
    """A clock at one instant. Times in seconds of working time in ``calendar``; instants in UTC.

    ``carried_seconds`` plus what the stretches counted is ``elapsed_seconds``; that and ``remaining_seconds`` are the budget.
    """

    clock: str
    kind: ClockKind
    holder: str | None
    state: ClockState
    calendar: str
    zone: str
    budget_seconds: int | None
    carried_seconds: int
    elapsed_seconds: int
    remaining_seconds: int | None
    due_at: datetime | None
    would_be_due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    ahead: tuple[Threshold, ...]
    stretches: tuple[Stretch, ...]
    sentences: tuple[str, ...]


def explain(clock: Clock, calendar: Calendar, now: datetime, zone: str | None = None) -> Explanation:
    """The clock as it stands at ``now``. Seconds are rounded down, once for each sum. Sentences tell times in ``zone``, else in that of the calendar."""
    used = elapsed(clock, calendar, now)
    explained = Explanation(
        clock=clock.name,
        kind=clock.kind,
        holder=clock.holder,
        state=clock.state,
        calendar=clock.calendar,
        zone=calendar.zone,
        budget_seconds=None if clock.budget is None else int(clock.budget.total_seconds()),
        carried_seconds=int(clock.carried.total_seconds()),
        elapsed_seconds=int(used.total_seconds()),
        remaining_seconds=None if clock.budget is None else int((clock.budget - used).total_seconds()),
        due_at=clock.due_at,
        would_be_due_at=would_be_due(clock, calendar, now),
        breached_at=clock.breached_at,
        stopped_at=clock.stopped_at,
        ahead=clock.ahead,
        stretches=tuple(
            Stretch(
                line.running,
                line.since,
                line.until,
                int(calendar.between(line.since, min(line.until or now, now)).total_seconds()) if line.running else 0,
                line.cause,
                line.actor,
            )
            for line in clock.ledger
        ),
        sentences=(),
    )
    return replace(explained, sentences=tuple(_sentences(explained, zone or calendar.zone)))


def reasons(clock: Clock, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """For the timeline: the clock in figures, and in sentences of which the oldest stretches are left out where there are many."""
    told = explain(clock, calendar, now)
    stand = len(told.sentences) - len(told.stretches)
    latest = told.sentences[stand:][-LATEST_STRETCHES:]
    return {
        "budget_seconds": told.budget_seconds,
        "elapsed_seconds": told.elapsed_seconds,
        "remaining_seconds": told.remaining_seconds,
        "because": [*told.sentences[:stand], *latest],
    }


_NAMES = {ClockKind.RESPONSE: "The first response", ClockKind.RESOLUTION: "The solution"}


def _sentences(clock: Explanation, zone: str) -> list[str]:
    name = _NAMES.get(clock.kind) or (f"{clock.holder} ({clock.kind.value})")
    told = [f"{name} {_stand(clock, zone)}."]
    if clock.budget_seconds is not None:
        used, budget = lasting(clock.elapsed_seconds), lasting(clock.budget_seconds)
        told.append(f"{used} of {budget} working time are used up, counted in the calendar {clock.calendar} ({clock.zone}).")
    else:
        told.append(f"{lasting(clock.elapsed_seconds)} of working time so far, counted in the calendar {clock.calendar} ({clock.zone}).")
    if clock.carried_seconds:
        told.append(f"{lasting(clock.carried_seconds)} were carried over from before.")
    told += [_stretch(each, zone) for each in clock.stretches]
    return told


def _stand(clock: Explanation, zone: str) -> str:
    if clock.state is ClockState.ENDED:
        return "is not waited for any more"
    if clock.state is ClockState.MET:
        return f"came {'in time, ' if clock.budget_seconds is not None else ''}{_at(clock.stopped_at, zone)}"
    if clock.state is ClockState.MISSED:
        return f"came late, {_at(clock.stopped_at, zone)}; it was due {_at(clock.breached_at, zone)}"
    if clock.breached_at is not None:
        return f"is late: it was due {_at(clock.breached_at, zone)}"
    if clock.state is ClockState.PAUSED:
        if clock.budget_seconds is None:
            return "is paused"
        return f"is paused; it would be due {_at(clock.would_be_due_at, zone)} if work went on now"
    return f"is due {_at(clock.due_at, zone)}" if clock.due_at else "is counted"


def _stretch(stretch: Stretch, zone: str) -> str:
    until = f"to {_at(stretch.until, zone)}" if stretch.until else "until now"
    did = f"ran, {lasting(stretch.counted_seconds)} counted" if stretch.running else "rested"
    by = f", by {stretch.actor}" if stretch.actor else ""
    return f"From {_at(stretch.since, zone)} {until} it {did} ({stretch.cause.replace('_', ' ')}{by})."


def _at(instant: datetime | None, zone: str) -> str:
    return "at an unknown time" if instant is None else f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def lasting(seconds: int) -> str:
    """Working time as people say it: 3 h 20 min; below a minute in seconds."""
    if abs(seconds) < timedelta(minutes=1).total_seconds():
        return f"{seconds} s"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    told = " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)
    return f"minus {told}" if seconds < 0 else told
