"""The commands of process owners, who change the process: rehearse. What each does stands in a module of its own and is imported when it runs."""
# ruff: noqa: PLC0415 -- see above

import os
from pathlib import Path
from typing import Annotated

import typer

from activities.settings import read_settings

_WHAT = "a Python file with a BOOK, the name of an edition, or a working tree"


def register(app: typer.Typer) -> None:
    """Hangs the commands of this module into the command line."""
    app.command()(rehearse)


def rehearse(
    incidents: Annotated[Path | None, typer.Option(help="Recorded incidents, one JSON object a line; may end in .gz.")] = None,
    from_record: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="Incidents of this desk's record: 2026-Q3, 2026-07 or 2026-07-01..2026-09-30.")
    ] = None,
    policy: Annotated[str | None, typer.Option(help=f"The changed process: {_WHAT}.")] = None,
    against: Annotated[str | None, typer.Option(help=f"The process to compare with: {_WHAT}; default: the present one.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report there as JSON.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write the report there as a page that needs nothing else.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many incidents.")] = None,
) -> None:
    """Rehearse a changed process on recorded incidents, through the real workflow, and lay both side by side.

    What people did is taken from the recording. A working tree or a Python file is run as code: rehearse only what you trust.

    Examples:  holdfast rehearse --incidents last-quarter.jsonl.gz --policy ../changed --html report.html
               holdfast rehearse --from-record 2026-Q3 --policy 2027-01-01
    """
    from rich.console import Console

    from activities.house.rehearsals import rehearsed, write

    found = rehearsed(read_settings(), incidents, from_record, (against, policy), jobs or os.cpu_count() or 1, limit)
    write(found, json_file, html_file)
    from workflows.rehearsal.rehearsal_report import show

    show(found, Console())
