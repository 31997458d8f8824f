"""Surveys on a whole desk whose worker is killed again and again: each incident is asked once and recorded once (process.md S13).

Two dozen incidents keep the test short; ``HOLDFAST_TEST_SURVEYS=200`` asks for more.
"""

import os
import re
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.house.whole_house import House, wait_until

POLICIES = Path(__file__).with_name("quick_surveys.py")
SURVEYS = int(os.environ.get("HOLDFAST_TEST_SURVEYS", "24"))
AT_ONCE = 6
# So many events come into the record between two kills: about two lives, so that kills fall into every part of a life.
BETWEEN_KILLS = 25


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[House]:
    """An open desk that asks everybody within seconds."""
    house = House(tmp_path / "desk", {"HOLDFAST_POLICIES": str(POLICIES)})
    house.open()
    yield house
    house.tidy_up()


@contextmanager
def worker_killed_again_and_again(house: House) -> Iterator[list[int]]:
    """Kill -9 of the worker whenever the record has grown by so much, until the block ends; the house starts the next one."""
    done, killed = threading.Event(), list[int]()

    def kill() -> None:
        while not done.wait(0.2):
            pid = house.pids().get("worker")
            ((events,),) = _rows(house, "SELECT count(*) FROM events")
            if events >= BETWEEN_KILLS * (len(killed) + 1) and pid is not None and pid not in killed:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        done.set()
        killer.join()


def _rows(house: House, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{house.record}?mode=ro", uri=True, timeout=20)) as connection:
        return connection.execute(query).fetchall()


def _to_the_end(house: House, place: int) -> str:
    """One incident from report to "it works"; answers with its number. Sent again under its own name until it is taken in."""
    reported = {"title": f"Broken {place}", "category": "network"}
    number: str = house.asks("POST", "/api/v1/incidents", json=reported, headers={"Idempotency-Key": f"survey-{place}"}).json()["number"]
    for whose, command, body in (("AGENT", "resolve", {"code": "fixed", "notes": "Done."}), ("CALLER", "confirm", {})):
        _tell(house, number, whose, command, body)
    return number


def _tell(house: House, number: str, whose: str, command: str, body: dict[str, str]) -> None:
    path, named = f"/api/v1/incidents/{number}/{command}", {"Command-Id": f"{number}-{command}"}
    wait_until(lambda: house.asks("POST", path, whose, json=body, headers=named).status_code == httpx.codes.OK, f"{command} of {number}")


def _letters(house: House) -> list[tuple[str, str]]:
    return _rows(house, "SELECT number, text FROM letters WHERE letter = 'survey' AND state = 'kept'")


def _answer(house: House, url: str, score: int) -> None:
    """Opens the link of the letter and says that its mark shall count."""
    shown = _patiently(lambda: httpx.get(f"{url}?score={score}", timeout=20, trust_env=False))
    nonce = re.search(r'name="nonce" value="([^"]+)"', shown.text)
    assert nonce, shown.text
    form = {"score": str(score), "meant": "counts", "comment": f"{score} of 5", "nonce": nonce[1]}
    _patiently(lambda: httpx.post(url, data=form, timeout=20, trust_env=False))


def _patiently(request: Callable[[], httpx.Response]) -> httpx.Response:
    answers: list[httpx.Response] = []

    def is_answered() -> bool:
        try:
            answers.append(request())
        except httpx.TransportError:
            return False
        return answers[-1].status_code == httpx.codes.OK

    wait_until(is_answered, "an answer of the page")
    return answers[-1]


@pytest.mark.slow
def test_each_is_asked_once_and_recorded_once(desk: House) -> None:
    """Through kills of the worker at any point: one question, one answer, one row and one letter an incident, with the marks that were given."""
    with worker_killed_again_and_again(desk) as killed, ThreadPoolExecutor(AT_ONCE) as people:
        numbers = list(people.map(lambda place: _to_the_end(desk, place), range(SURVEYS)))
        wait_until(lambda: len(_letters(desk)) >= SURVEYS, "a letter to everybody")
        urls = {number: next(iter(re.findall(r"(http\S+/s/[^?\s]+)\?score=5", text))) for number, text in _letters(desk)}
        marks = {number: 1 + place % 5 for place, number in enumerate(numbers)}
        list(people.map(lambda number: _answer(desk, urls[number], marks[number]), numbers))
    answered = "SELECT number, score, comment FROM surveys WHERE state = 'answered'"
    wait_until(lambda: len(_rows(desk, answered)) == SURVEYS, "every answer in the record")
    assert len(killed) >= 5
    assert {number: score for number, score, _ in _rows(desk, answered)} == marks
    asked = Counter(number for (number,) in _rows(desk, "SELECT number FROM letters WHERE letter = 'survey'"))
    assert asked == Counter(numbers)
    for kind in ("survey_asked", "rated"):
        told = Counter(number for (number,) in _rows(desk, f"SELECT number FROM events WHERE kind = '{kind}'"))  # noqa: S608 -- words of ours
        assert told == Counter(numbers)
    assert _rows(desk, "SELECT number FROM events WHERE kind IN ('rerated', 'survey_withheld', 'malformed')") == []
