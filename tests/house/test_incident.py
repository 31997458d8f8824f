"""holdfast incident clocks, dates and events, and holdfast events: the same as the API, at the terminal (process.md S6, S9, S21)."""

import asyncio
import csv
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.database.session import open_database
from activities.house.commands.time_board import dates_told
from activities.records import Records
from tests.house.whole_house import holdfast
from tests.ports import free_port
from tests.process.life import ASHA, Life
from workflows.messages import Hold, Report
from workflows.publication import Deadline
from workflows.vocabulary import DeadlineKind, HoldReason, Impact, Urgency

NUMBER = "INC-1001-9"
REPORT = Report("Nobody can print", category="printing", impact=Impact.WIDESPREAD, urgency=Urgency.MEDIUM)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A desk whose record has one incident: P2, reported on a Tuesday at 07:00 UTC, a question asked an hour later."""
    directory = tmp_path_factory.mktemp("desk")
    settings = {"HOLDFAST_DATA_DIR": str(directory)}
    assert holdfast("migrate", **settings).returncode == 0
    life = Life(REPORT)
    life.incident.facts = replace(life.facts, number=NUMBER)
    life.passes(timedelta(hours=1))
    life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
    asyncio.run(_publish(f"sqlite:///{directory / 'holdfast.db'}", life))
    return settings


async def _publish(url: str, life: Life) -> None:
    engine = open_database(url)
    await Records(engine).publish(life.incident.publication())
    await engine.dispose()


def test_the_clocks_explain_themselves(place: dict[str, str]) -> None:
    """Each clock with its state and its reasons, line by line of the ledger."""
    done = holdfast("incident", "clocks", NUMBER, **place)
    assert done.returncode == 0, done.stderr
    assert "resolution: paused\n  The solution is paused; it would be due " in done.stdout
    assert "  1 h of 8 h working time are used up, counted in the calendar always (UTC).\n" in done.stdout
    assert "  From 2026-11-24 08:00 until now it rested (held, by asha)." in done.stdout


def test_the_dates_are_listed_earliest_first(place: dict[str, str]) -> None:
    """What will happen by itself: reminders of the question and the end of patience; a clock that rests has no date."""
    # Whenever this runs: the incident is of one day, and dates that have passed say so.
    lines = [line.removesuffix(", overdue") for line in holdfast("incident", "dates", NUMBER, **place).stdout.splitlines()]
    assert lines == [
        "Thu 2026-11-26 08:00:00Z  a reminder of the question goes out",
        "Mon 2026-11-30 08:00:00Z  a reminder of the question goes out",
        "Wed 2026-12-02 08:00:00Z  it counts as solved if there is no answer",
    ]


@pytest.mark.parametrize("kind", DeadlineKind)
def test_every_date_can_be_told(kind: DeadlineKind) -> None:
    """Whatever an incident waits for, an approval or its survey too, the list has a line of it."""
    at = datetime(2026, 11, 26, 8, tzinfo=UTC)
    told = dates_told([Deadline(kind, at, 2, "resolution")], at + timedelta(hours=1))
    assert re.fullmatch(r"Thu 2026-11-26 08:00:00Z  .*[a-z].* \(resolution.*\), overdue", told)


def test_scripts_get_what_the_api_gives(place: dict[str, str]) -> None:
    """The same members as GET /incidents/{n}/clocks and /dates."""
    clocks = json.loads(holdfast("incident", "clocks", NUMBER, "--json", **place).stdout)
    assert clocks["number"] == NUMBER
    assert {clock["clock"]: clock["elapsed_seconds"] for clock in clocks["clocks"]}["resolution"] == 3600
    dates = json.loads(holdfast("incident", "dates", NUMBER, "--json", **place).stdout)
    assert [date["kind"] for date in dates["dates"]] == ["question_reminder", "question_reminder", "no_answer"]
    assert dates["dates"][0]["at"] == "2026-11-26T08:00:00Z"


@pytest.mark.parametrize("command", ["clocks", "dates"])
@pytest.mark.parametrize(("number", "code", "told"), [("INC-1002-4", 3, "no incident INC-1002-4"), ("INC-1001-3", 2, "mistyped")])
def test_no_such_incident(place: dict[str, str], command: str, number: str, code: int, told: str) -> None:
    """A mistyped number is wrong usage, one that nobody ever got is not found; a sentence says which."""
    done = holdfast("incident", command, number, **place)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


def test_the_audit_trail_is_written_to_a_file(place: dict[str, str], tmp_path: Path) -> None:
    """Of the incident or of a period, in the form that the file is called by, and nothing beside it; each is a line of the security log."""
    lines, rows = tmp_path / "trail.jsonl", tmp_path / "trail.csv"
    period = ("--from", "2026-11-24T10:00+03:00", "--to", "2026-11-24T08:00Z")
    for command, file in ((("incident", "events", NUMBER), lines), (("events", *period), rows)):
        done = holdfast(*command, str(file), **place)
        assert (done.returncode, str(file) in done.stdout) == (0, True), done.stderr
    whole = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [event["seq"] for event in whole] == [*range(1, len(whole) + 1)]
    with rows.open(encoding="utf-8-sig", newline="") as told:
        first = [row["kind"] for row in csv.DictReader(told)]
    assert first == [event["kind"] for event in whole if event["at"] < "2026-11-24T08"]
    assert "Which printer?" in [event["after"].get("question") for event in whole]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["trail.csv", "trail.jsonl"]
    seen = holdfast("accounts", "audit", **place).stdout
    assert (seen.count("events_exported"), f"incident {NUMBER}" in seen) == (2, True)


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        (("incident", "events", NUMBER, "trail.xlsx"), 2, ".jsonl for JSON Lines"),
        (("incident", "events", NUMBER, "nowhere/trail.csv"), 2, "cannot be written"),
        (("incident", "events", "INC-1002-4", "trail.csv"), 3, "no incident INC-1002-4"),
        (("incident", "events", "INC-1001-3", "trail.csv"), 2, "mistyped"),
        (("events", "trail.csv", "--from", "2026-12-01T00:00Z", "--to", "2026-11-01T00:00Z"), 2, "must lie after"),
        (("events", "trail.csv", "--from", "2026-12-01", "--to", "2026-12-31"), 2, "no instant with an offset"),
    ],
)
def test_no_such_trail(place: dict[str, str], tmp_path: Path, command: tuple[str, ...], code: int, told: str) -> None:
    """What cannot be written is said in a sentence, and no file is made."""
    done = holdfast(*(str(tmp_path / each) if each.endswith((".csv", ".xlsx")) else each for each in command), **place)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_away_is_another_matter(tmp_path: Path) -> None:
    """Exit code 5: try again later, nothing is known about the incident."""
    url = f"postgresql://desk@127.0.0.1:{free_port()}/desk"
    done = holdfast("incident", "dates", NUMBER, HOLDFAST_DATA_DIR=str(tmp_path), HOLDFAST_DATABASE_URL=url)
    assert (done.returncode, done.stdout) == (5, "")
    assert "does not answer" in done.stderr


def test_a_policy_book_of_the_desk_counts_its_own_way(place: dict[str, str], tmp_path: Path) -> None:
    """Clocks are counted by the desk's own book; one that cannot be read is told."""
    broken = tmp_path / "book.py"
    broken.write_text("nonsense", encoding="utf-8")
    done = holdfast("incident", "clocks", NUMBER, HOLDFAST_POLICIES=str(broken), **place)
    assert (done.returncode, "book.py" in done.stderr) == (2, True)
