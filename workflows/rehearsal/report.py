"""Replays a file of recorded incidents on all cores and says what was found (``holdfast replay``)."""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from activities.policy_book import load_book
from workflows.policies.book import adopt
from workflows.rehearsal.recorded_desk import recorded
from workflows.rehearsal.replaying import replay
from workflows.rehearsal.tally import Tally

BATCH = 100


class UnreadableFileError(Exception):
    """The file holds no recorded incidents; the message says where and why."""


def read_lines(file: Path, limit: int | None = None) -> Iterator[str]:
    """The lines of a file, zipped or not, at most ``limit``. Raises UnreadableFileError."""
    opener: Callable[..., Any] = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rt", encoding="utf-8") as lines:
            for place, line in enumerate(lines):
                if limit is not None and place >= limit:
                    return
                yield line
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{file}: {error}") from None


def replay_lines(lines: tuple[str, ...], policies: Path | None) -> Tally:
    """Replays some lines in this process under the policies of that file, or under ours."""
    if policies is not None:
        adopt(load_book(policies))
    tally = Tally()
    for line in lines:
        try:
            incident = recorded(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableFileError(f"not a recorded incident: {line[:60]!r}: {type(error).__name__} {error}") from None
        replay(incident, tally)
    return tally


def replay_file(
    file: Path, policies: Path | None, jobs: int, limit: int | None = None, progress: Callable[[int], None] = lambda _: None
) -> dict[str, Any]:
    """The whole file on ``jobs`` processes; ``progress`` is told how many more incidents are done. The counts do not depend on ``jobs``."""
    began = time.perf_counter()
    batches = list(_batches(read_lines(file, limit)))
    total = Tally()
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        running = [pool.submit(replay_lines, batch, policies) for batch in batches]
        for done in as_completed(running):
            progress(done.result().incidents)
    for done in running:
        total.add(done.result())
    return total.as_json(time.perf_counter() - began)


def _batches(lines: Iterator[str]) -> Iterator[tuple[str, ...]]:
    while batch := tuple(islice(lines, BATCH)):
        yield batch


def failed(report: dict[str, Any]) -> bool:
    """Whether any check passed in too few incidents, or nothing was replayed."""
    return not report["incidents"] or not all(check["is_right"] for check in report["checks"].values())


def show(report: dict[str, Any], console: Console) -> None:
    """The report as tables for people."""
    console.print(f"{report['incidents']} incidents in {report['seconds']} s: {report['incidents_per_second']} a second")
    _print(console, "Commands applied", ("command", "count"), report["applied"].items())
    _print(console, "Refused", ("command", "rule", "count"), [(row["command"], row["rule"], row["count"]) for row in report["refused"]])
    _print(console, "Recorded, and nothing we model", ("command", "count"), report["unmodelled"].items())
    checks = [
        (name, check["passed"], check["failed"], f"{check['share']:.2%}", f"{check['needed']:.1%}")
        for name, check in report["checks"].items()
    ]
    _print(console, "Checks", ("check", "passed", "failed", "share", "needed"), checks)
    _print(console, "Left out of checks", ("why", "count"), report["left_out"].items())
    for name, examples in report["examples"].items():
        console.print(f"[bold]{name}[/bold]: {'; '.join(examples)}", highlight=False)


def _print(console: Console, title: str, columns: tuple[str, ...], rows: Any) -> None:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column in ("command", "rule", "check", "why") else "right")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    if table.row_count:
        console.print(table)
