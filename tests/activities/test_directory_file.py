"""A directory file is taken as a whole or refused with what is wrong (process.md S5, S22)."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import people
from activities.directory_file import DirectoryFileError, load_directory, read_directory
from workflows.policies.book import HOLDFAST

SAMPLE = Path(__file__).resolve().parents[2] / "activities/directory_sample.toml"


def test_the_sample_has_every_group_of_the_policies() -> None:
    """A newcomer's escalation finds its group."""
    sample = read_directory(SAMPLE.read_text(encoding="utf-8"))
    for dated in HOLDFAST.assignment:
        for path in (*dated.rule.groups.values(), dated.rule.otherwise):
            assert [sample.groups[group].level for group in path] == list(range(1, len(path) + 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("people = 7", "people"),
        ("[people.a", "not TOML"),
        ('[people.a]\nname = "A"\nzone = "Mars/Olympus"\n[groups]', "Mars/Olympus"),
        ('[people.a]\nname = "A"\nroles = ["king"]\n[groups]', "people.a.roles"),
        ('[people.a]\nname = "A"\nemail = "a b@x"\n[groups]', "people.a.email"),
        ('[people.a]\nname = "A"\nnick = "B"\n[groups]', "people.a.nick"),
        ('[people]\n[groups.g]\nname = "G"\nlevel = 1\nlead = "nobody"', "nobody"),
        ('[people]\n[groups.g]\nname = "G"\nlevel = 0', "groups.g.level"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    """A wrong file is refused with the entry that is wrong."""
    with pytest.raises(DirectoryFileError, match=says.replace(".", r"\.")):
        read_directory(text)


async def test_nothing_of_a_wrong_file_is_imported(database: AsyncEngine) -> None:
    """One wrong entry keeps out the whole file."""
    with pytest.raises(DirectoryFileError):
        await load_directory(database, '[people.good]\nname = "Good"\n[people.bad]\nname = ""\n[groups]')
    async with database.connect() as connection:
        assert (await connection.execute(select(people))).all() == []
