"""A rehearsal lays two processes side by side on recorded incidents, with the code that runs in production (process.md S6 to S11, S21)."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.policy_book import load_book
from workflows.policies.book import HOLDFAST, adopt, book
from workflows.rehearsal import playing
from workflows.rehearsal.playing import fates
from workflows.rehearsal.rehearsal_report import page
from workflows.rehearsal.rehearsing import NotRehearsedError, Process, process, rehearse
from workflows.rehearsal.report import read_lines

SAMPLE = Path(__file__).with_name("data") / "incidents-sample.jsonl.gz"
FEW = list(read_lines(SAMPLE, 20))
EDITION = "2026-01-01"
NEWEST = HOLDFAST.name_of_edition(datetime(9999, 12, 31, tzinfo=UTC))

STRICTER = """
from dataclasses import replace
from datetime import date
from workflows.policies.book import HOLDFAST
from workflows.policies.dated import Dated
from workflows.policies.service_levels import EDITIONS, within
from workflows.vocabulary import Priority

stricter = replace(EDITIONS[-1].rule, resolution=EDITIONS[-1].rule.resolution | {Priority.P3: within("office", hours=1)})
BOOK = replace(HOLDFAST, service_levels=(*EDITIONS, Dated(date(2027, 1, 1), stricter, "a decision")))
"""


@pytest.fixture(scope="module")
def stricter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The desk's policies with an hour for P3 instead of three days."""
    file = tmp_path_factory.mktemp("policies") / "stricter.py"
    file.write_text(STRICTER, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def found(stricter: Path) -> Any:
    """A rehearsal of the present process and the stricter one."""
    return rehearse(FEW, Process(), process(str(stricter), None), jobs=2)


def test_the_unchanged_process_differs_in_nothing() -> None:
    """Rehearsed against itself, the process gives the same fate to every incident and the same figures throughout."""
    same = rehearse(FEW, Process(), process(str(playing.Path(__file__).resolve().parents[2]), None), jobs=2)
    assert same["incidents"] == len(FEW)
    assert same["differing"] == []
    assert same["current"] == same["changed"]


def test_an_edition_that_is_ahead_is_compared_with_the_one_in_force(stricter: Path) -> None:
    """Whoever has written the change into this very tree and names no other process does not compare the change with itself."""
    present, ahead = process(None, stricter), process("2027-01-01", stricter)
    assert "edition in force today" in str(present)
    assert present.edition != ahead.edition
    adopt(load_book(stricter))
    try:
        assert playing.named(present.edition) == book().name_of_edition(datetime.now(UTC))
        assert playing.named(playing.NEWEST) == max(NEWEST, "2027-01-01")
    finally:
        adopt(HOLDFAST)


def test_a_stricter_target_shows_where_it_would_have_hurt(found: dict[str, Any]) -> None:
    """An hour for P3 breaches more resolutions, writes more letters, and touches no P1 and no response."""
    ours, theirs = found["current"], found["changed"]
    assert theirs["breaches"]["resolution"] > ours["breaches"]["resolution"]
    assert theirs["breaches"]["response"] == ours["breaches"]["response"]
    assert theirs["letters"]["breach"] > ours["letters"]["breach"]
    assert theirs["closures"] == ours["closures"]
    assert all(any("resolution" in sentence or "letters" in sentence for sentence in each["differs"]) for each in found["differing"])
    assert 0 < len(found["differing"]) < len(FEW)


def test_the_edition_that_was_rehearsed_is_told(found: dict[str, Any]) -> None:
    """The report names the edition of either side: the newest of its book."""
    assert found["processes"]["current"]["edition"] == NEWEST
    assert found["processes"]["changed"]["edition"] == "2027-01-01"


def test_assumptions_are_part_of_the_result(found: dict[str, Any]) -> None:
    """What was assumed, exchanged and left out stands in the report, not in a manual."""
    text = page(found)
    assert all(each in text for each in found["assumptions"])
    assert "a resolution code that the edition does not have" in text
    assert "recorded as touch" in text


def test_the_page_stands_alone(found: dict[str, Any]) -> None:
    """One file: no script, nothing loaded, and a table of figures beside every chart."""
    text = page(found)
    assert not re.search(r"<script|<link|@import|\b(?:src|href)=|url\(", text)
    assert text.count("<svg") == text.count("<figure") > 5
    assert text.count("<table") == text.count("<svg") + 2


def test_what_a_page_shows_cannot_be_markup(found: dict[str, Any]) -> None:
    """A group or a person with an odd name stays text."""
    odd = found | {"differing": [{"number": "<b>1</b>", "differs": ["<script>"]}]}
    odd["current"] = found["current"] | {"letters": {"<i>": 1}}
    assert not re.search(r"<b>|<script>|<i>", page(odd))


def test_the_number_of_processes_changes_nothing(stricter: Path, found: dict[str, Any]) -> None:
    """A rehearsal is reproducible on any machine."""
    assert rehearse(FEW, Process(), process(str(stricter), None), jobs=1) == found


def test_values_that_cross_by_reference_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether values are written down and read again, as on a server, or handed over as they are: the fates are the same."""
    handed_over = list(fates(FEW, EDITION))
    monkeypatch.setattr(playing, "ByReference", lambda: pydantic_data_converter.payload_converter)
    assert list(fates(FEW, EDITION)) == handed_over


def test_progress_is_told_for_every_incident_and_process() -> None:
    """Whoever waits sees how far it is."""
    told: list[int] = []
    rehearse(FEW[:4], Process(), Process(), 2, told.append)
    assert sum(told) == 8


@pytest.mark.parametrize(
    ("lines", "changed", "says"),
    [
        ([], Process(), "empty"),
        ([FEW[0], FEW[0]], Process(), "twice"),
        (['{"number": "x"}'], Process(), "not a recorded incident"),
        (FEW[:1], Process(edition="one day"), "there are: 2026-01-01"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(lines: list[str], changed: Process, says: str) -> None:
    """No recording, a recording twice, no recording at all, no such edition: a sentence, never an empty report."""
    with pytest.raises(NotRehearsedError, match=says):
        rehearse(lines, Process(), changed, jobs=1)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    """Only a working tree of Holdfast can be rehearsed."""
    with pytest.raises(NotRehearsedError, match="no working tree"):
        process(str(tmp_path), None)


def test_every_difference_is_told() -> None:
    """No field of a fate can differ without a sentence about it."""
    from workflows.rehearsal.comparing import _differences  # noqa: PLC0415 -- what is looked into here alone

    one = next(iter(fates(FEW[:1], EDITION)))
    other = replace(one, hours={name: hours[::-1] for name, hours in one.hours.items()})
    assert _differences(one.as_compared, other.as_compared) == ["the hour of a letter or an act"]
    for name, value in one.as_compared.items():
        changed = one.as_compared | {name: {"new": 7} if isinstance(value, dict) else "else"}
        if name not in ("number", "hours", "to_whom", "clocks"):
            assert _differences(one.as_compared, changed), name
    assert json.dumps(vars(one))


def test_surveys_are_part_of_what_changes(found: dict[str, Any]) -> None:
    """Callers are asked under an edition that asks, not under one from before there were surveys, and the difference is told."""
    assert found["current"]["surveys"]["asked"] > 0
    before = next(iter(fates(FEW[:1], EDITION)))
    assert before.surveys == {}
    assert "Callers asked how it went." in page(found)
