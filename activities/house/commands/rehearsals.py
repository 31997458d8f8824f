"""What ``holdfast rehearse`` does: gathers recordings, rehearses two processes with a progress bar, and writes the report."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from activities.house.commands.office import on_record
from activities.house.commands.reports import write_report
from activities.house.refusals import UsageRefusedError
from activities.recorded_lives import period, recorded_lives
from activities.settings import Settings
from workflows.rehearsal.rehearsal_report import page
from workflows.rehearsal.rehearsing import NotRehearsedError, process, rehearse
from workflows.rehearsal.report import UnreadableFileError, read_lines

Found = dict[str, Any]


def rehearsed(
    settings: Settings, file: Path | None, from_record: str | None, both: tuple[str | None, str | None], jobs: int, limit: int | None
) -> Found:
    """The comparison of the second process named with the first. Raises UsageRefusedError where something cannot be rehearsed."""
    if (file is None) == (from_record is None):
        raise UsageRefusedError("Say what to rehearse on: either --incidents FILE or --from-record PERIOD.")
    try:
        lines, unreadable = _recordings(settings, file, from_record, limit)
        current, changed = (process(each, settings.policies) for each in both)
        with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Rehearsing", total=2 * len(lines))
            found: Found = rehearse(lines, current, changed, jobs, lambda done: bar.advance(task, done))
    except (NotRehearsedError, UnreadableFileError, ValueError) as error:
        raise UsageRefusedError(str(error)) from None
    return found | {"unreadable": unreadable}


def _recordings(settings: Settings, file: Path | None, from_record: str | None, limit: int | None) -> tuple[Sequence[str], dict[str, int]]:
    if file is not None:
        return list(read_lines(file, limit)), {}
    taken = on_record(settings, lambda engine: recorded_lives(engine, period(from_record or "")))
    if not taken.lives:
        raise UsageRefusedError(f"No incident was reported in {from_record}.")
    return [json.dumps(life, default=str) for life in taken.lives][:limit], dict(taken.unreadable)


def write(found: Found, json_file: Path | None, html_file: Path | None) -> None:
    """The report as files, where they are wanted. Raises UsageRefusedError where one cannot be written."""
    if json_file is not None:
        write_report(json_file, json.dumps(found, indent=2) + "\n")
    if html_file is not None:
        write_report(html_file, page(found))
