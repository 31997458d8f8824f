"""All future dates of an incident (process.md S9): what will happen by itself unless somebody acts first. Pure.

The workflow sets its alarm by this list and carries it out; the API and the command line show the same list.
"""

from workflows.clocks import BREACH
from workflows.publication import Deadline, Snapshot
from workflows.vocabulary import DeadlineKind

# What clocks and ladders have planned. It tells people and changes nothing about the incident itself.
TELLING = frozenset({DeadlineKind.THRESHOLD, DeadlineKind.BREACH, DeadlineKind.ESCALATION_STEP, DeadlineKind.ESCALATION_QUIET})
# What concerns the desk alone (S22).
NOT_FOR_CALLERS = TELLING | {DeadlineKind.APPROVAL_REMINDER}


def ahead(facts: Snapshot) -> tuple[Deadline, ...]:
    """Reminders, ends of holds, closure, thresholds, breaches, the next step of the ladder; earliest first."""
    return tuple(sorted((*facts.due, *_of_clocks(facts), *_of_ladder(facts)), key=lambda deadline: deadline.at))


def _of_clocks(facts: Snapshot) -> list[Deadline]:
    return [
        Deadline(DeadlineKind.BREACH if each.percent == BREACH else DeadlineKind.THRESHOLD, each.at, each.percent, clock.name)
        for clock in facts.clocks
        for each in clock.ahead
    ]


def _of_ladder(facts: Snapshot) -> list[Deadline]:
    climb = facts.climb
    if climb is None:
        return []
    step = [Deadline(DeadlineKind.ESCALATION_STEP, climb.at, climb.step + 1, climb.ladder)] if climb.at else []
    quiet = [Deadline(DeadlineKind.ESCALATION_QUIET, climb.quiet_until, 1, climb.ladder)] if climb.quiet_until else []
    return step + quiet
