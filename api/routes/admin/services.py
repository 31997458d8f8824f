"""The service catalogue: what people choose from when they report (process.md S1, S2)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from activities.directory.changes import keep_service
from activities.directory.entries import ServiceEntry, mark_of
from api.administration import (
    NOT_SAVED,
    Admin,
    Filled,
    Occasion,
    Sheet,
    admin_page,
    differs_now,
    hand_of,
    key_in,
    leads_to,
    not_saved,
    occasion,
    read_entry,
    wrong_id,
)
from api.desk import Desk
from api.identity import Caller
from api.problems import Problem
from api.queries.people import group_lines, staff, whole_directory, whole_service
from api.queries.queues import names_of
from api.report_form import topics
from api.routes.incidents import TheDesk

router = APIRouter(prefix="/admin", include_in_schema=False)
_LABELS = (("name", "Name"), ("description", "Description"), ("owner", "Owner"), ("category", "Category"), ("retired", "Retired"))


@router.get("/services")
async def services(request: Request, desk: TheDesk, caller: Admin) -> Response:
    """All services, those in use first."""
    found = (await whole_directory(desk.database)).services or {}
    lines = sorted(found.items(), key=lambda each: (each[1].retired, each[1].name.lower(), each[0]))
    owners = {owner for _, each in lines if (owner := each.owner_group or each.owner_person)}
    return admin_page(request, caller, "services", "services", lines=lines, names=await names_of(desk.database, owners))


@router.get("/add/service")
async def new(request: Request, desk: TheDesk, caller: Admin) -> Response:
    """The form for a new service."""
    return await _form(request, desk, caller, None, Occasion())


@router.post("/add/service")
async def add(request: Request, desk: TheDesk, caller: Admin, sheet: Filled) -> Response:
    """Takes a service in."""
    return await _keep(request, desk, caller, None, sheet)


@router.get("/services/{service}")
async def one(request: Request, desk: TheDesk, caller: Admin, service: str, done: str = "") -> Response:
    """One service."""
    return await _form(request, desk, caller, key_in(service), occasion(done))


@router.post("/services/{service}")
async def change(request: Request, desk: TheDesk, caller: Admin, service: str, sheet: Filled) -> Response:
    """Everything about a service. If somebody changed it since the page was shown, it is shown anew first."""
    return await _keep(request, desk, caller, key_in(service), sheet)


async def _keep(request: Request, desk: Desk, caller: Caller, service: str | None, sheet: Sheet) -> Response:
    entry, wrong = read_entry(ServiceEntry, _values(sheet)), wrong_id(sheet["id"]) if service is None else {}
    if isinstance(entry, dict) or wrong:
        found = wrong | (entry if isinstance(entry, dict) else {})
        return await _form(request, desk, caller, service, Occasion(422, wrong=found, sheet=sheet))
    try:
        key = service if service is not None else sheet["id"]
        is_new = await keep_service(desk.database, key, entry, None if service is None else sheet["mark"], hand_of(request, caller))
    except NOT_SAVED as error:
        return await _form(request, desk, caller, service, not_saved(error, sheet))
    return leads_to(desk, "admin", "services", key, done="added" if service is None else "saved" if is_new else "same")


def _values(sheet: Sheet) -> dict[str, Any]:
    kind, _, owner = sheet["owner"].partition("/")
    owned = {f"owner_{kind}": owner} if kind in ("group", "person") else {}
    return {name: sheet[name] for name in ("name", "description", "category")} | owned | {"retired": sheet["retired"] == "yes"}


async def _form(request: Request, desk: Desk, caller: Caller, service: str | None, why: Occasion) -> Response:
    entry = await whole_service(desk.database, service) if service is not None else None
    if service is not None and entry is None:
        raise Problem("not-found")
    present = _as_sheet(entry) if entry else Sheet()
    sheet = why.sheet or present
    owners = await _owners(desk, entry)
    names = {value: label for _, each in owners for value, label in each}
    known: dict[str, Any] = {
        "service": service,
        "entry": entry,
        "mark": mark_of(entry) if entry else "",
        "meanwhile": _meanwhile(sheet, present, names) if why.is_overtaken else (),
        "typed": sheet.typed(),
        "owners": owners,
        "categories": _categories(sheet["category"]),
    }
    return admin_page(request, caller, "service", "services", why, **known)


async def _owners(desk: Desk, entry: ServiceEntry | None) -> list[tuple[str, list[tuple[str, str]]]]:
    groups = [(f"group/{each.id}", each.name) for each in await group_lines(desk.database)]
    people = [(f"person/{person}", name) for person, name in await staff(desk.database)]
    present = entry.owner_person if entry else None
    if present and f"person/{present}" not in dict(people):
        people.append((f"person/{present}", (await names_of(desk.database, [present])).get(present, present)))
    return [("Groups", groups), ("People", people)]


def _categories(present: str) -> list[tuple[str, str]]:
    """Those of the edition in force, and the one the service has, should these rules no longer have it."""
    found = [*topics(datetime.now(UTC)), *([present] if present else [])]
    return [("", "None"), *((each, each.capitalize()) for each in dict.fromkeys(found))]


def _as_sheet(entry: ServiceEntry) -> Sheet:
    owner = f"group/{entry.owner_group}" if entry.owner_group else f"person/{entry.owner_person}" if entry.owner_person else ""
    lines = [(name, getattr(entry, name) or "") for name in ("name", "description", "category")]
    return Sheet((*lines, ("owner", owner), ("retired", "yes" if entry.retired else "")))


def _meanwhile(sheet: Sheet, present: Sheet, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    def told(form: Sheet) -> dict[str, str]:
        return form.typed() | {"owner": names.get(form["owner"], form["owner"]), "retired": form["retired"] or "no"}

    return differs_now(told(sheet), told(present), _LABELS)
