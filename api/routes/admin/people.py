"""People of the directory: found, added, changed, away, disabled, let in and signed out (process.md S5, S22)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from activities.access.accounts import LASTS, Purpose, make_link, sign_out_everywhere
from activities.access.keys import list_keys
from activities.directory.changes import (
    add_person,
    change_absence,
    change_person,
    disable_person,
    enable_person,
    mark_of_person,
)
from activities.directory.entries import PersonEntry
from activities.directory.leaving import LastAdminError
from activities.mail.sign_in_post import LANDING
from api.absences import read_absence
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
    local,
    not_saved,
    occasion,
    read_entry,
    wrong_id,
)
from api.cursors import cursor_of_words, words_in
from api.desk import Desk
from api.identity import Caller
from api.problems import Problem
from api.queries.people import Wanted, group_lines, people_page, whole_person, work_in_hand
from api.routes.incidents import TheDesk
from emails.languages import languages
from workflows.vocabulary import Role

router = APIRouter(prefix="/admin", include_in_schema=False)
_LABELS = (("name", "Name"), ("email", "E-mail"), ("language", "Language"), ("zone", "Time zone"), ("roles", "Roles"), ("groups", "Groups"))
LAST_ADMIN = "Nobody could administer the desk any more. Give somebody else the role first. Nothing was changed."
_LONGEST_CURSOR = 4_000


@router.get("")
async def front(desk: TheDesk, _: Admin) -> Response:
    """Administration begins with people."""
    return leads_to(desk, "admin", "people")


@router.get("/people")
async def people(
    request: Request,
    desk: TheDesk,
    caller: Admin,
    q: str = "",
    role: str = "",
    after: Annotated[str, Query(max_length=_LONGEST_CURSOR)] = "",
) -> Response:
    """Everybody by name, or whom a search finds."""
    words = " ".join(q[:200].replace("\x00", " ").split())
    chosen = role if role in set(Role) else ""
    place = words_in(after, 2) if after else None
    lines, following = await people_page(desk.database, Wanted(words, chosen, (place[0], place[1]) if place else None))
    known: dict[str, Any] = {
        "lines": lines,
        "q": words,
        "role": chosen,
        "roles": _ROLES,
        "now": datetime.now(UTC),
        "following": cursor_of_words(*following) if following else None,
        "is_first": not after,
    }
    return admin_page(request, caller, "people", "people", **known)


_ROLES = [(role.value, role.value.replace("_", " ").capitalize()) for role in Role]


@router.get("/add/person")
async def new(request: Request, desk: TheDesk, caller: Admin) -> Response:
    """The form for somebody new."""
    return await _new(request, desk, caller, Occasion())


@router.post("/add/person")
async def add(request: Request, desk: TheDesk, caller: Admin, sheet: Filled) -> Response:
    """Takes somebody in."""
    entry, wrong = _read(sheet), wrong_id(sheet["id"])
    if isinstance(entry, dict) or wrong:
        return await _new(request, desk, caller, Occasion(422, wrong=wrong | (entry if isinstance(entry, dict) else {}), sheet=sheet))
    try:
        await add_person(desk.database, sheet["id"], entry, sheet.all("groups"), hand_of(request, caller))
    except NOT_SAVED as error:
        return await _new(request, desk, caller, not_saved(error, sheet))
    return leads_to(desk, "admin", "people", sheet["id"], done="added")


async def _new(request: Request, desk: Desk, caller: Caller, why: Occasion) -> Response:
    empty = Sheet((("language", "en"), ("zone", caller.zone), ("roles", Role.CALLER.value)))
    return admin_page(request, caller, "person_new", "people", why, **await _choices(desk, why.sheet or empty))


@router.get("/people/{person}")
async def one(request: Request, desk: TheDesk, caller: Admin, person: str, done: str = "") -> Response:
    """Somebody, with everything that can be done about them."""
    return await _one(request, desk, caller, person, occasion(done))


@router.post("/people/{person}")
async def change(request: Request, desk: TheDesk, caller: Admin, person: str, sheet: Filled) -> Response:
    """Who they are, what they may, where they work. If somebody changed it since the page was shown, it is shown anew first."""
    entry = _read(sheet)
    if isinstance(entry, dict):
        return await _one(request, desk, caller, person, Occasion(422, wrong=entry, sheet=sheet))
    try:
        is_new = await change_person(desk.database, key_in(person), entry, sheet.all("groups"), sheet["mark"], hand_of(request, caller))
    except NOT_SAVED as error:
        return await _one(request, desk, caller, person, not_saved(error, sheet))
    except LastAdminError:
        return await _one(request, desk, caller, person, Occasion(409, wrong={"roles": LAST_ADMIN}, sheet=sheet))
    return leads_to(desk, "admin", "people", person, done="saved" if is_new else "same")


@router.post("/people/{person}/absence")
async def absence(request: Request, desk: TheDesk, caller: Admin, person: str, sheet: Filled) -> Response:
    """When they are away."""
    when = read_absence(sheet, caller.zone)
    if isinstance(when, dict):
        return await _one(request, desk, caller, person, Occasion(422, wrong=when, sheet=sheet))
    is_new = await change_absence(desk.database, key_in(person), *when, hand_of(request, caller))
    return leads_to(desk, "admin", "people", person, done="absence" if is_new else "same")


@router.post("/people/{person}/disable")
async def disable(request: Request, desk: TheDesk, caller: Admin, person: str, sheet: Filled) -> Response:
    """They left. Needs a tick: it ends everything they are signed in with."""
    if sheet["sure"] != "yes":
        missing = "Tick the box to confirm. Nothing was changed."
        return await _one(request, desk, caller, person, Occasion(422, wrong={"sure": missing}))
    try:
        is_new = await disable_person(desk.database, key_in(person), hand_of(request, caller))
    except LastAdminError:
        return await _one(request, desk, caller, person, Occasion(409, wrong={"sure": LAST_ADMIN}))
    return leads_to(desk, "admin", "people", person, done="disabled" if is_new else "same")


@router.post("/people/{person}/enable")
async def enable(request: Request, desk: TheDesk, caller: Admin, person: str) -> Response:
    """They are back."""
    is_new = await enable_person(desk.database, key_in(person), hand_of(request, caller))
    return leads_to(desk, "admin", "people", person, done="enabled" if is_new else "same")


@router.post("/people/{person}/sign-out")
async def sign_out(request: Request, desk: TheDesk, caller: Admin, person: str) -> Response:
    """Ends all their sessions and links."""
    await _known(desk, person)
    await sign_out_everywhere(desk.database, person, hand_of(request, caller))
    return leads_to(desk, "admin", "people", person, done="signed-out")


@router.post("/people/{person}/link")
async def link(request: Request, desk: TheDesk, caller: Admin, person: str) -> Response:
    """A link with which they choose a password: an invitation, or help for who forgot it. It is shown here and nowhere again."""
    entry, _ = await _known(desk, person)
    if entry.disabled:
        return await _one(request, desk, caller, person, Occasion(409, missing="Somebody disabled cannot sign in. Enable them first."))
    token = await make_link(desk.database, person, Purpose.INVITE, datetime.now(UTC), hand_of(request, caller))
    made = f"{desk.base_url}{LANDING}{token}"
    return await _one(request, desk, caller, person, Occasion(), link=made, days=LASTS[Purpose.INVITE].days)


async def _known(desk: Desk, person: str) -> tuple[PersonEntry, list[str]]:
    found = await whole_person(desk.database, key_in(person))
    if found is None:
        raise Problem("not-found")
    return found


async def _one(request: Request, desk: Desk, caller: Caller, person: str, why: Occasion, **more: Any) -> Response:
    entry, of = await _known(desk, person)
    present = _as_sheet(entry, of)
    choices = await _choices(desk, why.sheet if why.sheet and why.sheet["mark"] else present)
    labels = dict([*choices["roles"], *choices["groups"]])
    now = datetime.now(UTC)
    known: dict[str, Any] = {
        "person": person,
        "entry": entry,
        "mark": mark_of_person(entry, of),
        "meanwhile": _meanwhile(why.sheet, present, labels) if why.is_overtaken and why.sheet else (),
        "since": why.sheet["since"] if why.sheet and not why.sheet["mark"] else local(entry.absent_from, caller.zone),
        "until": why.sheet["until"] if why.sheet and not why.sheet["mark"] else local(entry.absent_until, caller.zone),
        "keys": sum(each.is_open(now) for each in await list_keys(desk.database, person)),
        "in_hand": await work_in_hand(desk.database, person),
        "link": None,
        "now": now,
    }
    return admin_page(request, caller, "person", "people", why, **known | choices | more)


def _meanwhile(sheet: Sheet, present: Sheet, labels: dict[str, str]) -> tuple[tuple[str, str], ...]:
    def told(form: Sheet) -> dict[str, str]:
        several = {name: ", ".join(labels.get(each, each) for each in sorted(form.all(name))) for name in ("roles", "groups")}
        return form.typed() | several

    return differs_now(told(sheet), told(present), _LABELS)


def _as_sheet(entry: PersonEntry, of: list[str]) -> Sheet:
    lines = [(name, str(getattr(entry, name) or "")) for name in ("name", "email", "language", "zone")]
    return Sheet((*lines, *(("roles", role.value) for role in entry.roles), *(("groups", group) for group in of)))


def _read(sheet: Sheet) -> PersonEntry | dict[str, str]:
    values: dict[str, Any] = {name: sheet[name] for name in ("name", "email", "language", "zone")}
    return read_entry(PersonEntry, values | {"roles": sheet.all("roles")})


async def _choices(desk: Desk, sheet: Sheet) -> dict[str, Any]:
    groups = [(each.id, each.name) for each in await group_lines(desk.database)]
    spoken = list(dict.fromkeys([*languages(), *([sheet["language"]] if sheet["language"] else [])]))
    return {
        "typed": sheet.typed(),
        "chosen": {"roles": sheet.all("roles"), "groups": sheet.all("groups")},
        "roles": _ROLES,
        "groups": groups,
        "languages": [(each, each) for each in spoken],
    }
