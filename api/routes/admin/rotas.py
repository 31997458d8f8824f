"""Rotas: who is on call now and in the next days, who steps in, and how turns go round (process.md S10)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from activities.directory.as_text import entry_as_toml
from activities.directory.changes import (
    ChangeRefusedError,
    add_override,
    keep_rota,
    take_override,
)
from activities.directory.entries import mark_of
from activities.directory.file import told
from activities.directory.on_call import Rota
from activities.directory.rota_entries import OverrideEntry, RotaEntry
from activities.directory.toml import NotTomlError, read_toml
from api.administration import (
    NOT_SAVED,
    Admin,
    Filled,
    Occasion,
    Sheet,
    admin_page,
    hand_of,
    instant_in,
    key_in,
    leads_to,
    not_saved,
    occasion,
    wrong_id,
)
from api.desk import Desk
from api.identity import Caller
from api.problems import Problem
from api.queries.people import staff, whole_rota
from api.queries.queues import names_of
from api.queries.situation import Rotas, on_call_rotas
from api.routes.incidents import TheDesk
from api.situation import DAYS_ON_CALL, on_call

router = APIRouter(prefix="/admin", include_in_schema=False)
_LONGEST_DEFINITION = 20_000
_EXAMPLE = """zone = "Europe/Istanbul"

[[layers]]
people = ["asha", "deniz"]
starts = 2026-01-05T09:00:00
turn_days = 7
"""


@router.get("/rotas")
async def rotas(request: Request, desk: TheDesk, caller: Admin, done: str = "") -> Response:
    """Every rota: who is called now, and when nobody will be."""
    found = await on_call_rotas(desk.database)
    names = await names_of(desk.database, {person for rota in found.known for person in rota.people})
    lines = on_call(found, names, datetime.now(UTC))
    return admin_page(request, caller, "rotas", "rotas", occasion(done), lines=lines, unreadable=found.unreadable, days=DAYS_ON_CALL)


@router.get("/add/rota")
async def new(request: Request, caller: Admin) -> Response:
    """The form for a new rota."""
    return _new(request, caller, Occasion())


@router.post("/add/rota")
async def add(request: Request, desk: TheDesk, caller: Admin, sheet: Filled) -> Response:
    """Takes a rota in."""
    entry, wrong = _read(sheet["definition"], []), wrong_id(sheet["id"])
    if isinstance(entry, str) or wrong:
        return _new(request, caller, Occasion(422, wrong=wrong | ({"definition": entry} if isinstance(entry, str) else {}), sheet=sheet))
    try:
        await keep_rota(desk.database, sheet["id"], entry, None, hand_of(request, caller))
    except NOT_SAVED as error:
        return _new(request, caller, not_saved(error, sheet))
    return leads_to(desk, "admin", "rotas", sheet["id"], done="added")


def _new(request: Request, caller: Caller, why: Occasion) -> Response:
    typed = why.sheet.typed() if why.sheet else {"definition": _EXAMPLE}
    return admin_page(request, caller, "rota_new", "rotas", why, typed=typed)


@router.get("/rotas/{rota}")
async def one(request: Request, desk: TheDesk, caller: Admin, rota: str, done: str = "") -> Response:
    """One rota: the next days, who steps in, and how it is defined."""
    return await _one(request, desk, caller, rota, occasion(done))


@router.post("/rotas/{rota}")
async def change(request: Request, desk: TheDesk, caller: Admin, rota: str, sheet: Filled) -> Response:
    """Zone and layers; overrides stay. If somebody changed the rota since the page was shown, it is shown anew first."""
    present = await _known(desk, rota)
    entry = _read(sheet["definition"], present.overrides)
    if isinstance(entry, str):
        return await _one(request, desk, caller, rota, Occasion(422, wrong={"definition": entry}, sheet=sheet))
    try:
        is_new = await keep_rota(desk.database, rota, entry, sheet["mark"], hand_of(request, caller))
    except NOT_SAVED as error:
        return await _one(request, desk, caller, rota, not_saved(error, sheet))
    return leads_to(desk, "admin", "rotas", rota, done="saved" if is_new else "same")


@router.post("/rotas/{rota}/overrides")
async def step_in(request: Request, desk: TheDesk, caller: Admin, rota: str, sheet: Filled) -> Response:
    """Somebody steps in, from and until, in the rota's own zone."""
    present = await _known(desk, rota)
    override = _override(sheet, present.zone)
    if isinstance(override, dict):
        return await _one(request, desk, caller, rota, Occasion(422, wrong=override, sheet=sheet))
    try:
        is_new = await add_override(desk.database, rota, override, hand_of(request, caller))
    except ChangeRefusedError as error:
        return await _one(request, desk, caller, rota, Occasion(422, wrong={"person": error.says}, sheet=sheet))
    return leads_to(desk, "admin", "rotas", rota, done="added" if is_new else "same")


