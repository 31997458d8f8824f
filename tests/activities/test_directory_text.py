"""The directory as a file, out and in again: nothing is lost, nothing is done unseen (process.md S22)."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.security_log import Hand
from activities.access.sessions import begin
from activities.database.tables import people, security_events
from activities.directory.as_text import as_toml
from activities.directory.changes import change_absence, disable_person
from activities.directory.entries import DirectoryFile, GroupEntry, PersonEntry, ServiceEntry
from activities.directory.file import load_directory, preview_of, read_directory
from activities.directory.lock import DirectoryChangedError
from activities.directory.rota_entries import LayerEntry, OverrideEntry, RotaEntry
from activities.directory.rows import everything, person_entry
from api.queries.sessions import signed_in
from workflows.vocabulary import Role

SAMPLE = (Path(__file__).resolve().parents[2] / "activities/directory/sample.toml").read_text(encoding="utf-8")
ADA = Hand("ada", "10.0.0.7")
NOW = datetime.now(UTC)

keys = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@ -]{0,12}", fullmatch=True)
printable = st.characters(exclude_categories=("Cs", "Cc"))
lines = st.text(printable, min_size=1, max_size=30).filter(lambda text: text.strip(" \xa0") != "")
texts = st.text(st.one_of(printable, st.sampled_from('\n\t"\\=[#')), min_size=1, max_size=60)
emails = st.none() | st.from_regex(r"[a-zä'=+._-]{1,9}@[a-z.]{1,9}", fullmatch=True).filter(lambda text: "'" not in text)
instants = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.sampled_from([UTC]))  # noqa: DTZ001 -- the zone comes beside it
zones = st.sampled_from(["UTC", "Europe/Istanbul", "America/St_Johns"])


@st.composite
def persons(draw: st.DrawFn) -> PersonEntry:
    """Somebody, perhaps away, perhaps gone."""
    since, until = sorted(draw(st.lists(instants, min_size=2, max_size=2, unique=True)))
    away: dict[str, Any] = draw(st.sampled_from([{}, {"absent_until": until}, {"absent_from": since, "absent_until": until}]))
    roles = draw(st.lists(st.sampled_from(list(Role)), unique=True))
    return PersonEntry(
        name=draw(lines), email=draw(emails), zone=draw(zones), roles=roles, disabled=draw(st.sampled_from([None, True])), **away
    )


@st.composite
def rota_of(draw: st.DrawFn, known: list[str]) -> RotaEntry:
    """Layers and overrides of these people."""
    some = st.lists(st.sampled_from(known), min_size=1, max_size=3)
    starts = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001 -- told by the clock on the wall
    layers = [
        LayerEntry(people=draw(some), starts=draw(starts), turn_days=draw(st.integers(1, 366))) for _ in range(draw(st.integers(1, 3)))
    ]
    hours = [
        {"person": draw(st.sampled_from(known)), "from": at, "to": at + timedelta(hours=1)} for at in draw(st.lists(instants, max_size=2))
    ]
    return RotaEntry(zone=draw(zones), layers=layers, overrides=[OverrideEntry.model_validate(each) for each in hours])


@st.composite
def directories(draw: st.DrawFn) -> DirectoryFile:
    """Any directory that could be written by hand."""
    known = draw(st.dictionaries(keys, persons(), min_size=1, max_size=4))
    one = st.sampled_from(sorted(known))
    group = st.builds(
        GroupEntry, name=lines, level=st.integers(1, 9), lead=st.none() | one, email=emails, members=st.lists(one, unique=True).map(sorted)
    )
    teams = draw(st.dictionaries(keys, group, max_size=3))
    owners = st.just({}) | one.map(lambda person: {"owner_person": person})
    owners |= st.sampled_from(sorted(teams)).map(lambda key: {"owner_group": key}) if teams else st.nothing()
    about = st.none() | texts
    service = st.builds(lambda name, says, key, gone, owner: ServiceEntry(name=name, description=says, category=key, retired=gone, **owner), lines, about, st.none() | keys, st.booleans(), owners)  # fmt: skip
    return DirectoryFile(
        people=known,
        groups=teams,
        rotas=draw(st.dictionaries(keys, rota_of(sorted(known)), max_size=2)),
        services=draw(st.dictionaries(keys, service, max_size=3)),
    )


@given(directories())
@settings(max_examples=150)
def test_what_is_written_is_read_back(directory: DirectoryFile) -> None:
    """Whatever people, groups, rotas and services are called and say."""
    assert read_directory(as_toml(directory)) == directory


async def test_the_record_gives_back_what_a_file_brought(database: AsyncEngine) -> None:
    """Imported into an empty record and exported, it is the same directory; imported once more, nothing changes and nothing is written down."""
    await load_directory(database, SAMPLE)
    async with database.connect() as connection:
        exported = as_toml(await everything(connection))
        before = (await connection.execute(select(security_events.c.id))).all()
    said, again = read_directory(SAMPLE), read_directory(exported)
    assert {key: entry.model_copy(update={"members": sorted(entry.members)}) for key, entry in said.groups.items()} == again.groups
    assert (said.people, said.rotas, said.services) == (again.people, again.rotas, again.services)
    assert (await preview_of(database, exported)).differences == ()
    assert str(await load_directory(database, exported, ADA)).endswith(": nothing changed.")
    async with database.connect() as connection:
        assert (await connection.execute(select(security_events.c.id))).all() == before


@given(directory=directories())
@settings(max_examples=20)
def test_any_directory_survives_the_record(directory: DirectoryFile, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Through the tables and out again."""
    from activities.database.migrate import migrate  # noqa: PLC0415 -- only here
    from activities.database.session import open_database  # noqa: PLC0415 -- only here

    url = f"sqlite:///{tmp_path_factory.mktemp('record') / 'record.db'}"
    migrate(url)

    async def through() -> DirectoryFile:
        engine = open_database(url)
        try:
            await load_directory(engine, as_toml(directory))
            async with engine.connect() as connection:
                return await everything(connection)
        finally:
            await engine.dispose()

    assert read_directory(as_toml(asyncio.run(through()))) == directory


