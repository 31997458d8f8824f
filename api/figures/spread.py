"""Count, mean, median and ninetieth percentile; shares with what is known about them. Nothing is said about what nobody measured (process.md S23)."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

# Below these a percentile is only the greatest value, and a share of marks tells what single people said.
FEW_FOR_A_PERCENTILE = 10
FEW_FOR_MARKS = 5
_Z = 1.96  # 95 percent


@dataclass(frozen=True)
class Spread:
    """In the unit of the values. Without values there is no mean; with fewer than ten, no ninetieth percentile."""

    count: int
    mean: float | None
    median: float | None
    p90: float | None


def spread(values: Mapping[int, int]) -> Spread:
    """How values lie, from how often each came. The percentile is the smallest value that at least nine of ten do not exceed."""
    if not values:
        return Spread(0, None, None, None)
    ordered = sorted(values)
    passed = list(accumulate(map(values.__getitem__, ordered)))
    count = passed[-1]

    def at(place: int) -> int:
        return ordered[bisect_right(passed, place)]

    p90 = at(math.ceil(count * 0.9) - 1) if count >= FEW_FOR_A_PERCENTILE else None
    mean = sum(value * often for value, often in values.items()) / count
    return Spread(count, mean, (at((count - 1) // 2) + at(count // 2)) / 2, p90)


def at_share(values: Mapping[int, int], zeros: int, share: float) -> int | None:
    """The smallest value that at least that share does not exceed, with so many zeros beside the values."""
    ordered = [0, *sorted(values)]
    passed = list(accumulate([zeros, *map(values.__getitem__, ordered[1:])]))
    count = passed[-1]
    return ordered[bisect_right(passed, math.ceil(count * share) - 1)] if count else None


def share(part: int, of: int) -> float | None:
    """Percent, or nothing of nothing."""
    return 100 * part / of if of else None


def between(part: int, of: int) -> tuple[float, float] | None:
    """Where the true share lies with 95 percent, in percent (Wilson score interval): wide for small numbers."""
    if not of:
        return None
    p = part / of
    scale = 1 + _Z**2 / of
    middle, reach = p + _Z**2 / (2 * of), _Z * math.sqrt(p * (1 - p) / of + _Z**2 / (4 * of**2))
    return max(0.0, 100 * (middle - reach) / scale), min(100.0, 100 * (middle + reach) / scale)
