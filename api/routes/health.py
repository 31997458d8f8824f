"""Whether the process lives, and whether it can work."""

import asyncio

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from api.identity import PUBLIC
from api.queries.readiness import what_is_wrong_with
from api.routes.incidents import TheDesk, shown

router = APIRouter(tags=["Operation"], dependencies=[Depends(PUBLIC)])
_OK = {"status": "ok", "problems": []}


@router.get("/healthz", summary="Is the process alive", operation_id="healthz", response_model=None, responses={200: shown("Health", _OK)})
async def healthz() -> JSONResponse:
    """Alive. Asks nobody else, so that nobody restarts this process because another one is down."""
    return JSONResponse(_OK)


@router.get(
    "/readyz",
    summary="Can it work",
    operation_id="readyz",
    response_model=None,
    responses={
        200: shown("Health", _OK, "Ready"),
        503: shown("Health", {"status": "not ready", "problems": ["Temporal cannot be reached."]}, "Not ready"),
    },
)
async def readyz(desk: TheDesk) -> JSONResponse:
    """Database reachable and of this version, Temporal reachable; else 503 with what is wrong, without addresses or names."""
    wrong, answers = await asyncio.gather(what_is_wrong_with(desk.database), desk.line.answers())
    problems = [sentence for sentence in (wrong, None if answers else "Temporal cannot be reached.") if sentence]
    return JSONResponse({"status": "not ready" if problems else "ok", "problems": problems}, 503 if problems else 200)
