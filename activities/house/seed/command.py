"""The command ``holdfast seed``; what it does is imported when it runs."""
# ruff: noqa: PLC0415 -- see above

from pathlib import Path
from typing import Annotated

import typer

from activities.settings import read_settings


def seed(
    incidents: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many incidents.")],
    file: Annotated[Path | None, typer.Option("--from", help="Recorded incidents, one JSON object a line; default: invented ones.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Reported over so many days until now.")] = 730,
    beside_others: Annotated[bool, typer.Option("--beside-others", help="Also where the record holds incidents already.")] = False,
) -> None:
    """For tests and benchmarks: fill the record with incidents nobody ever had. Run holdfast migrate before.

    A record that holds incidents is refused. No workflow runs behind what is seeded, so open ones answer no command, and no letter goes out.

    Example:  HOLDFAST_DATA_DIR=trial holdfast seed --incidents 10000 --from tests/replay/data/incidents-sample.jsonl.gz
    """
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from activities.house.seed.seeding import Wanted
    from activities.house.seed.seeding import seed as fill

    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Seeding", total=incidents)
        wanted = Wanted(incidents, days, file, beside_others)
        told = fill(read_settings(), wanted, lambda done: bar.advance(task, done))
    typer.echo(told)
