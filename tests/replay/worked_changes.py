"""What a worked change does: publishes it, opens the gate, plays incidents from before and from after it on the engine, and tells all as JSON.

Run in an edited copy of the product, as ``python worked_changes.py DOCUMENT HISTORIES``.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from activities.house.commands import gate, policy_desk
from workflows import messages
from workflows.messages import Actor, Approve, Assign, Confirm, Intake, Message, Report, Reprioritise, Resolve, Resume, Sent
from workflows.policies.book import book
from workflows.publication import LetterOwed, Publication, Published, Snapshot
from workflows.rehearsal.engine import Engine, MemoryRecord
from workflows.vocabulary import ActorKind, EventKind, Impact, Role, Urgency

# Before all of these changes begin.
DECIDED = date(2026, 12, 14)
CARLA = Actor(ActorKind.PERSON, "carla", (Role.CALLER,))
ASHA = Actor(ActorKind.PERSON, "asha", (Role.AGENT,), ("service-desk",))
INES = Actor(ActorKind.PERSON, "ines", (Role.INCIDENT_MANAGER,))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIXED = Resolve("fixed", "Mended.")


@dataclass
class Record(MemoryRecord):
    """Keeps the letters owed as well."""

    letters: list[LetterOwed] = field(default_factory=list)

    def publish(self, publication: Publication) -> Published:
        """One publication."""
        self.letters += publication.letters
        return super().publish(publication)


Life = tuple[Snapshot, Record]


def lived(reported_at: datetime, report: Report, *said: tuple[timedelta, Actor, Message], then: timedelta = MINUTE) -> Life:
    """An incident reported then, and what people told it, each so long after the one before; facts and record after a last while."""
    record = Record()
    engine = Engine(reported_at, record.publish)
    engine.start(Intake("INC-1001-2", report, CARLA, reported_at, reported_at, book().name_of_edition(reported_at)))
    for place, (after, who, message) in enumerate(said):
        engine.advance_to(engine.now + after)
        engine.send("INC-1001-2", Sent(str(place), who, engine.now, message))
        engine.advance_to(engine.now + MINUTE)
    engine.advance_to(engine.now + then)
    engine.close()
    return record.facts["INC-1001-2"], record


def at(month: int, day: int, hour: int = 0) -> datetime:
    """An instant around the turn of the year, UTC."""
    return datetime(2026 if month == 12 else 2027, month, day, hour, tzinfo=UTC)


def new_matrix() -> dict[str, Any]:
    """Who gets which priority."""
    grave = Report("Branch is offline", impact=Impact.SIGNIFICANT, urgency=Urgency.HIGH)
    mild = Report("Branch is slow", impact=Impact.SIGNIFICANT, urgency=Urgency.MEDIUM)
    anew = Reprioritise(Impact.SIGNIFICANT, Urgency.HIGH, "now offline")
    return {
        "before": lived(at(12, 31, 23), grave)[0].priority,
        "before, assessed anew": lived(at(12, 31, 23), mild, (4 * DAY, ASHA, anew))[0].priority,
        "after": lived(at(1, 1), grave)[0].priority,
    }


def stricter_target() -> dict[str, Any]:
    """When the promise of a P2 is missed."""

    def breached(reported_at: datetime) -> list[str]:
        report = Report("Branch is offline", impact=Impact.SIGNIFICANT, urgency=Urgency.HIGH)
        _, record = lived(reported_at, report, then=DAY)
        events = [event for event in record.events["INC-1001-2"].values() if event.kind is EventKind.BREACHED]
        return [f"{event.planned_at:%m-%d %H:%M}" for event in events if event.after["clock"] == "resolution"]

    return {"before": breached(at(1, 31, 20)), "after": breached(at(2, 1))}


def extra_approval() -> dict[str, Any]:
    """What closes by the caller's word alone."""

    def confirmed(reported_at: datetime, service: str, *more: tuple[timedelta, Actor, Message]) -> str:
        said = ((2 * DAY, ASHA, FIXED), (HOUR, CARLA, Confirm()), *more)
        return lived(reported_at, Report("Salaries are late", service=service), *said, then=HOUR)[0].status

    approved = (HOUR, INES, Approve())
    return {
        "before": confirmed(at(2, 28), "payroll"),
        "after": confirmed(at(3, 1), "payroll"),
        "after, approved": confirmed(at(3, 1), "payroll", approved),
        "after, another service": confirmed(at(3, 1), "intranet"),
    }


def new_stage() -> dict[str, Any]:
    """What a supplier's solution leads to."""
    confirms: Message = messages.ConfirmForVendor("RMA 4711")  # type: ignore[attr-defined]  # what the edit adds

    def solved(reported_at: datetime, *more: tuple[timedelta, Actor, Message]) -> list[str | None]:
        facts, record = lived(reported_at, Report("Disk"), (HOUR, ASHA, Assign("hardware-vendor")), (DAY, ASHA, FIXED), *more)
        return [facts.status, *(outcome.rule for outcome in record.outcomes["INC-1001-2"].values() if outcome.rule)]

    return {
        "before": solved(at(3, 31)),
        "before, confirmed": solved(at(3, 31), (HOUR, ASHA, confirms)),
        "after": solved(at(4, 1)),
        "after, confirmed": solved(at(4, 1), (HOUR, ASHA, confirms)),
        "after, not done": solved(at(4, 1), (HOUR, ASHA, Resume())),
        "after, to the end": solved(at(4, 1), (HOUR, ASHA, confirms), (HOUR, CARLA, Confirm()), (HOUR, ASHA, Resume())),
    }


def new_letter() -> dict[str, Any]:
    """Which changes of group are told to a lead."""

    def told(reported_at: datetime) -> list[str]:
        groups = ("network", "applications", "workplace", "identity", "service-desk")
        said = [(HOUR, ASHA, Assign(group)) for group in groups]
        _, record = lived(reported_at, Report("Till is slow", category="network"), *said)
        return [f"{owed.to} {owed.facts.group}" for owed in record.letters if owed.letter == "handed_around"]

    return {"before": told(at(4, 30, 12)), "after": told(at(5, 1))}


PLAYED: dict[str, Callable[[], dict[str, Any]]] = {
    "new-matrix": new_matrix,
    "stricter-target": stricter_target,
    "extra-approval": extra_approval,
    "new-stage": new_stage,
    "new-letter": new_letter,
}


def main() -> None:
    """Both commands, then the lives."""
    document, histories = sys.argv[1:]
    published = policy_desk.publish(DECIDED)
    passage = asyncio.run(gate.pass_through(gate.of_files([Path(histories)])))
    told = {"published": published, **passage.as_dict(), "lives": PLAYED[document]()}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
