"""holdfast oncall: who is on call, the next handover, and the gaps (process.md S10)."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.house.whole_house import holdfast

SAMPLE = Path(__file__).resolve().parents[2] / "activities/directory/sample.toml"

DESK = """
[people.asha]
name = "Asha"
[people.ben]
name = "Ben"
absent_until = 2026-12-01T09:00:00+03:00
[groups]
[rotas.alone]
zone = "UTC"
[[rotas.alone.layers]]
people = ["asha"]
starts = 2026-01-05T09:00:00
turn_days = 7
[rotas.desk]
zone = "Europe/Istanbul"
[[rotas.desk.layers]]
people = ["asha", "ben"]
starts = 2026-11-23T09:00:00
turn_days = 7
"""
AT = ("--at", "2026-11-24T12:00+03:00")


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """Settings of a desk with an empty, migrated record."""
    settings = {"HOLDFAST_DATA_DIR": str(tmp_path / "desk")}
    assert holdfast("migrate", **settings).returncode == 0
    return settings


@pytest.fixture
def staffed(place: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same with two rotas."""
    file = tmp_path / "people.toml"
    file.write_text(DESK, encoding="utf-8")
    assert holdfast("directory", "import", str(file), **place).stdout == "Imported 2 people and 2 rotas: 2 people and 2 rotas added.\n"
    return place


def test_all_rotas_stand_in_one_table(staffed: dict[str, str]) -> None:
    """A line for each rota, in its own zone; a gap until the absent person is back."""
    done = holdfast("oncall", *AT, **staffed)
    assert done.returncode == 0
    heading, alone, desk = ([cell.strip() for cell in line.split("  ") if cell.strip()] for line in done.stdout.splitlines())
    assert heading == ["rota", "on call", "next handover", "zone", "gaps in 14 days"]
    assert alone == ["alone", "asha", "none within a year", "UTC", "none"]
    assert desk == ["desk", "asha", "Mon 2026-11-30 09:00 to nobody", "Europe/Istanbul", "Mon 2026-11-30 09:00 to Tue 2026-12-01 09:00"]


def test_one_rota_as_json(staffed: dict[str, str]) -> None:
    """Scripts get instants with the offset of the rota's zone."""
    done = holdfast("oncall", "--rota", "desk", "--json", *AT, **staffed)
    handover, back = "2026-11-30T09:00:00+03:00", "2026-12-01T09:00:00+03:00"
    assert json.loads(done.stdout) == [
        {
            "rota": "desk",
            "zone": "Europe/Istanbul",
            "on_call": "asha",
            "next_handover": {"at": handover, "on_call": None},
            "gaps": [{"from": handover, "to": back}],
        }
    ]


def test_gaps_are_searched_as_far_as_asked(staffed: dict[str, str]) -> None:
    """A gap beyond the days asked for is not told."""
    done = holdfast("oncall", "--rota", "desk", "--days", "1", *AT, **staffed)
    assert "gaps in 1 day\n" in done.stdout
    assert done.stdout.rstrip().endswith("none")


def test_a_desk_without_rotas_is_told_how_to_get_one(place: dict[str, str]) -> None:
    """No rotas is no failure; the sentence names the command that brings some."""
    done = holdfast("oncall", **place)
    assert (done.returncode, "holdfast directory import" in done.stdout) == (0, True)
    assert json.loads(holdfast("oncall", "--json", **place).stdout) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--rota", "moon"), "alone, desk"),
        (("--at", "2026-11-24T12:00"), "offset"),
        (("--at", "yesterday"), "yesterday"),
        (("--at", "0001-01-01T00:00Z"), "0001-01-01"),
        (("--days", "0"), "--days"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(staffed: dict[str, str], arguments: tuple[str, ...], told: str) -> None:
    """Wrong usage: exit code 2, a sentence on standard error, nothing on standard output."""
    done = holdfast("oncall", *arguments, **staffed)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_warns_of_gaps(place: dict[str, str], tmp_path: Path) -> None:
    """A time without anybody on call is a warning, not a failure; without rotas all is well."""
    assert "ok    rotas: none" in holdfast("doctor", "--only", "rotas", **place).stdout
    file = tmp_path / "people.toml"
    file.write_text(DESK.replace("turn_days = 7", 'turn_days = 7\nspans = ["09:00-17:00"]'), encoding="utf-8")
    holdfast("directory", "import", str(file), **place)
    done = holdfast("doctor", "--only", "rotas", **place)
    assert done.returncode == 0
    assert "warn  rotas: alone: nobody is on call" in done.stdout
    assert "gaps in the next 14 days" in done.stdout


def test_the_doctor_warns_of_rules_that_name_nobody(staffed: dict[str, str]) -> None:
    """A group that a rule names and the directory lacks is told before incidents wait for it; with the sample directory all is well."""
    done = holdfast("doctor", "--only", "rules", **staffed)
    assert done.returncode == 0
    assert "warn  rules: The rules name the group security-response, which the directory does not know" in done.stdout
    assert holdfast("directory", "import", str(SAMPLE), **staffed).returncode == 0
    done = holdfast("doctor", "--only", "rules", **staffed)
    assert "which the directory does not know" not in done.stdout


def test_a_rota_that_cannot_be_read_is_named(staffed: dict[str, str]) -> None:
    """One that another release wrote hides none of the others, from the table, the doctor or the export: each of them names it."""
    with sqlite3.connect(Path(staffed["HOLDFAST_DATA_DIR"]) / "holdfast.db") as record:
        record.execute("""INSERT INTO rotas (id, definition) VALUES ('odd', '{"zone": "Mars/Olympus"}')""")
    shown, export = holdfast("oncall", *AT, **staffed), holdfast("directory", "export", **staffed)
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["rota", "alone", "desk"]
    assert shown.stderr.startswith("The rota odd cannot be read, so nobody is on call by it")
    assert export.stdout.startswith('# The rota "odd" cannot be read and is not in this file')
    assert "[rotas.desk]" in export.stdout
    assert "The rota odd cannot be read here and is left out" in export.stderr
    alone = holdfast("oncall", "--rota", "odd", "--json", **staffed)
    assert (alone.returncode, json.loads(alone.stdout), "odd" in alone.stderr) == (0, [], True)
    examined = json.loads(holdfast("doctor", "--only", "rotas", "--json", **staffed).stdout)
    assert (examined[0]["level"], examined[0]["finding"].partition(" cannot")[0]) == ("warn", "The rota odd")
