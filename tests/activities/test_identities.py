"""Whom an account of an identity provider stands for, on both databases (process.md S22)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.security_log import COMMAND_LINE
from activities.access.single_sign_on.identities import Doubt, Recognised, forget_identities, recognise
from activities.access.single_sign_on.provider import Told
from activities.database.tables import identities, people

CARLA = Told("https://login.example.org", "sub-1", "carla@example.org", None)
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


async def _people(engine: AsyncEngine) -> None:
    named = {"language": "en", "zone": "UTC", "roles": ["caller"]}
    async with engine.begin() as connection:
        for person in ("carla", "dora"):
            await connection.execute(people.insert().values(id=person, name=person.title(), email=f"{person}@example.org", **named))


async def _recognised(engine: AsyncEngine, told: Told, *, by_claim: bool = False) -> Recognised:
    return await recognise(engine, told, by_claim=by_claim, now=NOW)


async def test_the_first_sign_in_binds(database: AsyncEngine) -> None:
    """By the verified address in any case; afterwards the account counts, and the address no more."""
    await _people(database)
    assert await _recognised(database, replace(CARLA, email="Carla@Example.org")) == Recognised("carla", is_new=True)
    assert await _recognised(database, replace(CARLA, email="dora@example.org")) == Recognised("carla")
    assert await _recognised(database, replace(CARLA, subject="sub-2")) == Recognised(doubt=Doubt.ANOTHER_IS_BOUND)
    assert await _recognised(database, replace(CARLA, issuer="https://other.example.org")) == Recognised("carla", is_new=True)
    assert await forget_identities(database, "carla", COMMAND_LINE) == 2
    assert await _recognised(database, replace(CARLA, subject="sub-2")) == Recognised("carla", is_new=True)


async def test_letters_that_look_alike_are_others(database: AsyncEngine) -> None:
    """An address with the Kelvin sign, whose small letter is a k, is not that of somebody with a k; one with other letters than English ones is itself."""
    await _people(database)
    async with database.begin() as connection:
        await connection.execute(update(people).where(people.c.id == "carla").values(email="Mark@example.org"))
        await connection.execute(update(people).where(people.c.id == "dora").values(email="Ülkü@example.org"))
    assert await _recognised(database, replace(CARLA, email="mar\u212a@example.org")) == Recognised(doubt=Doubt.NOT_IN_DIRECTORY)
    assert await _recognised(database, replace(CARLA, email="mark@EXAMPLE.org")) == Recognised("carla", is_new=True)
    assert await _recognised(database, replace(CARLA, subject="sub-2", email="Ülkü@example.org")) == Recognised("dora", is_new=True)


async def test_many_browsers_at_once_bind_once(database: AsyncEngine) -> None:
    """Of ten first sign-ins side by side all succeed with one account, and only one of two accounts gets the person."""
    await _people(database)
    found = await asyncio.gather(*(_recognised(database, CARLA) for _ in range(10)))
    assert {each.person for each in found} == {"carla"}
    assert sum(each.is_new for each in found) == 1
    rivals = [replace(CARLA, subject=f"rival-{n % 2}", email="dora@example.org") for n in range(10)]
    answers = await asyncio.gather(*(_recognised(database, each) for each in rivals))
    async with database.connect() as connection:
        winners = (await connection.execute(select(identities.c.subject).where(identities.c.person == "dora"))).scalars().all()
    assert len(winners) == 1
    for rival, answer in zip(rivals, answers, strict=True):
        assert answer.person == ("dora" if rival.subject == winners[0] else None)


async def test_a_claim_is_the_id_itself(database: AsyncEngine) -> None:
    """Letter by letter: no other case, no pattern, no address; and without the claim nobody is meant."""
    await _people(database)
    for claimed in ("Carla", "carla ", "carl%", "carla@example.org"):
        assert (await _recognised(database, replace(CARLA, claimed=claimed), by_claim=True)).doubt is Doubt.NOT_IN_DIRECTORY
    assert (await _recognised(database, CARLA, by_claim=True)).doubt is Doubt.NOTHING_TOLD
    assert (await _recognised(database, replace(CARLA, claimed="dora"), by_claim=True)).person == "dora"


async def test_who_is_disabled_has_no_way_in(database: AsyncEngine) -> None:
    """Neither by an account that is bound nor by one that would be; and whoever has the address now is meant alone."""
    await _people(database)
    assert (await _recognised(database, CARLA)).person == "carla"
    async with database.begin() as connection:
        await connection.execute(update(people).where(people.c.id == "carla").values(disabled_at=NOW))
    assert await _recognised(database, CARLA) == Recognised(doubt=Doubt.NOT_IN_DIRECTORY)
    assert await _recognised(database, replace(CARLA, subject="sub-2")) == Recognised(doubt=Doubt.NOT_IN_DIRECTORY)
    assert (await _recognised(database, replace(CARLA, subject="sub-3", claimed="carla"), by_claim=True)).person is None
    async with database.begin() as connection:
        await connection.execute(update(people).where(people.c.id == "dora").values(email="Carla@example.org"))
    assert (await _recognised(database, replace(CARLA, subject="sub-4"))).person == "dora"
