"""What figures are made of (process.md S23): once an incident is over, how long everything took and how it went, as one row beside the record.

A row follows from the facts and the events in the record and from nothing else, so it can be written again at any time.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.session import insert
from activities.database.tables import events, incidents, letters, measures
from activities.incident_facts import FACTS, IS_OVER
from workflows import clocks as clock_work
from workflows.clocks import Clock
from workflows.policies.book import Edition, book
from workflows.publication import Snapshot
from workflows.vocabulary import FINAL, ClockKind, ClockState, ClosedBy, EventKind, Kind, Status

_BATCH = 200
# With one of these it was not solved at the first contact: somebody had to write or to wait.
_ANOTHER_CONTACT = frozenset({EventKind.AGENT_WROTE, EventKind.CALLER_WROTE, EventKind.ASKED, EventKind.HELD})
_READ = (*_ANOTHER_CONTACT, EventKind.REJECTED, EventKind.REJECTION_WITHDRAWN, EventKind.CANCELLED)
_OWED = select(func.count()).where(letters.c.number == bindparam("number"))
LATE = timedelta(seconds=1)
Story = Iterable[Mapping[Any, Any]]


async def measure(connection: AsyncConnection, facts: Snapshot) -> None:
    """Writes the row of an incident that is over; of the same version again, as its last events may come in several publications."""
    if facts.status not in FINAL or facts.kind is Kind.SERVICE_REQUEST:
        return
    tells = or_(events.c.kind.in_([kind.value for kind in _READ]), events.c.planned_at.is_not(None))
    query = select(events.c.kind, events.c.at, events.c.planned_at).where(events.c.number == facts.number, tells).order_by(events.c.seq)
    story = (await connection.execute(query)).mappings().all()
    row = measured(facts, story, (await connection.execute(_OWED, {"number": facts.number})).scalar_one())
    new = insert(connection, measures).values(row)
    newer = new.on_conflict_do_update(
        index_elements=[measures.c.number],
        set_={name: new.excluded[name] for name in row if name != "number"},
        where=measures.c.version <= new.excluded.version,
    )
    await connection.execute(newer)


async def measure_what_is_missing(engine: AsyncEngine) -> int:
    """Measures incidents that ended, or went on after their end, under a build without measures; how many that were. Needs the desk's own policies."""
    count, last = 0, ""
    over = IS_OVER & (incidents.c.kind != Kind.SERVICE_REQUEST.value)
    is_missing = ~exists().where(measures.c.number == incidents.c.number, measures.c.version >= incidents.c.version)
    while True:
        page = select(incidents.c.number, incidents.c.facts).where(over, is_missing, incidents.c.number > last)
        async with engine.begin() as connection:
            found = (await connection.execute(page.order_by(incidents.c.number).limit(_BATCH))).all()
            for row in found:
                await measure(connection, FACTS.validate_python(row.facts))
        if not found:
            return count
        count, last = count + len(found), found[-1].number


def measured(facts: Snapshot, story: Story, owed: int) -> dict[str, Any]:
    """The row of an incident that is over. ``story``: kind, at and planned_at of its events, at least of those that timers caused; ``owed``: its letters."""
    kinds = [event["kind"] for event in story]
    late = [event["at"] - event["planned_at"] for event in story if event["planned_at"] is not None]
    rules = book().edition(facts.edition)
    return {
        "number": facts.number,
        "version": facts.version,
        "over_on": _over_at(facts, story).astimezone(UTC).date(),
        "is_cancelled": facts.status is Status.CANCELLED,
        "priority": facts.priority.value,
        "category": facts.category,
        "group": facts.group,
        "downgraded_after_breach": facts.downgraded_after_breach,
        "reassignments": facts.reassignment_count,
        "reopenings": facts.reopen_count,
        "rejections": kinds.count(EventKind.REJECTED) - kinds.count(EventKind.REJECTION_WITHDRAWN),
        "is_confirmed": facts.closed_by is ClosedBy.CONFIRMATION,
        "timers": len(late),
        "late": [span // timedelta(milliseconds=1) for span in late if span >= LATE] or None,
        "letters": owed,
        "survey": facts.survey.value if facts.survey else None,
        "score": facts.score,
        **_solved(facts, rules, kinds),
        **_times(facts, rules),
    }


def _over_at(facts: Snapshot, story: Story) -> datetime:
    cancelled = next((event["at"] for event in story if event["kind"] == EventKind.CANCELLED), None)
    at: datetime = facts.closed_at or cancelled or facts.changed_at or facts.logged_at
    return at


def _solved(facts: Snapshot, rules: Edition, kinds: list[str]) -> dict[str, bool]:
    """A question that nobody answered solves nothing, and neither does calling it off."""
    is_solved = facts.status is Status.CLOSED and facts.resolution_code != rules.closure.no_answer_code
    at_first_level = is_solved and facts.level == 1 and not facts.hop_count
    went_on = facts.reassignment_count or facts.reopen_count or _ANOTHER_CONTACT.intersection(kinds)
    return {"at_first_level": at_first_level, "at_first_contact": at_first_level and not went_on}


def _times(facts: Snapshot, rules: Edition) -> dict[str, Any]:
    clocks = {clock.kind: clock for clock in facts.clocks}
    response, resolution = clocks.get(ClockKind.RESPONSE), clocks.get(ClockKind.RESOLUTION)
    is_closed = facts.status is Status.CLOSED
    office = rules.calendars[response.calendar if response else rules.closure.calendar]
    acknowledged = office.between(facts.reported_at, facts.acknowledged_at) if facts.acknowledged_at else None
    wall = facts.resolved_at - facts.reported_at if is_closed and facts.resolved_at else None
    return {
        "acknowledged": _seconds(acknowledged),
        "responded": _seconds(_taken(response, rules)),
        "resolved": _seconds(_taken(resolution, rules)) if is_closed else None,
        "resolved_wall": _seconds(wall),
        **_kept("response", response, rules),
        **_kept("resolution", resolution, rules),
    }


def _taken(clock: Clock | None, rules: Edition) -> timedelta | None:
    """Working time until it was stopped; none where nobody stopped it."""
    if clock is None or clock.stopped_at is None:
        return None
    return clock_work.elapsed(clock, rules.calendars[clock.calendar], clock.stopped_at)


def _kept(name: str, clock: Clock | None, rules: Edition) -> dict[str, Any]:
    state = clock.state if clock else ClockState.ENDED
    # Where nothing was promised in the end, only a breach of an earlier promise counts.
    is_judged = state is ClockState.MISSED or (state is ClockState.MET and clock is not None and clock.budget is not None)
    over = None
    if state is ClockState.MISSED and clock and clock.budget is not None:
        # A breach under an earlier priority stands although the later budget was kept (S8).
        over = max(timedelta(0), (_taken(clock, rules) or clock.budget) - clock.budget)
    return {f"{name}_met": state is ClockState.MET if is_judged else None, f"{name}_over": _seconds(over)}


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else max(0, round(span / timedelta(seconds=1)))
