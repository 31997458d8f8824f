"""Who of a group gets an incident, from the directory as it is at that moment (process.md S5, S12)."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import incidents
from activities.directory.file import load_directory
from activities.directory.staffing import pick_person
from activities.records import Records
from tests.process.life import ASHA, CARLA, Life
from workflows.messages import Assign, Reject, Resolve
from workflows.policies.assignment_rules import Pick
from workflows.publication import Staffing

DIRECTORY = """
[people.carla]
name = "Carla"
email = "carla@example.org"
[people.asha]
name = "Asha"
roles = ["agent"]
[people.ben]
name = "Ben"
roles = ["agent"]
[people.cleo]
name = "Cleo"
roles = ["agent"]
[people.lead]
name = "Lead without agent role"
[groups.service-desk]
name = "Service desk"
level = 1
members = ["cleo", "ben", "asha", "lead"]
[groups.empty]
name = "Empty"
level = 1
"""
GONE = 'absent_until = 2099-01-01T00:00:00Z\nroles = ["agent"]'


async def picked(engine: AsyncEngine, pick: Pick, group: str = "service-desk", person: str | None = None) -> str | None:
    """The directory's answer."""
    async with engine.begin() as connection:
        return (await pick_person(connection, "INC-1", Staffing(group, person, pick))).person


async def test_round_robin_takes_turns(database: AsyncEngine) -> None:
    """Each present agent in turn, and from the first again; others of the group are never picked."""
    await load_directory(database, DIRECTORY)
    assert [await picked(database, Pick.ROUND_ROBIN) for _ in range(4)] == ["asha", "ben", "cleo", "asha"]


async def test_the_absent_are_passed_over(database: AsyncEngine) -> None:
    """An absent person is never picked, and an empty group picks nobody: the incident stays in the queue."""
    await load_directory(database, DIRECTORY.replace('name = "Ben"\nroles = ["agent"]', f'name = "Ben"\n{GONE}'))
    assert [await picked(database, Pick.ROUND_ROBIN) for _ in range(3)] == ["asha", "cleo", "asha"]
    assert await picked(database, Pick.ROUND_ROBIN, "empty") is None


async def test_the_least_loaded_is_picked(database: AsyncEngine) -> None:
    """Open incidents count, closed ones do not."""
    await load_directory(database, DIRECTORY)
    for number, (person, status) in enumerate(
        [("asha", "in_progress"), ("ben", "closed"), ("ben", "closed"), ("cleo", "on_hold"), ("ben", "new"), ("ben", "new")]
    ):
        life = Life()
        publication = life.incident.publication()
        await Records(database).publish(replace(publication, snapshot=replace(publication.snapshot, number=f"INC-9{number}")))
        async with database.begin() as connection:
            row = incidents.update().where(incidents.c.number == f"INC-9{number}").values(person=person, status=status)
            await connection.execute(row)
    assert await picked(database, Pick.LEAST_LOADED) == "asha"


async def test_an_owner_who_is_there_keeps_a_reopened_incident(database: AsyncEngine) -> None:
    """Same owner if on shift, else the group (S12)."""
    await load_directory(database, DIRECTORY)
    assert await picked(database, Pick.NOBODY, person="asha") == "asha"
    await load_directory(database, DIRECTORY.replace('name = "Asha"\nroles = ["agent"]', f'name = "Asha"\n{GONE}'))
    assert await picked(database, Pick.NOBODY, person="asha") is None
    assert await picked(database, Pick.NOBODY, person="somebody who left") is None


@pytest.mark.parametrize(
    ("directory", "owner"), [(DIRECTORY, "asha"), (DIRECTORY.replace('name = "Asha"\nroles = ["agent"]', f'name = "Asha"\n{GONE}'), None)]
)
async def test_a_rejected_solution_goes_to_who_is_there(database: AsyncEngine, directory: str, owner: str | None) -> None:
    """From the caller's "still broken" through the record back into the incident (S12)."""
    await load_directory(database, directory)
    life = Life()
    for who, message in [(ASHA, Assign("service-desk", "asha")), (ASHA, Resolve("fixed", "done")), (CARLA, Reject("still"))]:
        life.says(who, message)
        while life.incident.is_ahead_of_record:
            life.incident.published(await Records(database).publish(life.incident.publication()), life.now)
    assert (life.facts.group, life.facts.person) == ("service-desk", owner)


async def test_a_burst_takes_turns_too(database: AsyncEngine) -> None:
    """Six incidents at the same moment go round: no two publications read the same place in the round."""
    await load_directory(database, DIRECTORY)

    async def at_the_same_moment() -> str | None:
        async with database.begin() as connection:
            found = await pick_person(connection, "INC-1", Staffing("service-desk", None, Pick.ROUND_ROBIN))
            await asyncio.sleep(0.02)
            return found.person

    taken = await asyncio.gather(*(at_the_same_moment() for _ in range(6)))
    assert sorted(person or "" for person in taken) == ["asha", "asha", "ben", "ben", "cleo", "cleo"]
