"""Hands files out so that they can do nothing here: saved, never shown, never guessed at, never kept in between (process.md S4)."""

from fastapi.responses import StreamingResponse

from activities.files.kept_files import parts_of
from api.delivery import check_number
from api.desk import Desk
from api.files.names import disposition
from api.identity import Caller
from api.problems import Problem
from api.queries.files import AVAILABLE, INFECTED, REMOVED, File, file_of

# Should a browser show it all the same, it runs nothing, loads nothing, and belongs to no site.
_HARMLESS = {"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


async def find_file(desk: Desk, caller: Caller, number: str, file: str, *, public_only: bool) -> File:
    """A file of an incident that the caller may see already; an inner one does not exist for callers. Raises ``not-found``."""
    check_number(number)
    found = await file_of(desk.database, number, file, public_only=public_only or not caller.is_staff) if file.isalnum() else None
    if found is None:
        raise Problem("not-found")
    return found


def handed_out(desk: Desk, file: File) -> StreamingResponse:
    """Its bytes. Raises a problem where it is still being checked, or gone."""
    if file.state in (INFECTED, REMOVED):
        raise Problem("file-gone")
    if file.state != AVAILABLE:
        raise Problem("file-not-ready")
    headers = _HARMLESS | {"Content-Disposition": disposition(file.name), "Content-Length": str(file.size)}
    answer = StreamingResponse(parts_of(desk.database, file.id), headers=headers)
    # By hand: the framework would add a codec that nobody has looked for.
    answer.headers["Content-Type"] = file.media_type
    return answer
