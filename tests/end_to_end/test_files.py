"""Files in a whole house whose processes are killed: none lost, none doubled, none read unchecked (process.md S4, design rule 8)."""

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.files import EICAR, PNG
from tests.house.whole_house import House, wait_until

SCANNER = f"{shlex.quote(sys.executable)} -c " + shlex.quote("import sys; sys.exit(b'EICAR-STANDARD-' in sys.stdin.buffer.read())")
FILES = {"screen.png": PNG, "harmless.txt": EICAR, "again.png": PNG + b"again"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[House]:
    """An open desk with a virus scanner."""
    house = House(tmp_path / "desk", {"HOLDFAST_FILE_SCANNER": SCANNER})
    house.open()
    yield house
    house.tidy_up()


def test_files_outlive_the_processes_that_took_them_in(desk: House) -> None:
    """The worker is killed before each upload and the API after it; whoever sends the same file again under its id has it once, checked, with its own bytes."""
    number = desk.report("The screen flickers")
    path = f"/api/v1/incidents/{number}/files"
    for name, content in FILES.items():
        _kill(desk, "worker")
        for _ in range(2):
            sent = desk.asks("POST", path, files={"file": (name, content)}, headers={"Command-Id": name})
            assert sent.status_code in {200, 202}, sent.text
            _kill(desk, "api")
    states = {"screen.png": "available", "harmless.txt": "infected", "again.png": "available"}
    wait_until(lambda: {each["name"]: each["state"] for each in _listed(desk, path)} == states, "all files checked")
    assert sorted(each["name"] for each in _listed(desk, path)) == sorted(FILES)
    for each in _listed(desk, path):
        read = desk.asks("GET", f"{path}/{each['id']}")
        assert read.content == FILES[each["name"]] if each["state"] == "available" else read.status_code == httpx.codes.GONE
    told = [event["kind"] for event in desk.asks("GET", f"/api/v1/incidents/{number}").json()["timeline"]]
    assert (told.count("caller_added_file"), told.count("file_infected")) == (3, 1)


def _listed(desk: House, path: str) -> list[dict[str, str]]:
    items: list[dict[str, str]] = desk.asks("GET", path).json()["items"]
    return items


def _kill(desk: House, name: str) -> None:
    """Kill -9, and no look back: the house starts the next one."""
    with suppress(KeyError, ProcessLookupError):
        os.kill(desk.pids()[name], signal.SIGKILL)
