"""How much of what happened goes to the record at once: a payload may have 2 MiB (temporal.md 1.6), and publications and hand-overs stay far below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workflows.publication import Event, LetterOwed, Outcome

# In bytes.
PUBLICATION_SIZE = 400_000
BACKLOG_SIZE = 900_000


@dataclass(frozen=True)
class Parcel:
    """The events up to one of them, with the answers and letters that belong to them."""

    up_to: int
    events: tuple[Event, ...]
    outcomes: tuple[Outcome, ...]
    letters: tuple[LetterOwed, ...]


def next_parcel(version: int, events: Sequence[Event], outcomes: Sequence[Outcome], letters: Sequence[LetterOwed]) -> Parcel:
    """The oldest events that fit, at least one; all there is, up to ``version``, where it fits."""
    up_to, size = version, 0
    for event in events:
        size += bytes_of([event, *(owed for owed in letters if owed.cause == event.seq)])
        if size > PUBLICATION_SIZE and event is not events[0]:
            up_to = event.seq - 1
            break
    return Parcel(
        up_to=up_to,
        events=tuple(event for event in events if event.seq <= up_to),
        outcomes=tuple(outcome for outcome in outcomes if outcome.version <= up_to),
        letters=tuple(owed for owed in letters if owed.cause <= up_to),
    )


def bytes_of(parts: Sequence[Event | LetterOwed | Outcome]) -> int:
    """Roughly, in a payload: what people wrote in UTF-8, and something for everything else."""
    return sum(500 + sum(len(text.encode()) for text in _texts(part) if isinstance(text, str)) for part in parts)


def _texts(part: Event | LetterOwed | Outcome) -> tuple[Any, ...]:
    match part:
        case Event():
            return (*part.before.values(), *part.after.values())
        case LetterOwed():
            return (part.facts.title, part.facts.text, part.facts.solution)
        case Outcome():
            return (part.detail,)
