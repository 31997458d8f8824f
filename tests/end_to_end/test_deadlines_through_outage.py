"""Deadlines on a live desk that crashes before they come (process.md S9)."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.deadline_rush import Rush, TooLateError
from tests.house.whole_house import wait_until

COUNT = 100
# Later than this is marked late.
LATE = timedelta(minutes=1)


def _reported_in_time(directory: Path) -> Rush:
    """A desk that has taken in all reports before they are due: the slower the machine, the more time it gets."""
    for seconds in (45, 120, 360):
        place = directory / str(seconds)
        place.mkdir()
        rush = Rush(place, datetime.now(UTC) + timedelta(seconds=seconds))
        try:
            rush.house.open()
            rush.report_together(COUNT)
        except TooLateError:
            rush.house.tidy_up()
        except BaseException:
            rush.house.tidy_up()
            raise
        else:
            return rush
    return pytest.fail("the reports were never in time")


@pytest.mark.slow
def test_every_deadline_of_one_instant_fires_once_after_a_crash(tmp_path: Path) -> None:
    """100 deadlines at one instant; server, worker and front door killed before and started after: each fires exactly once, is marked late, and is one letter."""
    rush = _reported_in_time(tmp_path)
    try:
        rush.crash()
        time.sleep((rush.due_at + LATE - datetime.now(UTC)).total_seconds() + 1)
        rush.house.open()
        wait_until(lambda: len(rush.breaches(rush.together)) >= COUNT, "the last breach in the record")
        fired = rush.breaches(rush.together)
        assert Counter(each.number for each in fired) == Counter(rush.together)
        assert {each.planned_at for each in fired} == {rush.due_at}
        assert [each.marked_late for each in fired] == [int(each.lateness) for each in fired]
        assert min(each.lateness for each in fired) > LATE.total_seconds()
        told = rush.letters_for_each()
        assert {name.partition("/")[0] for name in told} == set(rush.together)
        assert set(told.values()) == {1}
    finally:
        rush.house.tidy_up()
