"""Who the key belongs to."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.problems import documented
from api.routes.incidents import Known, shown

router = APIRouter(prefix="/api/v1", tags=["Operation"])
_EXAMPLE = {"kind": "person", "id": "ada", "name": "Ada Example", "roles": ["agent"], "groups": ["service-desk"]}


@router.get(
    "/me",
    summary="Who am I",
    operation_id="me",
    response_model=None,
    responses=documented({200: shown("Me", _EXAMPLE, "You")}, 401, 500, 503),
)
async def me(caller: Known) -> JSONResponse:
    """Person or integration, with the roles and groups of this moment."""
    actor = caller.actor
    return JSONResponse({"kind": actor.kind, "id": actor.id, "name": caller.name, "roles": actor.roles, "groups": actor.groups})
