"""How much time an incident has left and why, and everything that will happen by itself (process.md S6, S9)."""

from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.delivery import find
from api.desk import Desk
from api.identity import Caller
from api.problems import Problem, documented
from api.queries.timing import clocks_as_json, dates_as_json, explained, foreseen, snapshot_of
from api.routes.incidents import Known, Number, TheDesk, shown
from workflows.dates import NOT_FOR_CALLERS, ahead
from workflows.publication import Snapshot
from workflows.timekeeping import PROMISES

router = APIRouter(prefix="/api/v1/incidents", tags=["Incidents"])


@router.get(
    "/{number}/clocks",
    summary="Explain the service clocks",
    operation_id="clocks",
    response_model=None,
    responses=documented({200: shown("Clocks", description="Each clock with its reasons")}, 401, 404, 500, 503),
)
async def clocks(caller: Known, desk: TheDesk, number: Number) -> JSONResponse:
    """Each clock as it stands now, with its reasons as data and as sentences. Callers see what was promised to them, without names."""
    facts = await _facts(desk, caller, number)
    now = datetime.now(UTC)
    told = explained(facts, now)
    if not caller.is_staff:
        # The sentences of the ledger name people of the desk: a caller gets the first two, which tell the stand.
        told = tuple(
            replace(each, stretches=tuple(replace(stretch, actor=None) for stretch in each.stretches), sentences=each.sentences[:2])
            for each in told
            if each.kind in PROMISES
        )
    return JSONResponse(clocks_as_json(number, told, now))


@router.get(
    "/{number}/dates",
    summary="List everything that will happen by itself",
    operation_id="dates",
    response_model=None,
    responses=documented({200: shown("Dates", description="All future dates, earliest first")}, 401, 404, 500, 503),
)
async def dates(caller: Known, desk: TheDesk, number: Number) -> JSONResponse:
    """Warnings, breaches, the next step of the ladder, reminders, ends of holds, closure: the list by which the incident sets its own alarm.

    The desk also gets what is foreseen: all that happens if nobody says anything from now on, each later step and round of the ladder too, with the letters that go out.
    Callers see what concerns them, reminders and closure, and nothing foreseen.
    """
    facts = await _facts(desk, caller, number)
    coming = tuple(deadline for deadline in ahead(facts) if caller.is_staff or deadline.kind not in NOT_FOR_CALLERS)
    follows = foreseen(facts, datetime.now(UTC)) if caller.is_staff else ()
    return JSONResponse(dates_as_json(number, coming, follows))


async def _facts(desk: Desk, caller: Caller, number: str) -> Snapshot:
    await find(desk, caller, number)
    found = await snapshot_of(desk.database, number)
    if found is None:
        raise Problem("not-found", "The incident is accepted and will be readable in a moment.")
    return found
