"""Pages that explain the desk: start, operations, problems."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from api.contract import ABOUT, TAGS, describe, operations
from api.identity import PUBLIC
from api.problems import CATALOGUE, Problem
from api.rendering import page

router = APIRouter(dependencies=[Depends(PUBLIC)], include_in_schema=False)


@router.get("/")
async def start(request: Request) -> Response:
    """What is here."""
    return page(request, "start.html")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Every operation with its example, without a script and without a content network."""
    return page(request, "docs.html", about=ABOUT, tags=TAGS, operations=operations(request.app))


@router.get("/openapi.json")
async def contract(request: Request) -> Response:
    """The same for machines."""
    return JSONResponse(describe(request.app))


@router.get("/problems")
async def problems(request: Request) -> Response:
    """All kinds of problems."""
    return page(request, "problems.html", kinds=sorted(CATALOGUE.values(), key=lambda kind: (kind.status, kind.code)))


@router.get("/problems/{code}")
async def problem(request: Request, code: str) -> Response:
    """What one kind of problem means and what to do about it: where the ``type`` of a problem leads."""
    if code not in CATALOGUE:
        raise Problem("not-found")
    return page(request, "problem.html", kind=CATALOGUE[code])
