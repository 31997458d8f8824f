"""What will happen to an incident if nobody says anything: played ahead by the very code that will do it (process.md S9, S21). Pure.

So a change can be shown before it is made: the same incident played ahead as it is, and as it would be.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.deadlines import carry_out
from workflows.decisions import receive
from workflows.messages import Sent
from workflows.publication import Event, Result, Snapshot
from workflows.record import Incident
from workflows.vocabulary import EventKind

# A ladder of ten rounds with a dozen steps ends before that; so does everything else.
_FARTHEST = 400
# What a new priority or another edition has passed by itself was planned for no time.
_TOLD_AT_ONCE = (EventKind.THRESHOLD_PASSED, EventKind.BREACHED)
_TELLS_APART = ("clock", "percent", "ladder", "round", "step", "ordinal")


@dataclass(frozen=True)
class Foreseen:
    """Something that will happen by itself at ``at``: ``what`` tells it from everything else of its kind; letters as name and who is meant."""

    at: datetime
    what: str
    letters: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One thing that will happen at another time, with other letters, or only in one of both cases; none where it does not happen."""

    what: str
    before: Foreseen | None
    after: Foreseen | None


@dataclass(frozen=True)
class Preview:
    """What a message would do to an incident: the rule that would refuse it and what that says, or everything that will go another way.

    ``priority`` is the present one and the one it would have.
    """

    number: str
    edition: str
    priority: tuple[str, str]
    rule: str | None
    refusal: str | None
    differences: tuple[Difference, ...]


def preview(facts: Snapshot, sent: Sent[Any], now: datetime) -> Preview:
    """The incident of these facts, with and without that message at ``now``."""
    as_it_is, as_it_would_be = Incident(facts), Incident(facts)
    carry_out(as_it_is, now)
    receive(as_it_would_be, sent, now)
    outcome = as_it_would_be.outcomes[sent.command_id]
    is_refused = outcome.result is not Result.APPLIED
    before, after = (foresee(each, now, facts.version) for each in (as_it_is, as_it_would_be))
    return Preview(
        number=facts.number,
        edition=facts.edition,
        priority=(facts.priority.value, as_it_would_be.facts.priority.value),
        rule=outcome.rule,
        refusal=outcome.detail,
        differences=() if is_refused else tuple(differences(before, after)),
    )


def foresee(incident: Incident, now: datetime, since: int | None = None) -> list[Foreseen]:
    """Everything that happens from ``now`` on if nobody says anything, workers are always there, and the person may be asked how it went.

    The incident itself stays as it is. ``since``: the version from which on, if not the present one.
    """
    played = deepcopy(incident)
    played.may_be_asked_about = True
    carry_out(played, now)
    for _ in range(_FARTHEST):
        if (due := played.next_deadline) is None:
            break
        carry_out(played, max(due, now))
    known = incident.facts.version if since is None else since
    happened = [event for event in played.events if event.seq > known and (event.planned_at or event.kind in _TOLD_AT_ONCE)]
    return [Foreseen(event.planned_at or event.at, _what(event), _letters(played, event)) for event in happened]


def _what(event: Event) -> str:
    told = [f"{event.after[name]}" for name in _TELLS_APART if event.after.get(name) is not None]
    return " ".join((event.kind.value.replace("_", " "), *told))


def _letters(incident: Incident, cause: Event) -> tuple[str, ...]:
    return tuple(f"{owed.letter.value} to {owed.to.value}".replace("_", " ") for owed in incident.letters if owed.cause == cause.seq)


def differences(before: list[Foreseen], after: list[Foreseen]) -> Iterator[Difference]:
    """What does not happen alike, in the order in which it happens."""
    ours, theirs = ({each.what: each for each in foreseen} for foreseen in (before, after))
    found = [Difference(what, ours.get(what), theirs.get(what)) for what in {**ours, **theirs} if ours.get(what) != theirs.get(what)]
    return iter(sorted(found, key=lambda each: (each.after or each.before or before[0]).at))
