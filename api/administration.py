"""What all pages of administration share: their frame, their forms, and what is said when a change is refused (process.md S22)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, TypeAdapter, ValidationError

from activities.access.security_log import Hand
from activities.directory.changes import ChangedMeanwhileError, ChangeRefusedError
from api.bodies import said
from api.desk import Desk
from api.entrance.cookies import address_of
from api.forms import cleaned, read_form
from api.identity import ADMIN_SIGNED_IN, Caller
from api.problems import Problem
from api.rendering import PRIVATE, page
from workflows.fields import Key

Admin = Annotated[Caller, Depends(ADMIN_SIGNED_IN)]
EntryType = TypeVar("EntryType", bound=BaseModel)
_KEY: TypeAdapter[str] = TypeAdapter(Key)
# A group may have many members, each a field of its form.
_MOST_FIELDS = 2_000
_SECTIONS = (
    ("people", "People", "administers"),
    ("groups", "Groups", "administers"),
    ("rotas", "On call", "administers"),
    ("services", "Services", "administers"),
    ("categories", "Categories", "sees_categories"),
    ("keys", "API keys", "administers"),
    ("exchange", "Import and export", "administers"),
    ("audit", "Audit", "sees_audit"),
)
# What a page says after a change, by the word in its address.
NOTICES = {
    "saved": "Saved.",
    "same": "No change: it was like that already.",
    "added": "Added.",
    "removed": "Removed.",
    "absence": "The absence is recorded.",
    "disabled": "Disabled. Sessions, links and keys have ended.",
    "enabled": "Enabled again. Keys that were closed stay closed.",
    "signed-out": "Signed out everywhere.",
    "revoked": "The key no longer works.",
}
_NEEDED = {
    "id": "An id has letters, digits and . _ : @ - and spaces, begins with a letter or digit, and has at most 100 characters.",
    "name": "Give a name, in at most 200 characters.",
    "email": "This is not an e-mail address.",
    "language": "Name a language by its two lowercase letters, such as en.",
    "zone": "Give an IANA time zone, such as Europe/Istanbul.",
    "level": "A level is a number from 1 to 9.",
}


@dataclass(frozen=True)
class Sheet:
    """A form as it was sent."""

    fields: tuple[tuple[str, str], ...] = ()

    def __getitem__(self, name: str) -> str:
        """What was typed, or nothing; of a field sent twice the last."""
        return dict(self.fields).get(name, "")

    def all(self, name: str) -> list[str]:
        """Everything that was ticked under that name, once each."""
        return list(dict.fromkeys(value for key, value in self.fields if key == name and value))

    def typed(self) -> dict[str, str]:
        """To fill the form in again."""
        return dict(self.fields)


@dataclass(frozen=True)
class Occasion:
    """Why a form is shown: read, after a change (``notice``), or again, because of what is ``wrong`` (by field) or ``missing`` (in all)."""

    status: int = 200
    notice: str | None = None
    missing: str | None = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    sheet: Sheet | None = None
    is_overtaken: bool = False


# What the directory may have against a change.
NOT_SAVED = (ChangedMeanwhileError, ChangeRefusedError)


def not_saved(error: ChangedMeanwhileError | ChangeRefusedError, sheet: Sheet) -> Occasion:
    """The form again, as it was sent, with what is against it."""
    if isinstance(error, ChangedMeanwhileError):
        return Occasion(412, sheet=sheet, is_overtaken=True)
    return Occasion(422, wrong={error.field: error.says}, sheet=sheet)


def occasion(done: str) -> Occasion:
    """A page that is read, perhaps after a change."""
    return Occasion(notice=NOTICES.get(done))


async def sheet_of(request: Request) -> Sheet:
    """The form that was sent."""
    async with read_form(request, _MOST_FIELDS) as form:
        return Sheet(tuple((name, cleaned(value)) for name, value in form.multi_items() if isinstance(value, str)))


Filled = Annotated[Sheet, Depends(sheet_of)]


def key_in(text: str) -> str:
    """An id out of an address. Raises the problem ``not-found`` for what can be none."""
    if not is_key(text):
        raise Problem("not-found")
    return text


def is_key(text: str) -> bool:
    """Whether this can be an id."""
    try:
        _KEY.validate_python(text)
    except ValidationError:
        return False
    return True


def hand_of(request: Request, caller: Caller) -> Hand:
    """Who changes something here, and from where, for the audit."""
    return Hand(caller.actor.id, address_of(request))


def read_entry(kind: type[EntryType], values: Mapping[str, Any]) -> EntryType | dict[str, str]:
    """The entry with these values; what was left empty is not there. Or what is wrong, by field."""
    try:
        return kind.model_validate({name: value for name, value in values.items() if value not in ("", None)})
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        return {(name := str(each["loc"][0]) if each["loc"] else "form"): _NEEDED.get(name, said(each)) for each in reversed(found)}


def wrong_id(text: str) -> dict[str, str]:
    """What is wrong with an id that somebody chose."""
    return {} if is_key(text) else {"id": _NEEDED["id"]}


def instant_in(typed: str, zone: str) -> datetime | None:
    """The instant of a local date and time; none where nothing was typed. ValueError for what is none."""
    if not typed:
        return None
    read = datetime.fromisoformat(typed)
    if read.tzinfo is not None or not 2000 <= read.year < 2200:  # noqa: PLR2004 -- nobody means those years
        raise ValueError("a local date and time, such as 2026-12-31T18:00")
    return read.replace(tzinfo=ZoneInfo(zone))


def local(instant: datetime | None, zone: str) -> str:
    """An instant as a field for local date and time shows it."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if instant else ""


def leads_to(desk: Desk, *path: str, done: str = "", mark: str = "") -> RedirectResponse:
    """After a change: to the page that shows it."""
    where = "/".join(quote(part, safe="") for part in path)
    return RedirectResponse(f"{desk.path}/{where}{f'?done={done}' if done else ''}{mark}", 303)


def admin_page(request: Request, caller: Caller, template: str, section: str, why: Occasion | None = None, **facts: Any) -> HTMLResponse:
    """A page of administration, with the sections this reader may open."""
    seen = why or Occasion()
    sections = [(path, label) for path, label, needs in _SECTIONS if getattr(caller, needs)]
    known = {"caller": caller, "sections": sections, "section": section, "why": seen, "wrong": seen.wrong}
    return page(request, f"admin/{template}.html", seen.status, PRIVATE, **known | facts)


def differs_now(typed: Mapping[str, str], now: Mapping[str, str], labels: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What the record says by now, where that is not what somebody typed: label and value."""
    return tuple((label, now.get(name, "") or "nothing") for name, label in labels if now.get(name, "") != typed.get(name, ""))
