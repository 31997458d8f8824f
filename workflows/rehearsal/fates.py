"""What became of one incident in a rehearsal: everything that a change of the process could change, as plain values."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workflows.clocks import BREACH, Clock, elapsed
from workflows.owed_letters import merged
from workflows.policies.book import Edition
from workflows.publication import Event, LetterOwed, Outcome, Result, Snapshot
from workflows.vocabulary import ActorKind, Audience, EventKind, Status

HOURS_OF_A_DAY = 24
_OF_THE_DESK = frozenset(Audience) - {Audience.CALLER}


@dataclass(frozen=True)
class Fate:
    """How an incident went. ``late`` is working time beyond the budget, in seconds, by clock; ``hours`` counts by hour of the day."""

    number: str
    priority: str
    status: str
    closing: str
    resolved_at: str | None
    closed_at: str | None
    reopenings: int
    clocks: dict[str, str]
    breaches: dict[str, int]
    late: dict[str, int]
    escalations: dict[str, int]
    surveys: dict[str, int]
    letters: dict[str, int]
    to_whom: dict[str, dict[str, int]]
    hours: dict[str, list[int]]
    refused: dict[str, int] = field(default_factory=dict)
    exchanged: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def as_compared(self) -> dict[str, Any]:
        """What counts when two fates are compared."""
        return {name: value for name, value in vars(self).items() if name not in ("exchanged", "left_out")}


@dataclass
class Seen:
    """What the record was told of one incident."""

    facts: Snapshot | None = None
    events: list[Event] = field(default_factory=list)
    letters: list[LetterOwed] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)


def fate(seen: Seen, rules: Edition, now: datetime, exchanged: Counter[str], left_out: Counter[str]) -> Fate:
    """Adds up what was seen until ``now`` (UTC)."""
    assert seen.facts is not None
    facts, to_whom = seen.facts, _to_whom(seen.letters)
    return Fate(
        number=facts.number,
        priority=facts.priority.value,
        status=facts.status.value,
        closing=_closing(facts),
        resolved_at=_minute(facts.resolved_at),
        closed_at=_minute(facts.closed_at),
        reopenings=facts.reopen_count,
        clocks={clock.name: clock.state.value for clock in facts.clocks},
        breaches=_counted(_clock_kind(event) for event in seen.events if _is_breach(event)),
        late={clock.name: seconds for clock in facts.clocks if (seconds := _late(clock, rules, now))},
        escalations=_counted(_ESCALATIONS[event.kind] for event in seen.events if event.kind in _ESCALATIONS),
        surveys=_counted(_SURVEYS[event.kind] for event in seen.events if event.kind in _SURVEYS),
        letters=_counted(letter for letters in to_whom.values() for letter, number in letters.items() for _ in range(number)),
        to_whom=to_whom,
        hours=_hours(seen, ZoneInfo(rules.calendars[rules.closure.calendar].zone)),
        refused=_counted(outcome.rule or outcome.result.value for outcome in seen.outcomes if outcome.result is not Result.APPLIED),
        exchanged=dict(exchanged),
        left_out=dict(left_out),
    )


_ESCALATIONS = {
    EventKind.ESCALATED: "handed up a level",
    EventKind.ESCALATION_STEPPED: "steps of a ladder",
    EventKind.ESCALATION_SKIPPED: "steps left out",
    EventKind.ESCALATION_RESTARTED: "ladders begun again",
}
_SURVEYS = {EventKind.SURVEY_ASKED: "asked", EventKind.SURVEY_REMINDED: "reminded", EventKind.RATED: "answered"}


def _closing(facts: Snapshot) -> str:
    if facts.status is Status.CANCELLED:
        return f"cancelled: {facts.cancel_reason}"
    return f"closed by {facts.closed_by}" if facts.closed_by else f"still {facts.status.value.replace('_', ' ')}"


def _minute(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="minutes")


def _counted(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _is_breach(event: Event) -> bool:
    return event.kind is EventKind.BREACHED and event.after.get("percent") == BREACH


def _clock_kind(event: Event) -> str:
    return str(event.after["clock"]).partition(":")[0]


def _late(clock: Clock, rules: Edition, now: datetime) -> int:
    if clock.budget is None or clock.breached_at is None:
        return 0
    used = elapsed(clock, rules.calendars[clock.calendar], clock.stopped_at or now)
    return max(0, int((used - clock.budget) / timedelta(seconds=1)))


def _reader(owed: LetterOwed) -> str:
    """Who is meant, without a directory: the person, or whoever plays that part."""
    if owed.to in (Audience.CALLER, Audience.NAMED_PERSON, Audience.FALLBACK_OWNER, Audience.ASSIGNEE) and owed.addressees:
        return owed.addressees[0]
    part = owed.to.value.replace("_", " ")
    return f"{part} {owed.addressees[0]}" if owed.addressees else part


def _to_whom(letters: list[LetterOwed]) -> dict[str, dict[str, int]]:
    """Letters by reader and name. What one event tells one person twice is one letter, and nobody is told about their own action (S14)."""
    by_reader: dict[str, dict[tuple[int, str], LetterOwed]] = {}
    for owed in letters:
        if (reader := _reader(owed)) != owed.not_to:
            by_reader.setdefault(reader, {})[owed.cause, owed.letter.value] = owed
    return {
        reader: _counted(owed.letter.value for owed in merged_by_moment(list(owed.values()))) for reader, owed in sorted(by_reader.items())
    }


def merged_by_moment(letters: list[LetterOwed]) -> list[LetterOwed]:
    """Alarms of one moment reach a person as one letter (S9)."""
    moments: dict[datetime, list[LetterOwed]] = {}
    for owed in letters:
        moments.setdefault(owed.at, []).append(owed)
    return [owed for each in moments.values() for owed in merged(each)]


def _hours(seen: Seen, zone: ZoneInfo) -> dict[str, list[int]]:
    hours = {"acts of people": [0] * HOURS_OF_A_DAY, "letters to the desk": [0] * HOURS_OF_A_DAY}
    for event in seen.events:
        if event.actor_kind is not ActorKind.SYSTEM:
            hours["acts of people"][event.at.astimezone(zone).hour] += 1
    for owed in seen.letters:
        if owed.to in _OF_THE_DESK:
            hours["letters to the desk"][owed.at.astimezone(zone).hour] += 1
    return hours
