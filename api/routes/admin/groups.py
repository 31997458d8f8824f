"""Groups of the directory: level, lead, mailbox, members (process.md S5)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from activities.directory.changes import keep_group
from activities.directory.entries import GroupEntry, mark_of
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
from api.queries.people import group_lines, ids_of, staff, whole_group
from api.queries.queues import names_of
from api.routes.incidents import TheDesk

router = APIRouter(prefix="/admin", include_in_schema=False)
_LABELS = (("name", "Name"), ("level", "Level"), ("lead", "Lead"), ("email", "Mailbox"), ("members", "Members"))
_LONGEST_ID = 90


@router.get("/groups")
async def groups(request: Request, desk: TheDesk, caller: Admin) -> Response:
    """All groups, first level first."""
    lines = await group_lines(desk.database)
    names = await names_of(desk.database, {each.lead for each in lines if each.lead})
    return admin_page(request, caller, "groups", "groups", lines=lines, names=names)


@router.get("/add/group")
async def new(request: Request, desk: TheDesk, caller: Admin) -> Response:
    """The form for a new group."""
    return await _form(request, desk, caller, None, Occasion())


@router.post("/add/group")
async def add(request: Request, desk: TheDesk, caller: Admin, sheet: Filled) -> Response:
    """Takes a group in."""
    wrong = wrong_id(sheet["id"])
    if len(sheet["id"]) > _LONGEST_ID:
        wrong = {"id": f"The id of a group has at most {_LONGEST_ID} characters."}
    return await _keep(request, desk, caller, None, sheet, wrong)


@router.get("/groups/{group}")
async def one(request: Request, desk: TheDesk, caller: Admin, group: str, done: str = "") -> Response:
    """One group."""
    return await _form(request, desk, caller, key_in(group), occasion(done))


@router.post("/groups/{group}")
async def change(request: Request, desk: TheDesk, caller: Admin, group: str, sheet: Filled) -> Response:
    """Everything about a group. If somebody changed it since the page was shown, it is shown anew first."""
    return await _keep(request, desk, caller, key_in(group), sheet, {})


async def _keep(request: Request, desk: Desk, caller: Caller, group: str | None, sheet: Sheet, wrong: dict[str, str]) -> Response:
    members, unknown = await _members(desk, sheet)
    entry = read_entry(GroupEntry, {name: sheet[name] for name in ("name", "level", "lead", "email")} | {"members": members})
    found = wrong | (entry if isinstance(entry, dict) else {})
    if unknown:
        found["more"] = f"The directory has nobody, or several people, with this id or address: {', '.join(unknown[:5])}."
    if found or isinstance(entry, dict):
        return await _form(request, desk, caller, group, Occasion(422, wrong=found, sheet=sheet))
    try:
        key = group if group is not None else sheet["id"]
        is_new = await keep_group(desk.database, key, entry, None if group is None else sheet["mark"], hand_of(request, caller))
    except NOT_SAVED as error:
        return await _form(request, desk, caller, group, not_saved(error, sheet))
    return leads_to(desk, "admin", "groups", key, done="added" if group is None else "saved" if is_new else "same")


async def _members(desk: Desk, sheet: Sheet) -> tuple[list[str], list[str]]:
    """Whoever is ticked, and whoever was typed, by id or address; and what was typed and is nobody."""
    typed = [each.strip() for each in sheet["more"].replace(";", ",").replace("\n", ",").split(",") if each.strip()]
    known = await ids_of(desk.database, typed) if typed else {}
    return list(dict.fromkeys([*sheet.all("members"), *known.values()])), [each for each in typed if each not in known]


async def _form(request: Request, desk: Desk, caller: Caller, group: str | None, why: Occasion) -> Response:
    entry = await whole_group(desk.database, group) if group is not None else None
    if group is not None and entry is None:
        raise Problem("not-found")
    present = _as_sheet(entry) if entry else Sheet((("level", "1"),))
    sheet = why.sheet or present
    members = list(dict.fromkeys([*(entry.members if entry else []), *sheet.all("members")]))
    names = await names_of(desk.database, {*members, *([entry.lead] if entry and entry.lead else [])})
    of_desk = await staff(desk.database)
    leads = [
        *of_desk,
        *([(entry.lead, names.get(entry.lead, entry.lead))] if entry and entry.lead and entry.lead not in dict(of_desk) else []),
    ]
    known: dict[str, Any] = {
        "group": group,
        "entry": entry,
        "mark": mark_of(entry) if entry else "",
        "meanwhile": _meanwhile(sheet, present, names | dict(of_desk)) if why.is_overtaken else (),
        "typed": sheet.typed(),
        "chosen": {"members": sheet.all("members")},
        "members": sorted(((each, names.get(each, each)) for each in members), key=lambda each: each[1].lower()),
        "leads": [("", "Nobody"), *leads],
        "levels": [(str(level), str(level)) for level in range(1, 10)],
        "staff": [(person, name) for person, name in of_desk if person not in members],
    }
    return admin_page(request, caller, "group", "groups", why, **known)


def _as_sheet(entry: GroupEntry) -> Sheet:
    lines = [(name, str(getattr(entry, name) or "")) for name in ("name", "level", "lead", "email")]
    return Sheet((*lines, *(("members", member) for member in entry.members)))


def _meanwhile(sheet: Sheet, present: Sheet, names: dict[str, str]) -> tuple[tuple[str, str], ...]:
    def told(form: Sheet) -> dict[str, str]:
        members = ", ".join(names.get(each, each) for each in sorted(form.all("members")))
        return form.typed() | {"members": members, "lead": names.get(form["lead"], form["lead"])}

    return differs_now(told(sheet), told(present), _LABELS)
