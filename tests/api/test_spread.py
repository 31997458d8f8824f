"""Figures say what the values say, and no more (process.md S23)."""

import math
import statistics
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.figures.spread import FEW_FOR_A_PERCENTILE, Spread, at_share, between, share, spread

VALUES = st.lists(st.integers(0, 10_000), min_size=1, max_size=60)


@given(VALUES)
def test_mean_median_and_percentile(values: list[int]) -> None:
    """The mean, the median, and the smallest value that nine of ten do not exceed; that one only from ten values on."""
    found = spread(Counter(values))
    assert (found.count, found.median) == (len(values), statistics.median(values))
    assert found.mean == pytest.approx(statistics.mean(values))
    if len(values) < FEW_FOR_A_PERCENTILE:
        assert found.p90 is None
    else:
        assert found.p90 == sorted(values)[math.ceil(0.9 * len(values)) - 1]
        assert sum(value <= found.p90 for value in values) >= 0.9 * len(values)


def test_nothing_measured_is_no_zero() -> None:
    """Without values there is no mean, no share, no interval."""
    assert spread({}) == Spread(0, None, None, None)
    assert (share(0, 0), between(0, 0), at_share({}, 0, 0.95)) == (None, None, None)


@given(VALUES, st.integers(0, 60))
def test_percentile_of_lateness(late: list[int], on_time: int) -> None:
    """Timers on time count as not late, without being listed."""
    everything = sorted([0] * on_time + late)
    assert at_share(Counter(late), on_time, 0.95) == everything[math.ceil(0.95 * len(everything)) - 1]


def test_small_numbers_are_told_as_such() -> None:
    """Five of five satisfied says little: the share may be 57 percent. Five hundred of five hundred says a lot."""
    assert [round(edge) for edge in between(5, 5) or ()] == [57, 100]
    assert [round(edge) for edge in between(500, 500) or ()] == [99, 100]
    low, high = between(3, 10) or (0, 0)
    assert low < 30 < high
