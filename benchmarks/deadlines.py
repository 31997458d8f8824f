"""How late deadlines fire on a live desk: without an outage, and all at one instant while the desk is down.

    python -m benchmarks.deadlines [--a-minute 100] [--together 1000] [--reports-a-second 4] [--json FILE]

A desk of its own (``holdfast up``: Temporal server, worker, front door, SQLite) in a temporary directory. First so many incidents evenly over one
minute, each with a deadline twenty seconds after its report. Then many incidents whose deadlines all come at one instant: the desk is killed
before it, started a good minute after it, and every deadline must fire exactly once and be marked late. Planned and actual times are those of the record.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.end_to_end.deadline_rush import ONE_BY_ONE, Firing, Rush

MINUTE = 60.0
LATE_AFTER = 60.0
LONGEST_WAIT = 600.0
# Where nothing is down, 95 of 100 deadlines are less late than this.
PROMISED_P95 = 2.0
FAULTS = ("never", "twice", "early", "wrongly_marked", "letters_doubled")
WITHOUT, THROUGH = "without an outage", "through an outage"


def _until_fired(rush: Rush, numbers: list[str]) -> list[Firing]:
    deadline = time.monotonic() + LONGEST_WAIT
    while len(fired := rush.breaches(numbers)) < len(numbers) and time.monotonic() < deadline:
        time.sleep(0.5)
    return fired


def _figures(fired: list[Firing], numbers: list[str]) -> dict[str, Any]:
    """Counts and lateness; seconds."""
    times, late = Counter(each.number for each in fired), sorted(each.lateness for each in fired)
    marks = [each.marked_late == (int(each.lateness) if each.lateness > LATE_AFTER else None) for each in fired]
    parts = statistics.quantiles(late, n=100)
    return {
        "deadlines": len(numbers),
        "never": len(set(numbers) - times.keys()),
        "twice": sum(count > 1 for count in times.values()),
        "early": sum(each < 0 for each in late),
        "wrongly_marked": marks.count(False),
        "p50": round(parts[49], 3),
        "p95": round(parts[94], 3),
        "max": round(late[-1], 3),
    }


def without_outage(rush: Rush, count: int) -> dict[str, Any]:
    """So many deadlines, evenly over one minute."""
    rush.report_one_by_one(count, MINUTE)
    time.sleep(ONE_BY_ONE)
    return _figures(_until_fired(rush, rush.one_by_one), rush.one_by_one)


def through_outage(rush: Rush, count: int) -> dict[str, Any]:
    """So many deadlines at one instant, at which nothing runs; also how long after the start the last one has fired and is in the record."""
    rush.report_together(count)
    rush.crash()
    time.sleep(max(0.0, (rush.due_at - datetime.now(UTC)).total_seconds()) + LATE_AFTER + 1)
    rush.house.open()
    opened_at = datetime.now(UTC)
    fired = _until_fired(rush, rush.together)
    counted = (max(each.at for each in fired) - opened_at).total_seconds()
    doubled = sum(count > 1 for count in rush.letters_for_each().values())
    return _figures(fired, rush.together) | {"last_after_opening": round(counted, 3), "letters_doubled": doubled}


def measure(count: int, together: int, rate: float) -> dict[str, dict[str, Any]]:
    """Both, on one desk."""
    needed = timedelta(seconds=MINUTE + ONE_BY_ONE + 60 + together / rate)
    with tempfile.TemporaryDirectory() as directory:
        rush = Rush(Path(directory), datetime.now(UTC) + needed)
        try:
            rush.house.open()
            return {WITHOUT: without_outage(rush, count), THROUGH: through_outage(rush, together)}
        finally:
            rush.house.tidy_up()


def show(found: dict[str, dict[str, Any]]) -> None:
    """The tables."""
    for name, figures in found.items():
        table = Table(title=f"Deadlines {name}; lateness in seconds", title_justify="left")
        for column in figures:
            table.add_column(column.replace("_", " "), justify="right")
        table.add_row(*map(str, figures.values()))
        Console(width=140).print(table)


def broken(found: dict[str, dict[str, Any]]) -> list[str]:
    """What was promised and did not hold, a sentence each."""
    wrong = [
        f"Deadlines {name}: {figures[fault]} {fault.replace('_', ' ')}."
        for name, figures in found.items()
        for fault in FAULTS
        if figures.get(fault)
    ]
    if (p95 := found[WITHOUT]["p95"]) >= PROMISED_P95:
        wrong.append(f"Deadlines {WITHOUT}: the 95th percentile of lateness is {p95} s, and {PROMISED_P95:g} s are promised.")
    return wrong


def main() -> None:
    """As the module's docstring says. Ends with 1 and says why where a deadline was lost, doubled, early or wrongly marked, or too many were late without an outage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--a-minute", type=int, default=100, help="deadlines in the minute without an outage (default 100)")
    parser.add_argument("--together", type=int, default=1000, help="deadlines at one instant (default 1000)")
    parser.add_argument("--reports-a-second", type=float, default=4, help="how fast this machine takes reports, at least (default 4)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wanted = parser.parse_args()
    found = measure(wanted.a_minute, wanted.together, wanted.reports_a_second)
    show(found)
    if wanted.json:
        wanted.json.write_text(json.dumps(found, indent=2), encoding="utf-8")
    if wrong := broken(found):
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