async def test_the_preview_says_what_the_import_does(database: AsyncEngine) -> None:
    """Added, changed field by field, kept, taken away, signed out; looking changes nothing, importing does exactly that, with a line for each."""
    await load_directory(database, SAMPLE)
    token = await begin(database, "noah", "test", NOW)
    await change_absence(database, "mei", None, NOW + timedelta(days=2), ADA)
    kept, _, _ = SAMPLE.partition("# First level")
    text = kept.replace("[people.olga]", "[people.otto]").replace('name = "Noah van Dijk"', 'name = "Noah"')
    text = (
        text.replace('zone = "Europe/Amsterdam"\nroles = ["caller", "agent"]', 'zone = "Europe/Amsterdam"\nroles = ["caller"]')
        + "[groups]\n[rotas]\n"
    )
    seen = await preview_of(database, text)
    assert [each.subject for each in seen.added] == ["person otto"]
    changes = {each.subject: {name: (was, will) for name, was, will in each.changes()} for each in seen.changed}
    assert changes["person noah"] == {"name": ("Noah van Dijk", "Noah"), "roles": (["caller", "agent"], ["caller"])}
    assert changes["person mei"]["absent_until"][1] is None
    assert set(changes) == {"person noah", "person mei"}
    assert "person olga" in seen.kept
    assert "group network" in seen.kept
    assert seen.rotas_taken == ("major-incidents",)
    assert seen.signed_out == ("noah",)
    assert await signed_in(database, token, NOW)
    await load_directory(database, text, ADA, seen.count)
    assert await signed_in(database, token, NOW) is None
    async with database.connect() as connection:
        query = (
            select(security_events)
            .where(security_events.c.actor == "ada", security_events.c.detail == "import")
            .order_by(security_events.c.id)
        )
        told = [(row.kind, row.subject, row.before) for row in await connection.execute(query)]
    assert {each[:2] for each in told} == {("person_changed", "person noah"), ("person_changed", "person mei"), ("person_added", "person otto"), ("rota_removed", "rota major-incidents")}  # fmt: skip
    assert ("person_changed", "person noah", {"name": "Noah van Dijk", "roles": ["caller", "agent"]}) in told


async def test_an_import_after_a_look_at_another_directory_is_refused(database: AsyncEngine) -> None:
    """Whatever was changed since the preview, by whomever: look again."""
    await load_directory(database, SAMPLE)
    seen = await preview_of(database, SAMPLE.replace("Asha Raman", "Asha"))
    await change_absence(database, "mei", None, NOW + timedelta(days=2), ADA)
    with pytest.raises(DirectoryChangedError):
        await load_directory(database, SAMPLE.replace("Asha Raman", "Asha"), ADA, seen.count)
    async with database.connect() as connection:
        assert (await connection.execute(select(people.c.name).where(people.c.id == "asha"))).scalar_one() == "Asha Raman"


async def test_a_file_that_says_nothing_enables_nobody(database: AsyncEngine) -> None:
    """Somebody who left does not come back by an old file; a file that says so outright brings them back."""
    await load_directory(database, SAMPLE)
    await disable_person(database, "mei", ADA)
    assert (await preview_of(database, SAMPLE)).differences == ()
    await load_directory(database, SAMPLE.replace('name = "Mei Tanaka"', 'name = "Mei"'))
    async with database.connect() as connection:
        found = await person_entry(connection, "mei")
        assert found is not None
        assert (found.name, found.disabled) == ("Mei", True)
    await load_directory(database, SAMPLE.replace('name = "Mei Tanaka"', 'name = "Mei"\ndisabled = false'))
    async with database.connect() as connection:
        assert (await connection.execute(select(people.c.disabled_at).where(people.c.id == "mei"))).scalar_one() is None


async def test_a_rota_that_cannot_be_read_holds_up_nothing(database: AsyncEngine) -> None:
    """It is left out of the file, and an import replaces it."""
    from activities.database.tables import rotas  # noqa: PLC0415 -- only here

    await load_directory(database, SAMPLE)
    async with database.begin() as connection:
        await connection.execute(update(rotas).values(definition={"zone": "Mars/Olympus"}))
    async with database.connect() as connection:
        assert read_directory(as_toml(await everything(connection))).rotas == {}
    await load_directory(database, SAMPLE)
    async with database.connect() as connection:
        assert (await everything(connection)).rotas == read_directory(SAMPLE).rotas
