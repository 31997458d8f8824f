"""Who of a group gets an incident (process.md S5, S12). Whoever is absent is never picked."""

from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.session import insert
from activities.database.tables import incidents, memberships, people, rounds
from activities.directory.attendance import ATTENDANCE, is_away
from workflows.policies.assignment_rules import Pick
from workflows.publication import Staffed, Staffing
from workflows.vocabulary import Role, Status

NOBODY_YET = ""
_AT_WORK = (Status.NEW.value, Status.IN_PROGRESS.value, Status.ON_HOLD.value)


async def pick_person(connection: AsyncConnection, number: str, asked: Staffing) -> Staffed:
    """The owner if there, else whom the group's rule picks, else nobody: the incident stays in the queue."""
    now = datetime.now(UTC)
    if asked.person is not None and await _is_there(connection, asked.person, now):
        return Staffed(asked, asked.person)
    if asked.group is None or asked.pick is Pick.NOBODY:
        return Staffed(asked, None)
    candidates = await _present_agents(connection, asked.group, now)
    if not candidates:
        return Staffed(asked, None)
    if asked.pick is Pick.LEAST_LOADED:
        return Staffed(asked, await _least_loaded(connection, number, candidates))
    return Staffed(asked, await _next_in_round(connection, asked.group, candidates))


async def _is_there(connection: AsyncConnection, person: str, now: datetime) -> bool:
    found = (await connection.execute(select(*ATTENDANCE).where(people.c.id == person))).one_or_none()
    return found is not None and not is_away(found, now)


async def _present_agents(connection: AsyncConnection, group: str, now: datetime) -> list[str]:
    members = select(people.c.id, people.c.roles, *ATTENDANCE).join(memberships, memberships.c.person == people.c.id)
    found = await connection.execute(members.where(memberships.c.group == group).order_by(people.c.id))
    return [each.id for each in found if Role.AGENT.value in each.roles and not is_away(each, now)]


async def _least_loaded(connection: AsyncConnection, number: str, candidates: list[str]) -> str:
    """Who has the fewest incidents at work; of several the first by name."""
    counted = (
        select(incidents.c.person, func.count())
        .where(incidents.c.person.in_(candidates), incidents.c.status.in_(_AT_WORK), incidents.c.number != number)
        .group_by(incidents.c.person)
    )
    load: dict[str, int] = {row[0]: row[1] for row in await connection.execute(counted)}
    return min(candidates, key=lambda person: (load.get(person, 0), person))


async def _next_in_round(connection: AsyncConnection, group: str, candidates: list[str]) -> str:
    """Who comes after the one picked last; the round is remembered in the same transaction, and held so that two never pick the same one."""
    new = insert(connection, rounds).values(group=group, person=NOBODY_YET)
    await connection.execute(new.on_conflict_do_nothing())
    held = select(rounds.c.person).where(rounds.c.group == group).with_for_update()
    last = (await connection.execute(held)).scalar_one()
    chosen = next((person for person in candidates if person > last), candidates[0])
    await connection.execute(update(rounds).where(rounds.c.group == group).values(person=chosen))
    return chosen
