"""Where a person stands in the record: whose words they are, and where only the id is (process.md S21). Reads only."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Text, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import events, files, incidents, intake, outcomes, rotas, security_events, surveys, turned_away
from activities.directory.rota_entries import readable_rota
from activities.erasure.papers import Whom, audit_line_of, changes_of, facts_of
from activities.front_door import signature
from workflows.vocabulary import ActorKind

_ACTS = (ActorKind.PERSON.value, ActorKind.LINK.value)


@dataclass(frozen=True)
class Concern:
    """Numbers of incidents. ``theirs``: their words go; ``named``: only the id goes. ``gripped``: reported or held by them, or theirs."""

    theirs: frozenset[str]
    named: frozenset[str]
    gripped: frozenset[str]

    @property
    def all(self) -> list[str]:
        """Every one, in order."""
        return sorted(self.theirs | self.named)


async def concern(connection: AsyncConnection, person: str) -> Concern:
    """Every incident that knows this person. JSON is looked through from end to end, which takes a few seconds on a large record."""
    theirs = await _numbers(connection, select(incidents.c.number).where(incidents.c.affected == person))
    gripped = await _numbers(
        connection, select(incidents.c.number).where(or_(incidents.c.reporter == person, incidents.c.person == person))
    )
    # Accepted, and not in the record yet, or never.
    taken_in = await _numbers(
        connection, select(intake.c.number).where(or_(*(intake.c.key.startswith(f"{kind}/{person}/", autoescape=True) for kind in _ACTS)))
    )
    known = await _numbers(connection, select(incidents.c.number).where(incidents.c.number.in_(taken_in)))
    theirs |= taken_in - known
    named = gripped | taken_in
    for query in _where_they_act(person):
        named |= await _numbers(connection, query)
    named |= await _in_facts(connection, person)
    named |= await _in_events(connection, person)
    return Concern(theirs, named - theirs, gripped | theirs)


def _where_they_act(person: str) -> Iterable[Select[tuple[str]]]:
    for table in (events, turned_away, files):
        yield select(table.c.number).where(table.c.actor == person, table.c.actor_kind.in_(_ACTS)).distinct()
    yield select(surveys.c.number).where(surveys.c.person == person)
    signed = (outcomes.c.command_id.endswith(f"~{signature(kind, person)}") for kind in _ACTS)
    yield select(outcomes.c.number).where(or_(*signed)).distinct()


async def _numbers(connection: AsyncConnection, query: Select[tuple[str]]) -> frozenset[str]:
    return frozenset([str(row[0]) for row in await connection.execute(query)])


def _holds(column: Column[Any], person: str) -> ColumnElement[bool]:
    return cast(column, Text).contains(json.dumps(person), autoescape=True)


async def _in_facts(connection: AsyncConnection, person: str) -> frozenset[str]:
    whom = Whom(person, "")
    rows = await connection.stream(select(incidents.c.number, incidents.c.facts).where(_holds(incidents.c.facts, person)))
    return frozenset([row.number async for row in rows if facts_of(row.facts, whom, of_theirs=False) != row.facts])


async def _in_events(connection: AsyncConnection, person: str) -> frozenset[str]:
    whom, columns = Whom(person, ""), (events.c.number, events.c.before, events.c.after)
    rows = await connection.stream(select(*columns).where(or_(_holds(events.c.before, person), _holds(events.c.after, person))))
    return frozenset(
        [row.number async for row in rows if any(changes_of(each, whom, of_theirs=False) != each for each in (row.before, row.after))]
    )


async def audit_lines(connection: AsyncConnection, person: str) -> list[dict[str, Any]]:
    """Lines of the audit about them, by them, or that name them."""
    line, whom = security_events.c, Whom(person, "")
    is_named = or_(_holds(line.before, person), _holds(line.after, person))
    query = select(security_events).where(or_(line.person == person, line.actor == person, line.subject == f"person {person}", is_named))
    found = [dict(row) for row in (await connection.execute(query)).mappings()]
    return [row for row in found if audit_line_of(row, whom) != row]


async def rotas_with(connection: AsyncConnection, person: str, now: datetime) -> list[str]:
    """Rotas in which they take turns, or step in now or later. One that cannot be read counts where it names them."""
    found = []
    for row in await connection.execute(select(rotas.c.id, rotas.c.definition).order_by(rotas.c.id)):
        entry = readable_rota(row.definition)
        if entry is None:
            takes_turns = json.dumps(person) in json.dumps(row.definition)
        else:
            takes_turns = any(person in layer.people for layer in entry.layers)
            takes_turns |= any(each.person == person and each.end > now for each in entry.overrides)
        found += [row.id] if takes_turns else []
    return found
