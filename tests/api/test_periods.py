"""What an address asks for (process.md S23)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.figures.periods import LONGEST, Asked, By, asked, part_of, usual

TODAY = date(2026, 11, 25)
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@given(DAYS, st.integers(0, 400), st.sampled_from([By.MONTH, By.WEEK]))
def test_parts_cover_the_period_once(first: date, length: int, by: By) -> None:
    """Every day of the period lies in exactly one part, and in the one of its name."""
    last = first + timedelta(days=length)
    parts = Asked(first, last, by).stretches()
    assert (parts[0].first, parts[-1].last) == (first, last)
    days = [each.first + timedelta(days=number) for each in parts for number in range((each.last - each.first).days + 1)]
    assert days == [first + timedelta(days=number) for number in range(length + 1)]
    assert all(part_of(day, by) == each.name for each in parts for day in (each.first, each.last))
    assert len({each.name for each in parts}) == len(parts)


def test_without_words_the_last_three_months() -> None:
    """Nothing asked for: this month and the two before it, by month."""
    assert asked({}, TODAY) == Asked(date(2026, 9, 1), TODAY, By.MONTH)


def test_everything_stands_in_the_address() -> None:
    """What was asked for leads to an address that asks for the same."""
    wanted = asked({"from": "2026-01-05", "to": "2026-03-01", "by": "group", "priority": "P1", "category": "e-mail"}, TODAY)
    again = dict(pair.split("=") for pair in wanted.address().split("&"))
    assert asked(again, TODAY) == wanted
    assert "by=week" in wanted.address(by="week")


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"from": "yesterday"}, "written like"),
        ({"from": "2026-11-25", "to": "2026-11-24"}, "before it begins"),
        ({"from": "2020-01-01", "to": "2026-11-24"}, "three years"),
        ({"by": "agent"}, "priority, group"),
    ],
)
def test_what_cannot_be_asked_for(parameters: dict[str, str], told: str) -> None:
    """A sentence says what is wrong."""
    with pytest.raises(ValueError, match=told):
        asked(parameters, TODAY)


def test_usual_periods_can_be_asked_for() -> None:
    """Each link to a usual period is a period."""
    assert all(first <= last <= TODAY and last - first < LONGEST for _, first, last in usual(TODAY))
    assert usual(date(2026, 1, 1))[1][1:] == (date(2025, 12, 1), date(2025, 12, 31))
