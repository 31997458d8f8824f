"""``holdfast directory erase`` on a whole desk: refused with everything that stands against it, then done while the desk runs (process.md S21)."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.erasure.erasing import Look, Running
from activities.house.commands.erasure_desk import look_told, refuse_if_against
from activities.house.refusals import RefusedError
from tests.house.whole_house import House, holdfast

_BUSY = ("api_keys", "letters")


def _rows(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        tables = [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_words%'")
        ]
        # When a key was used, and that a letter went out, is written down while the desk is merely open.
        return [f"{table} {row}" for table in tables for row in connection.execute(f"SELECT * FROM {table}") if table not in _BUSY]  # noqa: S608


def _bytes(file: Path) -> bytes:
    return b"".join(each.read_bytes() for each in (file, file.with_name(f"{file.name}-wal")) if each.exists())


def test_a_caller_who_left_is_erased(house: House, tmp_path: Path) -> None:
    """Refused while she is of the desk and her incident runs, without a trace; done afterwards; and the second time there is nothing to do."""
    house.open()
    around = house.settings | {"TEMPORAL_ADDRESS": f"127.0.0.1:{house.settings['HOLDFAST_TEMPORAL_PORT']}"}
    number = house.report("zqplanted words")
    erase = ("directory", "erase", "carla")
    before = _rows(house.record)
    preview = holdfast(*erase, "--preview", **around)
    assert (preview.returncode, f"{number} still runs (new)" in preview.stdout) == (0, True), preview.stderr
    refused = holdfast(*erase, "--yes", **around)
    assert refused.returncode == 1
    assert "Nothing was erased." in refused.stderr
    assert "carla is still of the desk: disable them first" in refused.stderr
    assert f"{number} still runs (new): close or cancel it" in refused.stderr
    assert _rows(house.record) == before
    assert house.asks("POST", f"/api/v1/incidents/{number}/cancel", "AGENT", json={"reason": "test"}).status_code == 200
    _disable(tmp_path, around)
    done = holdfast(*erase, "--as", "ada", "--yes", **around)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Erased. erased-")
    left = _bytes(house.record)
    assert [word for word in (b"zqplanted", b"carla", b"Mendes") if word in left] == []
    assert house.asks("GET", f"/api/v1/incidents/{number}", "AGENT").json()["title"] == "[erased]"
    again = holdfast(*erase, "--yes", **around)
    assert (again.returncode, again.stdout) == (0, "Nothing in the record knows carla.\n")


def test_what_is_no_person_is_not_erased(house: House) -> None:
    """A mailbox, an integration, and anybody where Temporal is not that of this desk: a sentence, and nothing is touched."""
    house.open()
    around = house.settings | {"TEMPORAL_ADDRESS": f"127.0.0.1:{house.settings['HOLDFAST_TEMPORAL_PORT']}"}
    number = house.report("zqplanted words")
    assert holdfast("keys", "issue", "--integration", "monitor", "--role", "agent", **around).returncode == 0
    before = _rows(house.record)
    for wrong, told in (("group:network", "a mailbox"), ("monitor", "an integration")):
        done = holdfast("directory", "erase", wrong, "--yes", **around)
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    elsewhere = holdfast("directory", "erase", "carla", "--yes", **around | {"TEMPORAL_NAMESPACE": "temporal-system"})
    assert (elsewhere.returncode, f"{number}: open on record" in elsewhere.stderr) == (1, True), elsewhere.stderr
    assert _rows(house.record) == before


def _disable(place: Path, around: dict[str, str]) -> None:
    told = holdfast("directory", "export", **around).stdout
    file = place / "people.toml"
    file.write_text(told.replace("[people.carla]\n", "[people.carla]\ndisabled = true\n"), encoding="utf-8")
    assert holdfast("directory", "import", str(file), **around).returncode == 0


def test_without_temporal_nothing_is_touched(tmp_path: Path) -> None:
    """Who cannot ask which processes run changes nothing."""
    place = {"HOLDFAST_DATA_DIR": str(tmp_path), "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    assert holdfast("migrate", **place).returncode == 0
    before = _rows(tmp_path / "holdfast.db")
    done = holdfast("directory", "erase", "carla", "--yes", **place)
    assert (done.returncode, "Temporal does not answer" in done.stderr) == (5, True)
    assert _rows(tmp_path / "holdfast.db") == before


def test_everything_that_stands_against_it_is_told_at_once() -> None:
    """Nobody finds out one reason a day: the desk, rotas, incidents with what to do, surveys with their end."""
    end = datetime(2026, 12, 1, 9, tzinfo=UTC)
    against = (Running("INC-1001-2", "closed", end), Running("INC-1002-0", None, None), Running("INC-1003-9", "on_hold", None))
    found = Look("carla", True, True, ("major",), (), (), against, (Running("INC-1004-7", "new", None),), {"people": 1})
    with pytest.raises(RefusedError) as refused:
        refuse_if_against(found)
    said = str(refused.value)
    assert "takes turns in major" in said
    assert "INC-1001-2 still runs, although it is closed: its survey is out until 2026-12-01 09:00Z at the latest." in said
    assert "INC-1002-0 still runs and is not in the record yet" in said
    assert "INC-1003-9 still runs (on hold): close or cancel it" in said
    assert "INC-1004-7" not in said
    assert "Left for a second run: INC-1004-7 still runs." in look_told(found)
