"""What ``holdfast incident events`` and ``holdfast events`` write: the audit trail as a file, the same as from the API (process.md S21)."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.security_log import Seen, write_down
from activities.house.commands.office import on_record
from activities.house.commands.reports import check_targets, refusing
from activities.house.commands.time_board import check_number
from activities.house.refusals import NotFoundError, UsageRefusedError
from activities.settings import Settings
from api.queries.incidents import as_text
from api.queries.trail import Stretch, trail_of, trail_within
from api.trail import Form, as_file, begun


def events_of(settings: Settings, number: str, file: Path) -> str:
    """Writes all events of one incident; answers with a sentence. UsageRefusedError for a mistyped number, NotFoundError where the record has no such incident."""
    check_number(number)
    form = _form_of(file)

    async def work(engine: AsyncEngine) -> None:
        trail = await begun(trail_of(engine, number))
        if trail is None:
            raise NotFoundError(f"There is no incident {number} in the record.")
        await _write(engine, trail, file, form, f"incident {number}", "")

    on_record(settings, work)
    return f"Everything that happened to {number} is in {file}."


def events_within(settings: Settings, since: datetime, until: datetime, file: Path) -> str:
    """Writes all events from one instant on and before another (UTC); answers with a sentence. UsageRefusedError where there is no time between them."""
    form, period = _form_of(file), f"{as_text(since)} to {as_text(until)}"
    if since >= until:
        raise UsageRefusedError("The period is empty: what is given with --to must lie after what is given with --from.")

    async def work(engine: AsyncEngine) -> None:
        await _write(engine, await begun(trail_within(engine, since, until)), file, form, "all incidents", f"{period}, ")

    on_record(settings, work)
    return f"Everything that happened from {period} is in {file}."


def _form_of(file: Path) -> Form:
    kind = file.suffix.lower().removeprefix(".")
    if kind not in list(Form):
        raise UsageRefusedError(f"{file} says by its end what it is to be: .jsonl for JSON Lines, .csv for a spreadsheet.")
    check_targets(file)
    return Form(kind)


async def _write(engine: AsyncEngine, trail: AsyncIterator[Stretch] | None, file: Path, form: Form, subject: str, period: str) -> None:
    """Beside its place first: half of a trail must not look like all of it."""
    await write_down(engine, Seen.EVENTS_EXPORTED, subject=subject, detail=f"{period}{form.value}, command line")
    begun_file = file.with_name(f"{file.name}.part")
    with refusing(file):
        try:
            with begun_file.open("w", encoding="utf-8", newline="") as out:
                async for part in as_file(trail, form):
                    out.write(part)
            begun_file.replace(file)
        finally:
            begun_file.unlink(missing_ok=True)
