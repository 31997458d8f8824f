"""The commands of the console as forms: what each asks for, and why one is not available now (process.md S4, S22)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.forms import in_zone
from api.pressing import Lack
from api.queries.queues import DeskChoices
from workflows import approvals
from workflows.decisions import may_send
from workflows.investigation import is_taken_care_of
from workflows.lifecycle import Rule, misfit
from workflows.messages import COMMANDS, Actor
from workflows.policies.book import Edition, book
from workflows.publication import Snapshot
from workflows.vocabulary import CancelReason, HoldReason, Priority

_DIGITS = ("impact", "urgency")


@dataclass(frozen=True)
class Ask:
    """One field: a choice where there are ``options`` (value and label), a text of several lines, or a time."""

    name: str
    label: str
    kind: str = "line"
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Form:
    """One command on the page. ``why_not``: the reason why it is not available now."""

    command: str
    label: str
    asks: tuple[Ask, ...]
    why_not: str | None


_LABELS: Mapping[str, str] = {
    "acknowledge": "Acknowledge",
    "take": "Take it",
    "assign": "Assign",
    "message": "Write to the caller",
    "note": "Work note",
    "hold": "Put on hold",
    "resume": "Resume",
    "resolve": "Resolve",
    "escalate": "Escalate",
    "reprioritise": "Reassess",
    "override_priority": "Override priority",
    "amend": "Correct the report",
    "reopen": "Reopen",
    "approve": "Approve the closure",
    "cancel": "Cancel the incident",
}


_NO_GROUP = "-"
# One choice, so that nobody can choose a person who is not of the group.
_TO = "Group, or a person of it"
# What can be done to several incidents at once.
TOGETHER = ("take", "assign", "resolve", "cancel")


def forms(facts: Snapshot, actor: Actor, desk: DeskChoices, tried: str = "") -> list[Form]:
    """All commands of the desk, in the order of the work; to approve only where that is waited for, or was ``tried``. Without services any word is one."""
    asks = dict(_asks(book().edition(facts.edition), desk))
    asks["amend"] += (Ask("service", "Service", options=(("", "As it is"), *desk.services) if desk.services else ()),)
    shown = [(command, label) for command, label in _LABELS.items() if command != "approve" or facts.approval_awaited or command == tried]
    return [Form(command, label, asks.get(command, ()), why_not(command, facts, actor)) for command, label in shown]


def forms_for_many(now: datetime, desk: DeskChoices) -> list[Form]:
    """The commands for several incidents at once, by the rules in force; whether one of them fits, its own process decides."""
    asks = dict(_asks(book().edition(book().name_of_edition(now)), desk))
    # A press by mistake must not take all that was chosen from whoever has it.
    asks["assign"] = (Ask("group", _TO, options=(("", "Choose one"), (_NO_GROUP, "Back to the dispatcher"), *desk.teams)),)
    return [Form(command, _LABELS[command].removesuffix(" it"), asks.get(command, ()), None) for command in TOGETHER]


def held_by(facts: Snapshot) -> str:
    """The choice of the form to assign that stands for how it is now: sent unchanged, it changes nothing."""
    return "/".join(part for part in (facts.group, facts.person) if part)


def missing_for_many(command: str, typed: Mapping[str, str]) -> Lack | None:
    """What has to be chosen before the command goes to several incidents."""
    if command == "assign" and not typed.get("group"):
        return Lack("group", "Choose a group, or: back to the dispatcher. Nothing was sent yet.")
    return None


def missing_for_one(command: str, values: Mapping[str, Any]) -> Lack | None:
    """What has to be filled in before the command goes, although no part of it alone is needed."""
    if command == "amend" and not values:
        return Lack("title", "Fill in what was wrong, here or below; what stays empty stays as it is. Nothing was sent yet.")
    return None


def asked_as(command: str, name: str) -> str:
    """Which field of the form asks for that part of the message."""
    return "group" if command == "assign" else name


def why_not(command: str, facts: Snapshot, actor: Actor) -> str | None:
    """The rule that would refuse this command from this person now; the process itself decides when it comes."""
    kind = COMMANDS[command]
    if not may_send(facts, book().edition(facts.edition), kind, actor):
        return Rule.NOT_PERMITTED.says
    refusal = misfit(kind, facts.status) or (approvals.refusal(facts, actor) if command == "approve" else None)
    if refusal is None and is_taken_care_of(facts) and (command == "acknowledge" or (command == "take" and _is_in_hands_of(facts, actor))):
        return Rule.NOTHING_CHANGES.says
    return refusal.rule.says if refusal else None


def _is_in_hands_of(facts: Snapshot, actor: Actor) -> bool:
    return facts.person == actor.id and facts.group in actor.groups


def _asks(rules: Edition, desk: DeskChoices) -> Mapping[str, tuple[Ask, ...]]:
    reason = Ask("reason", "Reason", "text")
    thirds = (("1", "1, high"), ("2", "2, medium"), ("3", "3, low"))
    return {
        "assign": (Ask("group", _TO, options=(("", "Back to the dispatcher"), *desk.teams)),),
        "message": (Ask("text", "The caller reads this", "text"),),
        "note": (Ask("text", "Only the desk reads this", "text"),),
        "hold": (
            Ask("reason", "Waits for", options=_choices(HoldReason)),
            Ask("question", "Question to the caller, where there is one", "text"),
            Ask("until", "Until, if it is scheduled", "time"),
        ),
        "resolve": (
            Ask("code", "How", options=tuple((code, code) for code in rules.closure.resolution_codes)),
            Ask("notes", "Solution, as the caller reads it", "text"),
        ),
        "escalate": (
            Ask("diagnosis", "Diagnosis so far", "text"),
            Ask("group", "To", options=(("", "The next level of this category"), *desk.groups)),
        ),
        "reprioritise": (Ask("impact", "Impact", options=thirds), Ask("urgency", "Urgency", options=thirds), reason),
        "override_priority": (Ask("priority", "Priority", options=(("", "As the matrix says"), *_choices(Priority))), reason),
        "amend": (
            Ask("title", "New title, if that was wrong"),
            Ask("category", "Category", options=(("", "As it is"), *((each, each) for each in rules.assignment.categories))),
            Ask("description", "New description, if that was wrong", "text"),
        ),
        "reopen": (reason,),
        "approve": (Ask("notes", "Notes", "text"),),
        "cancel": (Ask("reason", "Because", options=_choices(CancelReason)), Ask("notes", "Notes for the caller", "text")),
    }


def _choices(kind: Any) -> tuple[tuple[str, str], ...]:
    return tuple((each.value, each.value.replace("_", " ")) for each in kind)


def values_of(command: str, typed: Mapping[str, str], zone: str) -> dict[str, Any]:
    """What was filled in, as the message has it; times are meant in the zone of the writer."""
    names = {name for name in COMMANDS[command].__dataclass_fields__ if name != "level"}
    values: dict[str, Any] = {name: typed[name] for name in names if typed.get(name) and (name, typed[name]) != ("group", _NO_GROUP)}
    if command == "assign" and "/" in values.get("group", ""):
        values["group"], _, values["person"] = values["group"].partition("/")
    values |= {name: int(values[name]) for name in _DIGITS if len(values.get(name, "")) == 1 and values[name].isdecimal()}
    if command == "override_priority":
        values.setdefault("priority", None)
    if "until" in values:
        values["until"] = in_zone(values["until"], zone)
    return values
