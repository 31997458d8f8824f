"""``holdfast calendar``: working time and holidays (process.md S7). What a command needs is imported when it runs, as in cli.py."""
# ruff: noqa: PLC0415, T201 -- see above; the command line prints

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from activities.house.refusals import UsageRefusedError

calendar = typer.Typer(no_args_is_help=True, help="Working time and holidays.")


@calendar.command("show")
def calendar_show(
    name: Annotated[str, typer.Argument(help="Name of a calendar in the policies.")] = "office",
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; default: today.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days.")] = 14,
    policies: Annotated[Path | None, typer.Option(help="A Python file with a BOOK of policies; default: this desk's.")] = None,
) -> None:
    """Show when the desk is open, day by day, under the edition in force on the first day.

    Example:  holdfast calendar show office --from 2026-12-21
    """
    from activities.policy_book import UnusableBookError, load_book
    from activities.working_time import UnknownCalendarError, calendar_in_force, open_times
    from workflows.policies.book import adopt

    day = (first or datetime.now()).date()  # noqa: DTZ005 -- the day on the wall of whoever asks
    try:
        if policies is not None:
            adopt(load_book(policies))
        shown = calendar_in_force(name, day)
    except (UnknownCalendarError, UnusableBookError) as error:
        raise UsageRefusedError(str(error)) from None
    for each, spans in open_times(shown, day, days):
        print(f"{each:%a %Y-%m-%d}  {', '.join(spans) or 'closed'}")


@calendar.command("holidays")
def calendar_holidays(
    country: Annotated[str, typer.Argument(help="Two-letter country code, such as TR.")],
    years: Annotated[list[int], typer.Argument(min=1970, max=2100, help="One or more years.")],
    region: Annotated[str | None, typer.Option(help="Code of a region with holidays of its own.")] = None,
) -> None:
    """Write the public holidays of a country as lines for a new edition of a calendar; check them before you publish.

    Example:  holdfast calendar holidays TR 2027 2028
    """
    from activities.working_time import UnknownCalendarError, holiday_lines

    try:
        print("\n".join(holiday_lines(country, region, years)))
    except UnknownCalendarError as error:
        raise UsageRefusedError(str(error)) from None
    except ImportError:
        raise UsageRefusedError("This needs the library of holidays; install it with: .venv/bin/pip install 'holdfast[calendar]'") from None
