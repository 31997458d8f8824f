"""Files of an incident: add one, list them, read one (process.md S1, S4, S22). They are removed by the command ``remove_file``."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse, Response
from ulid import ULID

from api.delivery import find
from api.examples import FILE
from api.files.attaching import Offer, attach, check_may_add
from api.files.downloads import find_file, handed_out
from api.files.uploads import Form, is_multipart, read_upload
from api.identity import KNOWN, Caller
from api.problems import Problem, documented, invalid, send_again_with
from api.queries.files import File, files_of
from api.queries.incidents import facts_of
from api.routes.commands import CommandId, SeenVersion, accepted, versions_in
from api.routes.incidents import Known, Number, TheDesk, shown
from api.views import THE_DESK
from workflows.policies.file_rules import KINDS

router = APIRouter(prefix="/api/v1/incidents", tags=["Files"])
FileId = Annotated[str, Path(description="The id of the file.", examples=[FILE["id"]])]
_YES_NO = {"true": True, "false": False}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "The file, with its name."},
                    "inside": {"type": "string", "enum": list(_YES_NO), "description": "Whether only the desk sees it; false if left out."},
                },
            }
        }
    },
}


@router.post(
    "/{number}/files",
    summary="Add a file",
    operation_id="add_file",
    response_model=None,
    openapi_extra={"requestBody": _BODY},
    responses=documented(
        {
            200: shown("FileView", FILE, "Added", Command_Id="The id of the command.", Location="Where it can be read."),
            202: shown(
                "OutcomeView", description="Safe; the outcome comes later", Command_Id="The id.", Location="Where the outcome will be."
            ),
        },
        400,
        401,
        403,
        404,
        408,
        409,
        412,
        413,
        415,
        422,
        429,
        500,
        503,
    ),
)
async def add(
    request: Request,
    caller: Annotated[Caller, Depends(KNOWN)],
    desk: TheDesk,
    number: Number,
    command_id: CommandId = None,
    if_match: SeenVersion = None,
) -> JSONResponse:
    """One file, with its name, in a form. It is safe as soon as this answers 200 or 202. Sent twice under the same id it is one file."""
    if not is_multipart(request):
        raise Problem("not-a-form")
    own_id = command_id or str(ULID())
    send_again_with(request, "Command-Id", own_id)
    standing = await find(desk, caller, number)
    async with read_upload(request, most_files=1) as form:
        offer = Offer(number, caller.actor, own_id, _is_inside(form), versions_in(if_match))
        check_may_add(offer, standing)
        answer = await attach(desk, offer, form.files[0], standing)
    if answer is None:
        return accepted(number, own_id, "attach_file")
    added = await find_file(desk, caller, number, offer.file, public_only=False)
    where = f"/api/v1/incidents/{number}/files/{added.id}"
    return JSONResponse(_view(added, await _named(desk, caller, number)), headers={"Command-Id": own_id, "Location": where})


def _is_inside(form: Form) -> bool:
    """What the fields say. Raises a problem for one that does not exist, or without a file."""
    if unknown := [name for name, _ in form.fields if name not in ("inside", "file")]:
        raise invalid(f"/{unknown[0]}" if re.fullmatch(r"[a-z_]{1,40}", unknown[0]) else "/?", "There is no such field")
    if not form.files or "file" in form.typed:
        raise invalid("/file", "A file is needed, with its name")
    told = form.typed.get("inside", "false")
    if told not in _YES_NO:
        raise invalid("/inside", "Must be true or false")
    return _YES_NO[told]


@router.get(
    "/{number}/files",
    summary="List the files of an incident",
    operation_id="list_files",
    response_model=None,
    responses=documented({200: shown("FileList", {"items": [FILE]}, "The files")}, 401, 404, 500, 503),
)
async def list_files(caller: Known, desk: TheDesk, number: Number) -> JSONResponse:
    """In the order in which they came, with those that are gone. Callers see what they and the desk share."""
    await find(desk, caller, number)
    found = await files_of(desk.database, number, public_only=not caller.is_staff)
    named = await _named(desk, caller, number)
    return JSONResponse({"items": [_view(each, named) for each in found]})


@router.get(
    "/{number}/files/{file}",
    summary="Read a file",
    operation_id="read_file",
    response_model=None,
    responses=documented(
        {
            200: {
                "description": "The bytes of the file",
                "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in dict.fromkeys(KINDS.values())},
                "headers": {"Content-Disposition": {"description": "Its name, to save it under.", "schema": {"type": "string"}}},
            }
        },
        401,
        404,
        409,
        410,
        500,
        503,
    ),
)
async def read(caller: Known, desk: TheDesk, number: Number, file: FileId) -> Response:
    """As it was sent. Not before the virus scanner has found it clean, where the desk has one."""
    await find(desk, caller, number)
    return handed_out(desk, await find_file(desk, caller, number, file, public_only=False))


async def _named(desk: TheDesk, caller: Caller, number: str) -> str | None:
    """Who of those who add files is named to this reader: to callers nobody of the desk; none: everybody (S22)."""
    if caller.is_staff:
        return None
    facts = await facts_of(desk.database, number)
    return str(facts["affected"]) if facts else caller.actor.id


def _view(file: File, named: str | None) -> dict[str, Any]:
    return {
        "id": file.id,
        "number": file.number,
        "name": file.name,
        "size": file.size,
        "media_type": file.media_type,
        "digest": file.digest,
        "inside": file.inside,
        "added_at": file.added_at,
        "added_by": file.actor if named in (None, file.actor) else THE_DESK,
        "state": file.state,
        "is_scanned": file.is_scanned,
    }
