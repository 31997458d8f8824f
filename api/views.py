"""What is shown of an incident, and to whom: the desk sees everything, callers what concerns them (process.md S22)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, Field, create_model

from api.examples import COMMAND_ID, NUMBER
from workflows.dates import NOT_FOR_CALLERS
from workflows.explanations import Explanation
from workflows.foresight import Foreseen
from workflows.publication import Deadline, Event, Snapshot
from workflows.vocabulary import ActorKind

# How the desk works inside, and who of it, stays inside.
FOR_CALLERS = tuple(
    name
    for name in get_type_hints(Snapshot)
    if name
    not in {
        "edition",
        "person",
        "level",
        "was_assigned",
        "reassignment_count",
        "hop_count",
        "major",
        "priority_override",
        "confirmation_undeliverable",
        "clocks",
        "climb",
        "downgraded_after_breach",
        "survey",
        "surveyed_at",
        "rated_at",
        "score",
        "comment",
        "approval_awaited",
        "approved_by",
        "approved_as",
        "resolved_by",
        "files",
    }
)
# What was said in an event that callers may see; work notes stand in events they never get.
_SAID = ("text", "ordinal", "file", "file_size", "file_kind")
_EVENT_FOR_CALLERS = ("seq", "at", "planned_at", "kind", "actor_kind", "actor", "before", "after")
THE_DESK = "desk"


def _model(name: str, about: str, source: type, names: tuple[str, ...], **more: Any) -> type[BaseModel]:
    hints = get_type_hints(source, include_extras=True)
    parts: dict[str, Any] = {each: (hints[each], ...) for each in names} | more
    return create_model(name, __doc__=about, **parts)


FactsForDesk = _model("FactsForDesk", "All facts of an incident.", Snapshot, tuple(get_type_hints(Snapshot)))
FactsForCaller = _model("FactsForCaller", "What a caller sees of an incident.", Snapshot, FOR_CALLERS)
EventForDesk = _model("EventForDesk", "Something that happened.", Event, tuple(get_type_hints(Event)))
EventForCaller = _model("EventForCaller", "Something that happened, as a caller sees it.", Event, _EVENT_FOR_CALLERS)
IncidentForDesk = _model(
    "IncidentForDesk",
    "All facts, and a stretch of the timeline; ``earlier`` is what to ask for as ``before`` to get the one before it.",
    Snapshot,
    tuple(get_type_hints(Snapshot)),
    timeline=(list[EventForDesk], ...),  # type: ignore[valid-type]
    earlier=(int | None, ...),
)
IncidentForCaller = _model(
    "IncidentForCaller",
    "What a caller sees, with a stretch of the public timeline and where the one before it ends.",
    Snapshot,
    FOR_CALLERS,
    timeline=(list[EventForCaller], ...),  # type: ignore[valid-type]
    earlier=(int | None, ...),
)


class IncidentList(BaseModel):
    """One page. ``next`` is the cursor of the following page; null on the last one."""

    items: list[FactsForDesk | FactsForCaller]  # type: ignore[valid-type]
    next: str | None


class OutcomeView(BaseModel):
    """What became of a command. ``version``: from this version on the incident shows its effect. ``accepted``: it will be answered later."""

    command_id: str = Field(examples=[COMMAND_ID])
    number: str = Field(examples=[NUMBER])
    command: str
    result: Literal["applied", "refused", "malformed", "accepted"]
    at: str | None
    version: int | None
    rule: str | None
    section: str | None
    detail: str | None


class Accepted(BaseModel):
    """The report is safe; it will be readable under its number in a moment."""

    number: str = Field(examples=[NUMBER])
    result: Literal["accepted"]


class FileView(BaseModel):
    """A file of an incident. ``inside``: only the desk sees it. ``digest``: SHA-256. Only an available one can be read; of a removed one the name is gone too."""

    id: str
    number: str = Field(examples=[NUMBER])
    name: str
    size: int = Field(description="In bytes.")
    media_type: str
    digest: str
    inside: bool
    added_at: datetime
    added_by: str
    state: Literal["on_its_way", "being_checked", "available", "infected", "removed"]
    is_scanned: bool = Field(description="Whether a virus scanner has found it clean.")


class FileList(BaseModel):
    """The files of an incident, in the order in which they came."""

    items: list[FileView]


class Clocks(BaseModel):
    """The service clocks of an incident as they stand at ``at``."""

    number: str = Field(examples=[NUMBER])
    at: datetime
    clocks: list[Explanation]


class Dates(BaseModel):
    """All dates an incident waits for, and for the desk everything that happens if nobody says anything; earliest first."""

    number: str = Field(examples=[NUMBER])
    dates: list[Deadline]
    foreseen: list[Foreseen]


class Me(BaseModel):
    """Who the key belongs to."""

    kind: ActorKind
    id: str
    name: str
    roles: list[str]
    groups: list[str]


class ServiceView(BaseModel):
    """Something the desk looks after. ``category`` is the one it suggests."""

    key: str = Field(examples=["mail"])
    name: str
    description: str | None
    category: str | None


class ServiceList(BaseModel):
    """All services that a report may name."""

    items: list[ServiceView]


class Health(BaseModel):
    """Whether this can work, and what is wrong if not."""

    status: Literal["ok", "not ready"]
    problems: list[str]


VIEWS: tuple[type[BaseModel], ...] = (
    IncidentForDesk,
    IncidentForCaller,
    IncidentList,
    OutcomeView,
    Accepted,
    FileView,
    FileList,
    Clocks,
    Dates,
    Me,
    ServiceView,
    ServiceList,
    Health,
)


def facts_for(facts: Mapping[str, Any], *, is_staff: bool) -> dict[str, Any]:
    """The facts that this reader may see. Whoever of the desk took a report for somebody appears to them as the desk."""
    if is_staff:
        return dict(facts)
    reporter = facts["reporter"] if facts["reporter"] == facts["affected"] else THE_DESK
    due = [deadline for deadline in facts.get("due", ()) if deadline["kind"] not in NOT_FOR_CALLERS]
    return {name: facts.get(name) for name in FOR_CALLERS} | {"reporter": reporter, "due": due}


def timeline_for_caller(facts: Mapping[str, Any], timeline: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Public events without inner facts; people of the desk appear as the desk."""
    return [_shown(event, facts["affected"]) for event in timeline]


def _shown(event: dict[str, Any], affected: str) -> dict[str, Any]:
    is_known = event["actor"] == affected or event["actor_kind"] == ActorKind.SYSTEM
    outer = {name: event[name] for name in _EVENT_FOR_CALLERS}
    return outer | {
        "actor": event["actor"] if is_known else THE_DESK,
        "before": _public(event["before"]),
        "after": _public(event["after"]),
    }


def _public(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in FOR_CALLERS or name in _SAID}
