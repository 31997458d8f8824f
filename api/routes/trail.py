"""The audit trail as a file, of one incident or of a period: by key for programs, by session from the pages (process.md S21, S22). Each is a line of the security log."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import StreamingResponse

from activities.access.security_log import Seen, write_down
from api.bodies import Plausible
from api.delivery import find
from api.desk import Desk
from api.entrance.cookies import address_of
from api.examples import EVENT
from api.identity import STAFF_BY_KEY, STAFF_SIGNED_IN, TRAIL_BY_KEY, TRAIL_SIGNED_IN, Caller
from api.problems import Problem, documented, invalid
from api.queries.incidents import as_text
from api.queries.trail import Stretch, trail_of, trail_within
from api.rendering import PRIVATE
from api.routes.incidents import Number, TheDesk
from api.trail import NAMES, Form, as_file, begun, example

router = APIRouter(prefix="/api/v1", tags=["Audit trail"])
pages = APIRouter(include_in_schema=False)

TheForm = Annotated[Form, Path(description="JSON Lines, an event a line; or CSV, for a spreadsheet.", examples=[Form.JSONL])]
_MEDIA_TYPES = {Form.JSONL: "application/jsonl; charset=utf-8", Form.CSV: "text/csv; charset=utf-8; header=present"}
_ABOUT = f"Each event has {', '.join(NAMES)}. Instants are in UTC; `late_seconds` is how long after `planned_at` a date was carried out; callers see only what is `public`."


def _file(description: str) -> dict[str, Any]:
    """For OpenAPI: the file in both forms, with an example of one event."""
    return {
        "description": description,
        "content": {
            media_type.partition(";")[0]: {"schema": {"type": "string"}, "example": example(EVENT)[form]}
            for form, media_type in _MEDIA_TYPES.items()
        },
        "headers": {"Content-Disposition": {"description": "Its name, to save it under.", "schema": {"type": "string"}}},
    }


@router.get(
    "/incidents/{number}/events.{form}",
    summary="Export the audit trail of an incident",
    description=f"Everything that happened to an incident, in its sequence, as a file. {_ABOUT}",
    operation_id="export_events_of",
    response_model=None,
    responses=documented({200: _file("All events of the incident")}, 401, 403, 404, 422, 500, 503),
)
async def events_of(
    request: Request, caller: Annotated[Caller, Depends(STAFF_BY_KEY)], desk: TheDesk, number: Number, form: TheForm
) -> StreamingResponse:
    """Only for the desk, which sees all of it anyway."""
    return await _of_incident(request, desk, caller, number, form)


@router.get(
    "/events.{form}",
    summary="Export the audit trail of a period",
    description=f"Everything that happened to any incident in a period, in the order in which it happened, as a file. {_ABOUT}",
    operation_id="export_events",
    response_model=None,
    responses=documented({200: _file("All events of the period")}, 401, 403, 422, 500, 503),
)
async def events_within(
    request: Request,
    caller: Annotated[Caller, Depends(TRAIL_BY_KEY)],
    desk: TheDesk,
    form: TheForm,
    since: Annotated[
        Plausible, Query(alias="from", description="What happened at or after this instant.", examples=["2026-11-01T00:00:00Z"])
    ],
    until: Annotated[Plausible, Query(alias="to", description="And before this one.", examples=["2026-12-01T00:00:00Z"])],
) -> StreamingResponse:
    """Only for those who watch over the process, not for those who work in it."""
    return await _of_period(request, desk, caller, (since, until), form)


async def _form(form: str) -> Form:
    """Addresses of pages that nobody has offered lead nowhere."""
    if form not in list(Form):
        raise Problem("not-found")
    return Form(form)


AForm = Annotated[Form, Depends(_form)]


@pages.get("/console/{number}/events.{form}")
async def events_from_console(
    request: Request, caller: Annotated[Caller, Depends(STAFF_SIGNED_IN)], desk: TheDesk, number: str, form: AForm
) -> StreamingResponse:
    """The same from the page of the incident."""
    return await _of_incident(request, desk, caller, number, form)


@pages.get("/admin/events.{form}")
async def events_from_audit(
    request: Request,
    caller: Annotated[Caller, Depends(TRAIL_SIGNED_IN)],
    desk: TheDesk,
    form: AForm,
    first: Annotated[str, Query(alias="from")] = "",
    last: Annotated[str, Query(alias="to")] = "",
) -> StreamingResponse:
    """The same from the page of the audit, for whole days of UTC, both of them included."""
    period = (_day("from", first), _day("to", last) + timedelta(days=1))
    return await _of_period(request, desk, caller, period, form)


def _day(name: str, typed: str) -> datetime:
    try:
        day = datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise invalid(name, "Must be a day, such as 2026-12-31") from None
    # Years that nobody means, and after the last of which there is no other day.
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise invalid(name, "Must be a day, such as 2026-12-31")
    return day


_FIRST_YEAR, _LAST_YEAR = 2000, 9998


async def _of_incident(request: Request, desk: Desk, caller: Caller, number: str, form: Form) -> StreamingResponse:
    await find(desk, caller, number)
    trail = await begun(trail_of(desk.database, number))
    if trail is None:
        raise Problem("not-found", "The incident is accepted and will be readable in a moment.")
    await _note(request, desk, caller, f"incident {number}", form.value)
    return _handed_out(trail, f"{number}-events", form)


async def _of_period(request: Request, desk: Desk, caller: Caller, period: tuple[datetime, datetime], form: Form) -> StreamingResponse:
    since, until = period
    if since >= until:
        raise invalid("to", "Must lie after from")
    trail = await begun(trail_within(desk.database, since, until))
    await _note(request, desk, caller, "all incidents", f"{as_text(since)} to {as_text(until)}, {form.value}")
    return _handed_out(trail, f"events-{since:%Y%m%dT%H%M%SZ}-{until:%Y%m%dT%H%M%SZ}", form)


async def _note(request: Request, desk: Desk, caller: Caller, subject: str, detail: str) -> None:
    where = address_of(request)
    await write_down(desk.database, Seen.EVENTS_EXPORTED, address=where, subject=subject, detail=detail, actor=caller.actor.id)


def _handed_out(trail: AsyncIterator[Stretch] | None, name: str, form: Form) -> StreamingResponse:
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}.{form.value}"'}
    return StreamingResponse(as_file(trail, form), headers=headers, media_type=_MEDIA_TYPES[form])
