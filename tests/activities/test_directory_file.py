"""A directory file is taken as a whole or refused with what is wrong (process.md S5, S10, S22)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import people
from activities.directory.file import DirectoryFileError, load_directory, read_directory
from activities.directory.on_call import Layer, Override, Rota
from workflows.calendars import Weekday, span
from workflows.counting import counted
from workflows.policies.book import HOLDFAST

PAIR = """
[people.asha]
name = "Asha"
[people.ben]
name = "Ben"
[groups]
[rotas.alone]
zone = "UTC"
[[rotas.alone.layers]]
people = ["asha"]
starts = 2026-01-05T09:00:00
turn_days = 7
"""
SAMPLE = Path(__file__).resolve().parents[2] / "activities/directory/sample.toml"


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
        ('[people.a]\nname = "A"\nemail = "a\\u0000b@x"\n[groups]', "people.a.email"),
        ('[people.a]\nname = "A"\nemail = "a\\u202eb@x"\n[groups]', "people.a.email"),
        ('[people.a]\nname = "A"\nnick = "B"\n[groups]', "people.a.nick"),
        (f"[people]\n[groups.g]\nlevel = {'9' * 5_000}", "a number is too large"),
        (f"[people]\n[groups]\n{'a.' * 200}a = 1", "nested too deep"),
        (f"[people]\n[groups]\n{'.'.join(['x'] + [chr(34) + chr(92) + chr(34) + chr(34)] * 200)} = 1", "nested too deep"),
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


ROTA = """
[people.asha]
name = "Asha"
[groups]
[rotas.desk]
zone = "Europe/Istanbul"
[[rotas.desk.layers]]
people = ["asha"]
starts = 2026-01-05T09:00:00
turn_days = 7
weekdays = ["friday"]
spans = ["20:00-24:00", "00:00-08:00"]
[[rotas.desk.overrides]]
person = "asha"
from = 2026-12-31T18:00:00+03:00
to = 2027-01-01T10:00:00+03:00
"""


def test_a_rota_is_read_as_it_is_meant() -> None:
    """Spans may stand in any order, the first handover is local time, an override lies between two instants."""
    rota = (read_directory(ROTA).rotas or {})["desk"].rota("desk")
    assert rota == Rota(
        "desk",
        "Europe/Istanbul",
        (Layer(("asha",), datetime.fromisoformat("2026-01-05T09:00"), 7, {Weekday.FRIDAY: (span("00:00-08:00"), span("20:00-24:00"))}),),
        (Override("asha", datetime(2026, 12, 31, 15, tzinfo=UTC), datetime(2027, 1, 1, 7, tzinfo=UTC)),),
    )


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("Europe/Istanbul", "Mars/Olympus", "rotas.desk.zone: 'Mars/Olympus' is no IANA time zone"),
        ("Europe/Istanbul", "Europe", "rotas.desk.zone: 'Europe' is no IANA time zone"),
        (
            'people = ["asha"]',
            'people = ["asha", "bo", "cy"]',
            "rotas.desk.layers.0 names 'bo', who .*; rotas.desk.layers.0 names 'cy', who",
        ),
        ('people = ["asha"]', "people = []", "rotas.desk.layers.0.people: .*at least 1"),
        ("2026-01-05T09:00:00", "2026-01-05T09:00:00Z", "rotas.desk.layers.0.starts: .*without offset"),
        ("2026-01-05T09:00:00", "2026-01-05", "rotas.desk.layers.0.starts: .*date and time"),
        ("2026-01-05T09:00:00", '"monday at nine"', "rotas.desk.layers.0.starts: .*monday at nine"),
        ("turn_days = 7", "turn_days = 0", "rotas.desk.layers.0.turn_days: .*greater than or equal to 1"),
        ('weekdays = ["friday"]', 'weekdays = ["freitag"]', "rotas.desk.layers.0.weekdays.0: .*'friday'"),
        ('"20:00-24:00", "00:00-08:00"', '"20:00-08:00"', "rotas.desk.layers.0.spans.0: '20:00-08:00' .*two spans"),
        ('"20:00-24:00", "00:00-08:00"', '"07:00-09:00", "08:00-10:00"', "rotas.desk.layers.0: .*overlap"),
        ('person = "asha"', 'person = "bo"', "rotas.desk.overrides.0 names 'bo', who"),
        ("2027-01-01T10:00:00+03:00", "2025-01-01T10:00:00+03:00", "rotas.desk.overrides.0: .*end after it begins"),
        ("2027-01-01T10:00:00+03:00", "2027-01-01T10:00:00", "rotas.desk.overrides.0.to: .*timezone"),
        ("[[rotas.desk.overrides]]", "[[rotas.desk.exceptions]]", "rotas.desk.exceptions"),
        ("[[rotas.desk.layers]]", "[[rotas.desk.overrides]]", "rotas.desk.layers: Field required"),
    ],
)
def test_what_is_wrong_with_a_rota_is_named(right: str, wrong: str, says: str) -> None:
    """Each fault of a rota is told in one line that names the entry."""
    text = ROTA.replace(right, wrong, 1)
    assert text != ROTA
    with pytest.raises(DirectoryFileError, match=says) as told:
        read_directory(text)
    assert "\n" not in str(told.value)


async def test_an_import_says_what_it_changed(database: AsyncEngine) -> None:
    """Not only what the file holds: one field of one person is one person changed; what one thing is called, one thing is called."""
    await load_directory(database, PAIR)
    changed = (
        PAIR.replace('name = "Ben"', 'name = "Benedict"')
        .replace("[rotas.alone]", "[rotas.other]")
        .replace("[[rotas.alone", "[[rotas.other")
    )
    said = str(await load_directory(database, changed + '[services.mail]\nname = "Mail"\n'))
    assert said == "Imported 2 people, 1 rota and 1 service: 1 rota and 1 service added; 1 person changed; 1 rota taken away."


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (1_234_567, "1234567 entries"), (1.5, "1.5 entries")]
)
def test_counts_are_told_in_words_that_fit(count: float, told: str) -> None:
    """One of something is not several of it."""
    assert counted(count, "entry", "entries") == told