@router.post("/rotas/{rota}/overrides/removal")
async def step_back(request: Request, desk: TheDesk, caller: Admin, rota: str, sheet: Filled) -> Response:
    """Takes an override away."""
    await _known(desk, rota)
    is_new = await take_override(desk.database, rota, sheet["mark"], hand_of(request, caller))
    return leads_to(desk, "admin", "rotas", rota, done="removed" if is_new else "same")


async def _known(desk: Desk, rota: str) -> RotaEntry:
    found = await whole_rota(desk.database, key_in(rota))
    if found is None:
        raise Problem("not-found")
    return found


async def _one(request: Request, desk: Desk, caller: Caller, rota: str, why: Occasion) -> Response:
    entry, now = await _known(desk, rota), datetime.now(UTC)
    found = await on_call_rotas(desk.database)
    of_desk = await staff(desk.database)
    names = await names_of(desk.database, entry.rota(rota).people)
    definition = entry_as_toml(entry, frozenset({"overrides"}))
    sheet = why.sheet or Sheet()
    known: dict[str, Any] = {
        "rota": rota,
        "entry": entry,
        "mark": mark_of(entry),
        "meanwhile": (("Definition", definition), ("Overrides", str(len(entry.overrides)))) if why.is_overtaken else (),
        "names": names | dict(of_desk),
        "turns": _turns(found, rota, now),
        "days": DAYS_ON_CALL,
        "overrides": [(mark_of(each), each) for each in entry.overrides if each.end > now],
        "over": sum(each.end <= now for each in entry.overrides),
        "typed": {"definition": definition} | sheet.typed(),
        "staff": [("", "Choose"), *of_desk],
    }
    return admin_page(request, caller, "rota", "rotas", why, **known)


def _turns(found: Rotas, name: str, now: datetime) -> list[Any]:
    rota: Rota | None = next((each for each in found.known if each.name == name), None)
    return rota.turns(now, now + timedelta(days=DAYS_ON_CALL), found.away) if rota else []


def _read(text: str, overrides: list[OverrideEntry]) -> RotaEntry | str:
    """The rota that was written, with these overrides; or what is wrong, one sentence for each fault."""
    try:
        values = read_toml(text[:_LONGEST_DEFINITION])
    except NotTomlError as error:
        return f"This is {error}."
    if "overrides" in values:
        return "Overrides have a form of their own; leave them out here."
    try:
        entry = RotaEntry.model_validate(values)
    except ValidationError as error:
        return "; ".join(told(each) for each in error.errors(include_input=False, include_url=False)[:10])
    return entry.model_copy(update={"overrides": overrides})


def _override(sheet: Sheet, zone: str) -> OverrideEntry | dict[str, str]:
    wrong = {} if sheet["person"] else {"person": "Choose who steps in."}
    found: dict[str, datetime | None] = {}
    for name in ("from", "to"):
        try:
            found[name] = instant_in(sheet[name], zone)
        except ValueError:
            found[name] = None
        if found[name] is None:
            wrong[name] = "Give a date and a time."
    start, end = found["from"], found["to"]
    if wrong or start is None or end is None:
        return wrong
    if start >= end:
        return {"to": "The end must be after the start."}
    return OverrideEntry.model_validate({"person": sheet["person"], "from": start.astimezone(UTC), "to": end.astimezone(UTC)})
