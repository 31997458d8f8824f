"""The services that can be named in a report (process.md S1)."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.problems import documented
from api.queries.people import services_in_use
from api.routes.incidents import Known, TheDesk, shown

router = APIRouter(prefix="/api/v1/services", tags=["Incidents"])
_EXAMPLE = {"items": [{"key": "mail", "name": "E-mail and calendar", "description": "Mailboxes and calendars.", "category": "e-mail"}]}


@router.get(
    "",
    summary="List services",
    operation_id="services",
    response_model=None,
    responses=documented({200: shown("ServiceList", _EXAMPLE, "All services in use")}, 401, 500, 503),
)
async def services(_: Known, desk: TheDesk) -> JSONResponse:
    """What a report may name as its service, by name. Empty: this desk keeps no catalogue, and any word will do."""
    found = await services_in_use(desk.database)
    return JSONResponse({"items": [{"key": key} | entry.model_dump(include={"name", "description", "category"}) for key, entry in found]})
