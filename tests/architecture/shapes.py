"""What histories hold: names of messages and activities, fields with their types and defaults, words. ``shapes.lock`` keeps them; a test compares.

A history is read by every later release, so what it holds is only ever added to. ``python -m tests.architecture.shapes`` writes down what is new and
refuses what was taken away or changed.
"""

import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from activities.mail.mail_room import MailRoom
from activities.records import Records
from workflows.incident import IncidentWorkflow
from workflows.mail_room import MailRoomWorkflow
from workflows.messages import SIGNALS, Intake, Sent
from workflows.publication import Closure, Publication, Published
from workflows.record import HandedOver

LOCK = Path(__file__).with_name("shapes.lock")
ROOTS = (Intake, HandedOver, Publication, Published, Closure, Sent, *SIGNALS.values())
ADVICE = "Histories of open incidents hold them. Put them back; something new stands beside them under a name of its own, with a default."


def shapes() -> dict[str, str]:
    """Every name that a history can hold, with what it means, in order."""
    found = {f"signal {name}": kind.__name__ for name, kind in SIGNALS.items()}
    for method in (Records.publish, MailRoom.send_letters):
        found[f"activity {getattr(method, '__temporal_activity_definition').name}"] = "is called"
    for flow in (IncidentWorkflow, MailRoomWorkflow):
        found[f"workflow {getattr(flow, '__temporal_workflow_definition').name}"] = "runs"
    for kind in _reachable():
        found |= dict(_of_words(kind) if issubclass(kind, Enum) else _of_fields(kind))
    return dict(sorted(found.items()))


def _reachable() -> list[type]:
    seen: list[type] = []
    waiting: list[Any] = list(ROOTS)
    while waiting:
        each = waiting.pop()
        if isinstance(each, type) and (is_dataclass(each) or issubclass(each, Enum)) and each not in seen:
            seen.append(each)
            waiting += get_type_hints(each).values() if is_dataclass(each) else []
        waiting += get_args(each)
    return seen


def _of_words(kind: type[Enum]) -> Iterator[tuple[str, str]]:
    for member in kind:
        yield f"{kind.__name__}.{member.name}", f"is {member.value!r}"


def _of_fields(kind: type) -> Iterator[tuple[str, str]]:
    hints = get_type_hints(kind)
    for each in fields(kind):
        yield f"{kind.__name__}.{each.name}", f"{_spelled(hints[each.name])}{_default(each)}"


def _default(field: Field[Any]) -> str:
    if field.default_factory is not MISSING:
        return f" = {field.default_factory()!r}"
    return "" if field.default is MISSING else f" = {field.default.value if isinstance(field.default, Enum) else field.default!r}"


def _spelled(hint: Any) -> str:
    """A type as one writes it, the same on every version of Python."""
    if get_origin(hint) in (Union, UnionType):
        return " | ".join(sorted(_spelled(each) for each in get_args(hint)))
    if hint is NoneType:
        return "None"
    name = getattr(hint, "__name__", str(hint))
    inner = ", ".join("..." if each is Ellipsis else _spelled(each) for each in get_args(hint))
    return f"{name}[{inner}]" if inner else name


def locked() -> dict[str, str]:
    """What was written down."""
    lines = LOCK.read_text(encoding="utf-8").splitlines() if LOCK.exists() else []
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def broken() -> list[str]:
    """What histories hold and this code no longer understands as it did: taken away, renamed, retyped, with another default; and new fields without one."""
    now, then = shapes(), locked()
    changed = [f"{name} was {meant}, is {now.get(name, 'gone')}" for name, meant in then.items() if now.get(name) != meant]
    known = {name.split(".")[0] for name in then}
    return changed + [
        f"{name} is new and has no default"
        for name, means in now.items()
        if name not in then and "." in name and name.split(".")[0] in known and " = " not in means and not means.startswith("is ")
    ]


def lock() -> None:
    """Writes down what is there now."""
    lines = [f"{name}: {means}" for name, means in shapes().items()]
    LOCK.write_text("\n".join(["# Written by python -m tests.architecture.shapes; do not edit.", *lines, ""]), encoding="utf-8")


def main() -> int:
    """Locks what is new; 1 if something locked has changed."""
    if wrong := broken():
        sys.stderr.write(f"{'; '.join(wrong)}. {ADVICE}\n")
        return 1
    lock()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
