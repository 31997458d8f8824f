"""The directory as a file: out, and in again after a look at what it would do (process.md S22)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from activities.access.security_log import Seen, write_down
from activities.directory.file import DirectoryFileError, ImportReport, Preview, load_directory, preview_of
from activities.directory.leaving import LastAdminError
from activities.directory.lock import DirectoryChangedError
from api.administration import Admin, Filled, Occasion, Sheet, admin_page, hand_of
from api.desk import Desk
from api.entrance.cookies import address_of
from api.figures.spreadsheets import table
from api.identity import Caller
from api.queries.people import PersonRow, directory_as_toml, everybody
from api.rendering import PRIVATE
from api.routes.admin.people import LAST_ADMIN
from api.routes.incidents import TheDesk

router = APIRouter(prefix="/admin", include_in_schema=False)
# A form is sent in at most 256 KiB, and other letters than English ones take up to three times their size in it.
LONGEST_FILE = 200_000
# So many entries are named; of more it is said how many.
_NAMED = 200
_HEADING = ("id", "name", "email", "language", "zone", "roles", "absent_from", "absent_until", "disabled_at")


@router.get("/exchange")
async def exchange(request: Request, caller: Admin) -> Response:
    """What can be had as a file, and a form to take one in."""
    return _form(request, caller, Occasion())


@router.get("/directory.toml")
async def directory(request: Request, desk: TheDesk, caller: Admin) -> Response:
    """People, groups, rotas and services, in the format of the import."""
    await _note_export(request, desk, caller, "directory.toml")
    return _file(await directory_as_toml(desk.database), "directory.toml", "application/toml; charset=utf-8")


@router.get("/people.csv")
async def people(request: Request, desk: TheDesk, caller: Admin) -> Response:
    """People as a table for a spreadsheet, which shows and never carries out what they are called."""
    await _note_export(request, desk, caller, "people.csv")
    told = table(_HEADING, [_row(each) for each in await everybody(desk.database)])
    return _file(told, "people.csv", "text/csv; charset=utf-8; header=present")


@router.post("/exchange")
async def look(request: Request, desk: TheDesk, caller: Admin, sheet: Filled) -> Response:
    """What importing this file would do. Changes nothing."""
    return await _preview(request, desk, caller, sheet, Occasion())


@router.post("/exchange/import")
async def take_in(request: Request, desk: TheDesk, caller: Admin, sheet: Filled) -> Response:
    """Imports the file that was looked at, if the directory still is as it was then."""
    count = sheet["count"]
    if not (count.isdecimal() and len(count) <= 15):  # noqa: PLR2004 -- more changes nobody makes
        return await _preview(request, desk, caller, sheet, Occasion())
    try:
        report = await load_directory(desk.database, sheet["file"], hand_of(request, caller), int(count))
    except DirectoryChangedError:
        missing = "Somebody changed the directory since you looked. Nothing was imported: look again at what the file would do now."
        return await _preview(request, desk, caller, sheet, Occasion(412, missing=missing))
    except LastAdminError:
        return await _preview(request, desk, caller, sheet, Occasion(409, missing=LAST_ADMIN))
    except DirectoryFileError as error:
        return _form(request, caller, Occasion(422, wrong={"file": str(error)}, sheet=sheet))
    return _form(request, caller, Occasion(notice=str(report)), report)


async def _preview(request: Request, desk: Desk, caller: Caller, sheet: Sheet, why: Occasion) -> Response:
    text = sheet["file"]
    if not text or len(text) > LONGEST_FILE:
        says = f"Longer than {LONGEST_FILE:,} characters. Use: holdfast directory import FILE" if text else "Paste the file into the field."
        return _form(request, caller, Occasion(422, wrong={"file": says}, sheet=sheet))
    try:
        preview = await preview_of(desk.database, text)
    except DirectoryFileError as error:
        return _form(request, caller, Occasion(422, wrong={"file": str(error)}, sheet=sheet))
    return admin_page(request, caller, "preview", "exchange", why, file=text, preview=preview, named=_NAMED, **_shown(preview))


def _shown(preview: Preview) -> dict[str, Any]:
    changed = [(each.subject, [(name, _told(was), _told(will)) for name, was, will in each.changes()]) for each in preview.changed]
    return {"added": [each.subject for each in preview.added], "changed": changed}


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_told(each) for each in value) or "nothing"
    if isinstance(value, dict):
        return "; ".join(f"{name} {_told(each)}" for name, each in value.items())
    return "nothing" if value is None else str(value)


def _form(request: Request, caller: Caller, why: Occasion, report: ImportReport | None = None) -> Response:
    typed = why.sheet.typed() if why.sheet else {}
    return admin_page(request, caller, "exchange", "exchange", why, typed=typed, longest=LONGEST_FILE, report=report)


def _row(line: PersonRow) -> list[str | None]:
    instants = [at.isoformat() if at else None for at in (line.absent_from, line.absent_until, line.disabled_at)]
    return [line.id, line.name, line.email, line.language, line.zone, " ".join(line.roles), *instants]


async def _note_export(request: Request, desk: Desk, caller: Caller, name: str) -> None:
    await write_down(desk.database, Seen.DIRECTORY_EXPORTED, address=address_of(request), detail=name, actor=caller.actor.id)


def _file(text: str, name: str, media_type: str) -> Response:
    return Response(text, headers=PRIVATE | {"Content-Disposition": f'attachment; filename="{name}"'}, media_type=media_type)
