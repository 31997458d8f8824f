"""``holdfast deploy``: bring out a new build of the workers, and take it back. What a command needs is imported when it runs, as in cli.py."""
# ruff: noqa: PLC0415, T201 -- see above; the command line prints

import json
import sys
from typing import Annotated

import typer

from activities.settings import read_settings

deploy = typer.Typer(no_args_is_help=True, help="Builds of the workers: bring out, ramp, take back.")
TheBuild = Annotated[str, typer.Argument(help="The build, as in its workers' HOLDFAST_BUILD_ID.")]


@deploy.command("status")
def deploy_status(as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False) -> None:
    """Show the builds: which is current, how many workers run each, how many open incidents are with it.

    Example:  holdfast deploy status
    """
    from activities.house.commands.deploy_desk import as_dict, status, told

    found = status(read_settings())
    print(json.dumps(as_dict(found), indent=2) if as_json else told(found))


@deploy.command("ramp")
def deploy_ramp(
    build: TheBuild, percent: Annotated[float, typer.Option(min=0, max=100, help="So many percent of all incidents go to it.")]
) -> None:
    """Send a share of the incidents to a build; the others stay with the current one.

    Example:  holdfast deploy ramp 2026.12.1 --percent 10
    """
    from activities.house.commands.deploy_desk import ramped

    print(ramped(read_settings(), build, percent))


@deploy.command("promote")
def deploy_promote(build: TheBuild) -> None:
    """Make a build current: new incidents begin with it, open ones hand over to it when they wake up.

    Example:  holdfast deploy promote 2026.12.1
    """
    from activities.house.commands.deploy_desk import promoted

    print(promoted(read_settings(), build))


@deploy.command("rollback")
def deploy_rollback(
    build: Annotated[str | None, typer.Argument(help="The build to go back to; default: the one that was current before.")] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also where open incidents were moved to an edition that the older build may lack.")
    ] = False,
) -> None:
    """Take a build back: end its ramp, or make the build before it current again. Refused where incidents were moved to a newer edition meanwhile.

    Example:  holdfast deploy rollback
    """
    from activities.house.commands.deploy_desk import rolled_back

    print(rolled_back(read_settings(), build, anyway=anyway))


@deploy.command("nudge")
def deploy_nudge(
    per_second: Annotated[int, typer.Option(min=1, max=200, help="At most so many incidents are asked in a second.")] = 20,
    patience: Annotated[float, typer.Option(min=0, help="Seconds to ask again those that have not moved.")] = 60,
) -> None:
    """Ask open incidents that sleep to go to the build they belong to. Exit code 1 when some have not gone there yet.

    Example:  holdfast deploy nudge --per-second 50
    """
    from activities.house.commands.deploy_desk import nudged

    found = nudged(read_settings(), per_second, patience, lambda text: print(text, file=sys.stderr, flush=True))
    print(found.told())
    raise typer.Exit(1 if found.left else 0)
