"""Publishes what an incident made known: facts, events, outcomes and letters owed, in one transaction (design section 4, process.md S21).

Idempotent: a publication may come twice, late or out of order. Facts go forward by version, events are keyed by incident and sequence,
outcomes by incident and command, letters by their send key.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic import TypeAdapter
from sqlalchemy import Table, and_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity

from activities.database.session import insert
from activities.database.tables import events, incidents, letters, outcomes
from activities.directory.staffing import pick_person
from activities.directory.who_is_meant import recipients
from activities.files.kept_files import follow_files
from activities.incident_facts import FACTS
from activities.mail.postbox import LetterState
from activities.measuring import measure
from activities.search_index import keep_findable
from activities.surveys import admit_survey, keep_survey
from workflows.dates import ahead
from workflows.owed_letters import merged
from workflows.publication import Event, LetterFacts, LetterOwed, Outcome, Publication, Published, Snapshot, Unreached
from workflows.timekeeping import PROMISES
from workflows.vocabulary import Audience, EventKind

_SEALED = incidents.c.sealed_at
_EVENT = TypeAdapter(Event)
_LETTER_FACTS = TypeAdapter(LetterFacts)
log = structlog.get_logger("holdfast.records")


class Records:
    """The keeper of the record."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn(name="publish")
    async def publish(self, publication: Publication) -> Published:
        """Writes one publication. Any error of the database is temporary: Temporal tries again until it is written."""
        async with self._engine.begin() as connection:
            if not await _put_facts(connection, publication.snapshot):
                return Published(publication.up_to)
            await _add(connection, events, [event_row(publication.snapshot.number, event) for event in publication.events])
            await _add(connection, outcomes, [outcome_row(publication.snapshot.number, each) for each in publication.outcomes])
            await keep_findable(connection, publication)
            await follow_files(connection, publication)
            unreached = await _owe(connection, publication)
            staffed = await pick_person(connection, publication.snapshot.number, publication.staffing) if publication.staffing else None
            surveyed = await admit_survey(connection, publication.snapshot.number, publication.surveying) if publication.surveying else None
            await keep_survey(connection, publication.snapshot)
            await measure(connection, publication.snapshot)
        _cry_out(publication.snapshot.number, unreached)
        return Published(publication.up_to, tuple(unreached), staffed, surveyed)


async def _put_facts(connection: AsyncConnection, facts: Snapshot) -> bool:
    """Puts newer facts in the place of older ones. False: somebody was erased from this incident, and nothing of it may come back."""
    new = insert(connection, incidents)
    values = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in incidents.columns if column is not _SEALED}
    newer = new.values(values).on_conflict_do_update(
        index_elements=[incidents.c.number],
        set_={name: new.excluded[name] for name in values if name != "number"},
        where=and_(incidents.c.version < new.excluded.version, _SEALED.is_(None)),
    )
    row = {f"new_{name}": value for name, value in facts_row(facts).items()}
    if (await connection.execute(newer.returning(incidents.c.version), row)).first():
        return True
    # Nothing was written, and the row is locked all the same: whoever erases has finished, or waits.
    return (await connection.execute(select(_SEALED).where(incidents.c.number == facts.number))).scalar_one() is None


async def _add(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Adds what is not there yet; what is there stays as it is."""
    if rows:
        await connection.execute(insert(connection, table).on_conflict_do_nothing(), rows)


async def _owe(connection: AsyncConnection, publication: Publication) -> list[Unreached]:
    """A ledger row for each person meant. Answers with what found nobody."""
    rows, unreached = await letter_rows(publication, lambda owed: recipients(connection, owed, datetime.now(UTC)))
    # A person can be meant twice by one event; the second row is the same as the first, and only one is kept.
    await _add(connection, letters, rows)
    await _keep_in_line(connection, publication)
    return unreached


async def _keep_in_line(connection: AsyncConnection, publication: Publication) -> None:
    """Letters that wait go up or down with the priority of their incident."""
    if not any("priority" in event.before and event.kind is not EventKind.PRIORITISED for event in publication.events):
        return
    number = publication.snapshot.number
    priority = select(incidents.c.priority).where(incidents.c.number == number).scalar_subquery()
    waiting = (letters.c.number == number, letters.c.state == LetterState.PLANNED)
    await connection.execute(update(letters).where(*waiting).values(priority=priority))


async def letter_rows(
    publication: Publication, whom: Callable[[LetterOwed], Awaitable[tuple[str, ...]]]
) -> tuple[list[dict[str, Any]], list[Unreached]]:
    """The rows of the letters owed, and those for which ``whom`` named nobody; who caused a letter is not told about it (S14)."""
    unreached, to_each = [], dict[str, list[LetterOwed]]()
    for owed in publication.letters:
        meant = await whom(owed)
        if not meant:
            unreached.append(Unreached(owed.letter, owed.to, owed.cause))
        for person in meant:
            if person != owed.not_to:
                to_each.setdefault(person, []).append(owed)
    facts = publication.snapshot
    return [letter_row(facts, owed, person) for person, owed_to in to_each.items() for owed in merged(owed_to)], unreached


def _cry_out(number: str, unreached: list[Unreached]) -> None:
    """Where not even the last resort has an address, the log is what is left for somebody to see (S10)."""
    for missed in unreached:
        if missed.to is Audience.FALLBACK_OWNER:
            log.error(
                "nobody in the directory can be told of an escalation", incident=number, letter=missed.letter.value, cause=missed.cause
            )


def facts_row(facts: Snapshot) -> dict[str, Any]:
    """What lists filter and sort by, and all facts as JSON."""
    return {
        "number": facts.number,
        "version": facts.version,
        "status": facts.status.value,
        "kind": facts.kind.value,
        "priority": facts.priority.value,
        "title": facts.title,
        "category": facts.category,
        "group": facts.group,
        "person": facts.person,
        "reporter": facts.reporter,
        "affected": facts.affected,
        "reported_at": facts.reported_at,
        "changed_at": facts.changed_at or facts.logged_at,
        "next_due_at": next((deadline.at for deadline in ahead(facts)), None),
        "promised_by": _promised_by(facts),
        "facts": FACTS.dump_python(facts, mode="json"),
    }


def _promised_by(facts: Snapshot) -> datetime | None:
    """The earliest promise that still stands, or was missed and is still owed (S6)."""
    owed = [clock for clock in facts.clocks if clock.kind in PROMISES and not clock.is_over]
    return min((at for clock in owed if (at := clock.breached_at or clock.due_at)), default=None)


def event_row(number: str, event: Event) -> dict[str, Any]:
    """One event as it stands in the audit trail."""
    told: dict[str, Any] = _EVENT.dump_python(event, mode="json")
    return told | {"number": number, "at": event.at, "planned_at": event.planned_at}


def outcome_row(number: str, outcome: Outcome) -> dict[str, Any]:
    """The answer to a command."""
    return {**vars(outcome), "number": number, "result": outcome.result.value}


def letter_row(incident: Snapshot, owed: LetterOwed, recipient: str) -> dict[str, Any]:
    """A letter owed to one person, planned."""
    return {
        "key": f"{incident.number}:{owed.cycle}:{owed.cause}:{owed.letter}:{recipient}",
        "number": incident.number,
        "letter": owed.letter.value,
        "recipient": recipient,
        "cycle": owed.cycle,
        "cause": owed.cause,
        "at": owed.at,
        "facts": _LETTER_FACTS.dump_python(owed.facts, mode="json"),
        "state": LetterState.PLANNED,
        "attempts": 0,
        "unknown_outcomes": 0,
        "next_attempt_at": owed.at,
        "priority": incident.priority.value,
    }
