"""Recorded incidents as messages to the process: what each recorded command means here, and what none of our messages stands for.

The format is that of the data's own description: one JSON object a line, with ``steps`` and ``final``; times are wall-clock minutes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from workflows.messages import (
    Acknowledge,
    Actor,
    Amend,
    Assign,
    Confirm,
    Hold,
    Intake,
    Message,
    Note,
    Reopen,
    Report,
    Reprioritise,
    Resolve,
    Resume,
)
from workflows.policies.book import book
from workflows.publication import Snapshot
from workflows.rehearsal.engine import at
from workflows.vocabulary import ActorKind, Channel, HoldReason, Impact, Role, Urgency

Step = Mapping[str, Any]
DESK = Actor(ActorKind.INTEGRATION, "recorded-desk", (Role.AGENT,), ())

# Recorded, and not modelled: nothing that a message could say.
UNMODELLED = {
    "touch": "somebody saved the form; no field that the process knows changed",
    "confirm_priority": "a tick that the priority was looked at; here impact and urgency are the assessment",
    "unconfirm_priority": "the same tick taken away",
    "auto_close": "an expectation: time passes, and the incident must close by itself",
}

_CHANNELS = {
    "Phone": Channel.PHONE,
    "Email": Channel.EMAIL,
    "Self service": Channel.PORTAL,
    "Direct opening": Channel.API,
    "IVR": Channel.PHONE,
}
# "evidence" waits for proof that a known fault is gone: nearest is waiting for the problem.
_HOLDS = {
    "user_info": HoldReason.CALLER,
    "vendor": HoldReason.VENDOR,
    "problem": HoldReason.PROBLEM,
    "evidence": HoldReason.PROBLEM,
}
UNSAID = "(not in the recorded data)"


@dataclass(frozen=True)
class Recorded:
    """One recorded incident."""

    number: str
    steps: tuple[Step, ...]
    final: Mapping[str, Any]

    @property
    def opening(self) -> Step:
        """How it was reported."""
        return self.steps[0]


def recorded(line: Mapping[str, Any]) -> Recorded:
    """Reads one line. Raises KeyError or ValueError where it is no recorded incident."""
    steps = tuple(line["steps"])
    if not steps or steps[0]["cmd"] != "open":
        raise ValueError("a recorded incident begins with the command open")
    return Recorded(line["number"], steps, line["final"])


def intake(incident: Recorded) -> Intake:
    """The report as the front door would have accepted it."""
    step, when = incident.opening, at(incident.opening["at"])
    caller = step["caller"] or UNSAID.strip("()")
    report = Report(
        title=step["symptom"] or "No symptom recorded",
        channel=_CHANNELS.get(step["channel"], Channel.API),
        category=step["category"],
        subcategory=step["subcategory"],
        configuration_item=step["ci"],
        impact=Impact(step["impact"]),
        urgency=Urgency(step["urgency"]),
    )
    reporter = Actor(ActorKind.PERSON, caller, (Role.CALLER,))
    return Intake(incident.number, report, reporter, when, when, book().name_of_edition(when))


def message(step: Step, facts: Snapshot) -> Message | None:
    """What the step says to the incident as it stands, or none for a step that is not modelled. KeyError for an unknown command."""
    command = step["cmd"]
    return None if command in UNMODELLED else _MEANING[command](step, facts)


def _group(step: Step, facts: Snapshot) -> Message:
    # The recorded desk cleared the person by a step of its own.
    return Assign(step["group"], facts.person)


def _person(step: Step, facts: Snapshot) -> Message:
    return Assign(facts.group, step["person"])


def _amend(step: Step, _: Snapshot) -> Message:
    changed = {"category": "category", "subcategory": "subcategory", "u_symptom": "title"}
    known = {ours: step[theirs] for theirs, ours in changed.items() if step.get(theirs)}
    if known:
        return Amend(**known)
    other = ", ".join(sorted(name for name in step if name not in ("at", "cmd")))
    return Note(f"Changed: {other}")


def _hold(step: Step, _: Snapshot) -> Message:
    reason = _HOLDS[step["reason"]]
    return Hold(reason, UNSAID if reason is HoldReason.CALLER else None)


def _reprioritise(step: Step, _: Snapshot) -> Message:
    return Reprioritise(Impact(step["impact"]), Urgency(step["urgency"]), UNSAID)


def _reference(step: Step, _: Snapshot) -> Message:
    return Note(f"{step['cmd'].replace('_', ' ')}: {step['ref'] or 'none'}")


_MEANING: dict[str, Callable[[Step, Snapshot], Message]] = {
    "assign_group": _group,
    "reassign_group": _group,
    "unassign_group": _group,
    "assign_person": _person,
    "unassign_person": _person,
    "amend": _amend,
    "reprioritise": _reprioritise,
    "start": lambda *_: Acknowledge(),
    "hold": _hold,
    "resume": lambda *_: Resume(),
    "resolve": lambda step, _: Resolve(step["code"] or "none recorded", UNSAID),
    "reopen": lambda *_: Reopen(UNSAID),
    "close": lambda *_: Confirm(),
    "link_problem": _reference,
    "link_change": _reference,
    "set_vendor": _reference,
    "set_caused_by": _reference,
}
_GROUP_STEPS = ("assign_group", "reassign_group", "unassign_group")


def shows_every_reassignment(incident: Recorded) -> bool:
    """Whether the changes of group that the audit shows are as many as the old system counted."""
    groups = [step["group"] for step in incident.steps if step["cmd"] in _GROUP_STEPS]
    visible = sum(later != earlier for earlier, later in pairwise(groups))
    return bool(visible == incident.final["reassignment_count"])


def counts_from_resolution(incident: Recorded) -> bool:
    """Whether the old system's last resolution is the one the audit shows; a later update moved it there, and never does here (S11)."""
    resolved = [step["at"] for step in incident.steps if step["cmd"] == "resolve"]
    return bool(resolved) and resolved[-1] == str(incident.final["resolved_at"])


# The old system's automatic closure went live on this day; the other day it did not run as usual.
LIVE_SINCE = datetime(2016, 3, 25)  # noqa: DTZ001 -- compared with recorded wall-clock times
ODD_DAY = datetime(2016, 5, 23)  # noqa: DTZ001 -- the same


def is_comparable_closing(step: Step) -> bool:
    """Whether a recorded automatic closing says when ours must happen."""
    when = datetime.fromisoformat(step["at"])
    return bool(when >= LIVE_SINCE and when.date() != ODD_DAY.date())
