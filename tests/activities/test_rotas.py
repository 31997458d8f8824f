"""Rotas in the record: imported with the directory, asked by whoever escalates (process.md S5, S10)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import people
from activities.directory.file import DirectoryFileError, load_directory, read_directory
from activities.directory.who_is_meant import all_rotas, who_is_on_call

SAMPLE = (Path(__file__).resolve().parents[2] / "activities/directory/sample.toml").read_text(encoding="utf-8")
PEOPLE = '[people.asha]\nname = "Asha"\n[people.ben]\nname = "Ben"\n[groups]\n'
LAYER = '[[rotas.{rota}.layers]]\npeople = ["{person}"]\nstarts = 2026-01-05T09:00:00\nturn_days = 7\n'
DESK = (
    PEOPLE + '[rotas.desk]\nzone = "Europe/Istanbul"\n' + LAYER.format(rota="desk", person="asha") + LAYER.format(rota="desk", person="ben")
)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def _on_call(database: AsyncEngine, rota: str, at: datetime = NOON) -> str | None:
    async with database.connect() as connection:
        return await who_is_on_call(connection, rota, at)


async def _names(database: AsyncEngine) -> list[str]:
    async with database.connect() as connection:
        return [rota.name for rota in (await all_rotas(connection)).known]


async def test_the_sample_always_has_somebody_on_call(database: AsyncEngine) -> None:
    """The rota the ladders name has two agents for the days, others for the nights, and no gap."""
    assert (
        str(await load_directory(database, SAMPLE))
        == "Imported 11 people, 11 groups, 1 rota and 6 services: 11 people, 11 groups, 1 rota and 6 services added."
    )
    async with database.connect() as connection:
        (rota,) = (await all_rotas(connection)).known
    assert rota.name == "major-incidents"
    assert rota.gaps(NOON, NOON + timedelta(days=60)) == []
    week = timedelta(days=7)
    assert [await _on_call(database, "major-incidents", NOON + later) for later in (timedelta(0), week)] == ["asha", "deniz"]
    assert await _on_call(database, "major-incidents", NOON + timedelta(hours=9)) in {"noah", "mei"}


async def test_what_is_read_back_is_what_the_file_says(database: AsyncEngine) -> None:
    """Nothing of a rota is lost between the file and the record."""
    override = '[[rotas.desk.overrides]]\nperson = "ben"\nfrom = 2026-12-31T18:00:00+03:00\nto = 2027-01-01T10:00:00+03:00\n'
    text = DESK + 'weekdays = ["friday"]\nspans = ["20:00-24:00"]\n' + override
    await load_directory(database, text)
    async with database.connect() as connection:
        assert (await all_rotas(connection)).known == tuple(entry.rota(name) for name, entry in (read_directory(text).rotas or {}).items())


async def test_who_is_absent_is_passed_over(database: AsyncEngine) -> None:
    """The next lower layer is called until the absent person is back."""
    away = DESK.replace('name = "Ben"', 'name = "Ben"\nabsent_until = 2026-11-25T09:00:00Z')
    await load_directory(database, away)
    back = datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert [await _on_call(database, "desk", at) for at in (NOON, back - timedelta(seconds=1), back)] == ["asha", "asha", "ben"]


async def test_whom_the_directory_forgot_is_passed_over(database: AsyncEngine) -> None:
    """Nobody calls a person who cannot be reached any more."""
    await load_directory(database, DESK)
    async with database.begin() as connection:
        await connection.execute(delete(people).where(people.c.id == "ben"))
    assert await _on_call(database, "desk") == "asha"


async def test_a_rota_that_does_not_exist_has_nobody(database: AsyncEngine) -> None:
    """A step that names no rota of the directory finds nobody and can go on at once (S10)."""
    assert await _on_call(database, "nowhere") is None


async def test_a_table_of_rotas_replaces_those_there_were(database: AsyncEngine) -> None:
    """A file that names rotas is all of them, one that does not leaves them alone, an empty table ends them."""
    await load_directory(database, DESK)
    assert (await load_directory(database, PEOPLE)).in_file["rota"] == 0
    assert await _names(database) == ["desk"]
    await load_directory(database, DESK.replace("rotas.desk", "rotas.night"))
    assert await _names(database) == ["night"]
    await load_directory(database, PEOPLE + "[rotas]\n")
    assert await _names(database) == []


async def test_a_wrong_rota_keeps_out_the_whole_file(database: AsyncEngine) -> None:
    """Neither people nor rotas of a file with a fault arrive."""
    await load_directory(database, DESK)
    with pytest.raises(DirectoryFileError):
        await load_directory(database, DESK.replace("rotas.desk", "rotas.night").replace("turn_days = 7", "turn_days = -7"))
    assert await _names(database) == ["desk"]
