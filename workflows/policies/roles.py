"""Who may tell an incident what (process.md S22). Process owners change policy, not incidents; nobody edits the audit trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workflows.attachments import AttachFile, RemoveFile
from workflows.house_messages import AdoptEdition
from workflows.messages import NAMES, SIGNALS, Message, Note, PublicMessage
from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_known
from workflows.vocabulary import Role, Scope


@dataclass(frozen=True)
class Permissions:
    """For each message (by its name in the API): which role may send it, on which incidents."""

    by_message: Mapping[str, Mapping[Role, Scope]]

    def __post_init__(self) -> None:
        must_be_known(self.by_message, SIGNALS, "message", "roles")
        for message, allowed in self.by_message.items():
            must_be_known(allowed, tuple(Role), "role", f"roles, {message}")
            must_be_known(allowed.values(), tuple(Scope), "scope", f"roles, {message}")

    def scopes(self, kind: type[Message], roles: tuple[Role, ...]) -> tuple[Scope, ...]:
        """On which incidents somebody with these roles may send the message; empty means on none."""
        allowed = self.by_message.get(NAMES[kind], {})
        return tuple(allowed[role] for role in roles if role in allowed)


# Which edition an incident is under is not for one of these editions to say.
BEYOND_EDITIONS: Mapping[type[Message], frozenset[Role]] = {AdoptEdition: frozenset({Role.PROCESS_OWNER})}


def permitted_as(message: Message) -> type[Message]:
    """Under which message the roles say who may send it: a file goes the way of the words that could stand in its place, and the desk takes files away."""
    match message:
        case AttachFile(inside=False):
            return PublicMessage
        case AttachFile() | RemoveFile():
            return Note
        case _:
            return type(message)


_DESK = {Role.AGENT: Scope.ANY, Role.INCIDENT_MANAGER: Scope.ANY}
_CALLER = {Role.CALLER: Scope.OWN}
_MANAGER = {Role.INCIDENT_MANAGER: Scope.ANY}

_FIRST: Mapping[str, Mapping[Role, Scope]] = {
    "acknowledge": _DESK,
    "assign": _DESK,
    "take": _DESK,
    "escalate": _DESK,
    "amend": _DESK,
    "reprioritise": _DESK,
    "override_priority": _MANAGER,
    "hold": _DESK,
    "resume": _DESK,
    "note": _DESK,
    "message": _DESK | _CALLER,
    "resolve": _DESK,
    "confirm": _CALLER,
    "reject": _CALLER,
    "reopen": {Role.CALLER: Scope.OWN, Role.AGENT: Scope.OWN_GROUP, Role.INCIDENT_MANAGER: Scope.ANY},
    "cancel": _DESK,
}

EDITIONS = (
    Dated(valid_from=date(2026, 1, 1), rule=Permissions(_FIRST), reference="process.md S12, S22"),
    Dated(valid_from=date(2026, 11, 25), rule=Permissions({**_FIRST, "rate": _CALLER}), reference="process.md S13, S22"),
)
