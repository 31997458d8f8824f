"""What ``holdfast incident clocks`` and ``holdfast incident dates`` show: the same as the API, as lines for a person (process.md S6, S9)."""

from collections.abc import Sequence
from datetime import datetime

from activities.house.commands.office import on_record
from activities.house.refusals import NotFoundError, UsageRefusedError
from activities.incident_numbers import check_digit_fits
from activities.settings import Settings
from api.queries.timing import snapshot_of
from api.telling import will_happen
from workflows.explanations import Explanation
from workflows.publication import Deadline, Snapshot


def facts_in_record(settings: Settings, number: str) -> Snapshot:
    """The facts of one incident. UsageRefusedError for a mistyped number, NotFoundError where the record has no such incident."""
    check_number(number)
    found = on_record(settings, lambda engine: snapshot_of(engine, number))
    if found is None:
        raise NotFoundError(f"There is no incident {number} in the record.")
    return found


def check_number(number: str) -> None:
    """Raises UsageRefusedError for a mistyped number."""
    if not check_digit_fits(number):
        raise UsageRefusedError(f"{number} is no number of an incident: its check digit does not fit, so it is mistyped.")


def dates_told(dates: Sequence[Deadline], now: datetime) -> str:
    """One line for each date, in UTC, in the words of the pages; one that has passed waits for a worker."""
    if not dates:
        return "Nothing will happen by itself."
    return "\n".join(f"{each.at:%a %Y-%m-%d %H:%M:%S}Z  {_called(each)}{', overdue' if each.at < now else ''}" for each in dates)


def _called(date: Deadline) -> str:
    return will_happen(date.kind, date.about, date.ordinal)


def clocks_told(clocks: Sequence[Explanation]) -> str:
    """Each clock by name and state, then its reasons in sentences."""
    if not clocks:
        return "No clock runs: nothing was promised for this priority."
    return "\n\n".join("\n".join((f"{each.clock}: {each.state}", *(f"  {said}" for said in each.sentences))) for each in clocks)
