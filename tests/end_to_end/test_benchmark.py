"""The figures in the documents can be measured again: the benchmarks run, and say where a promise does not hold."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.deadlines import FAULTS, THROUGH, WITHOUT, broken
from benchmarks.lifecycle import COMMANDS, measure, show

NO_FAULTS: dict[str, Any] = dict.fromkeys(FAULTS, 0)


def test_the_benchmark_measures_whole_incidents(tmp_path: Path) -> None:
    """Letters go out one by one while it measures, so that no figure is that of a digest which gathers for minutes; how fast it is here is asked nowhere."""
    bare, desk = measure(tmp_path, in_flight=[2], count=4)
    assert len(desk.clicks) == desk.incidents * (1 + len(COMMANDS))
    assert desk.letters > 1
    assert 0.02 < desk.rate / bare.rate < 2
    assert desk.events > bare.events > 0
    show([bare, desk])


@pytest.mark.parametrize(
    ("without", "through", "says"),
    [
        ({}, {"p95": 109.0}, None),
        ({"p95": 2.0}, {}, "Deadlines without an outage: the 95th percentile of lateness is 2.0 s, and 2 s are promised."),
        ({"never": 1}, {}, "Deadlines without an outage: 1 never."),
        ({}, {"letters_doubled": 3}, "Deadlines through an outage: 3 letters doubled."),
    ],
)
def test_the_benchmark_of_deadlines_says_what_does_not_hold(without: dict[str, Any], through: dict[str, Any], says: str | None) -> None:
    """Lateness is promised where nothing is down; lost, doubled, early and wrongly marked ones are faults in any case (S9)."""
    figures = NO_FAULTS | {"p95": 1.999}
    assert broken({WITHOUT: figures | without, THROUGH: figures | through}) == ([says] if says else [])
