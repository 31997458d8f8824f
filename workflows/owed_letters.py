"""Which letters an event causes, who is meant, and what they may say (process.md S8, S10, S12, S14)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from workflows.clocks import BREACH, Clock, elapsed
from workflows.event_kinds import REOPENINGS
from workflows.explanations import LATEST_STRETCHES
from workflows.policies.approval_rules import asked
from workflows.policies.book import Edition
from workflows.publication import Alert, Event, LetterFacts, LetterOwed, Promise, Snapshot
from workflows.timekeeping import PROMISES
from workflows.vocabulary import Audience, ClockKind, DeadlineKind, EventKind, LetterName

CLOSING = frozenset(
    {
        DeadlineKind.AUTOMATIC_CLOSURE,
        DeadlineKind.NO_ANSWER,
        DeadlineKind.UNDO_ENDS,
        DeadlineKind.SURVEY_EXPIRES,
        DeadlineKind.SURVEY_ENDS,
    }
)
_OF_A_HOLDER = frozenset({ClockKind.INTERNAL, ClockKind.SUPPLIER})
_RATINGS = frozenset({EventKind.RATED, EventKind.RERATED})
_ASKS_HOW_IT_WENT = frozenset({EventKind.SURVEY_ASKED, EventKind.SURVEY_REMINDED})
_ASKS_FOR_APPROVAL = frozenset({EventKind.APPROVAL_ASKED, EventKind.APPROVAL_REMINDED})


def letters_owed(facts: Snapshot, rules: Edition, cause: Event, text: str | None) -> list[LetterOwed]:
    """The letters the policies name for this event, with the facts as they are now. ``text`` is what was said."""
    told = _told(facts, rules, cause, _text(facts, cause, text))
    return [
        LetterOwed(
            letter=letter,
            to=audience,
            cause=cause.seq,
            cycle=facts.cycle,
            at=cause.at,
            not_to=None if letter in rules.correspondence.receipts else cause.actor,
            addressees=_meant_by(audience, facts, rules, cause),
            facts=told,
        )
        for letter, audience in _named(facts, rules, cause)
    ]


def _text(facts: Snapshot, cause: Event, said: str | None) -> str | None:
    if cause.kind in _RATINGS:
        return facts.comment
    return facts.question if cause.kind is EventKind.LETTER_FAILED else said


def _named(facts: Snapshot, rules: Edition, cause: Event) -> Iterable[tuple[LetterName, Audience]]:
    match cause.kind:
        case EventKind.THRESHOLD_PASSED | EventKind.BREACHED:
            letter = LetterName.BREACH if cause.after["percent"] == BREACH else LetterName.THRESHOLD
            clock = _clock(facts, cause.after["clock"])
            if clock is not None and clock.kind in _OF_A_HOLDER:
                return ((letter, Audience.GROUP_LEAD),)
            return tuple((letter, audience) for audience in rules.service_levels.tells.get(cause.after["percent"], ()))
        case EventKind.ESCALATION_STEPPED:
            return ((LetterName(cause.after["letter"]), Audience(cause.after["to"])),)
        case EventKind.CALLER_ADDED_FILE:
            # A file goes the way of the words that could stand in its place, as for permissions (roles.permitted_as).
            return rules.correspondence.for_event(EventKind.CALLER_WROTE)
        case EventKind.LETTER_FAILED if cause.after.get("in_vain"):
            return (*rules.correspondence.for_event(cause.kind), *rules.correspondence.undelivered)
        case _ if cause.kind in _RATINGS:
            is_low = facts.score is not None and facts.score <= rules.survey.low_score
            return rules.correspondence.low_score if is_low else ()
        case _ if cause.kind in _ASKS_FOR_APPROVAL and facts.approval_awaited is not None:
            return ((LetterName.APPROVAL_WANTED, asked(facts.approval_awaited)),)
        case _ if cause.kind in REOPENINGS and (told := rules.escalation.told_of_reopening(facts.reopen_count)) is not None:
            return (*rules.correspondence.for_event(cause.kind), (LetterName.ESCALATION, told))
        case _:
            return rules.correspondence.for_event(cause.kind)


def _meant_by(audience: Audience, facts: Snapshot, rules: Edition, cause: Event) -> tuple[str, ...]:
    """The ids from which the directory finds the people: a caller; an assignee and the group behind them; a group; a rota."""
    named: dict[Audience, tuple[str | None, ...]] = {
        Audience.CALLER: (facts.affected,),
        Audience.ASSIGNEE: (facts.person, facts.group),
        Audience.GROUP: (facts.group,),
        Audience.GROUP_LEAD: (facts.group,),
        Audience.INCIDENT_MANAGER: (),
        Audience.ON_CALL: (cause.after.get("who"),),
        Audience.NAMED_PERSON: (cause.after.get("who"),),
        Audience.FALLBACK_OWNER: (rules.escalation.fallback_owner,),
    }
    return tuple(each for each in named[audience] if each)


def _clock(facts: Snapshot, name: str) -> Clock | None:
    return next((clock for clock in facts.clocks if clock.name == name), None)


def _alerts(facts: Snapshot, rules: Edition, cause: Event) -> tuple[Alert, ...]:
    """What clocks have to say in a letter: the one that reached a threshold, or, when somebody is called, all that are waited for."""
    late = int(cause.after.get("late_seconds", 0))
    if cause.kind in (EventKind.THRESHOLD_PASSED, EventKind.BREACHED):
        clock = _clock(facts, cause.after["clock"])
        return _alert(clock, int(cause.after["percent"]), cause, late) if clock else ()
    if cause.kind is not EventKind.ESCALATION_STEPPED and cause.kind not in REOPENINGS:
        return ()
    return tuple(
        alert
        for clock in facts.clocks
        if clock.is_running and clock.budget and clock.kind not in _OF_A_HOLDER
        for alert in _alert(clock, int(100 * (elapsed(clock, rules.calendars[clock.calendar], cause.at) / clock.budget)), cause)
    )


def _alert(clock: Clock, percent: int, cause: Event, late_seconds: int = 0) -> tuple[Alert, ...]:
    if clock.budget is None:
        return ()
    due_at, lines = clock.due_at or clock.breached_at or cause.at, clock.ledger[-LATEST_STRETCHES:]
    return (Alert(clock.name, percent, due_at, clock.calendar, clock.budget, lines, late_seconds),)


def _told(facts: Snapshot, rules: Edition, cause: Event, text: str | None) -> LetterFacts:
    return LetterFacts(
        title=facts.title,
        status=facts.status,
        priority=facts.priority,
        text=text,
        solution=facts.resolution_notes,
        group=facts.group,
        follows=facts.follows,
        resolved_at=facts.resolved_at,
        closes_at=next((each.at for each in facts.due if each.kind in CLOSING), None),
        reminders=tuple(each.at for each in facts.due if each.kind not in CLOSING),
        alerts=_alerts(facts, rules, cause),
        late_seconds=int(cause.after.get("late_seconds", 0)),
        score=facts.score,
        undo_period=rules.survey.change_of_mind if cause.kind in _ASKS_HOW_IT_WENT else rules.closure.undo_period,
    )


def promised(facts: Snapshot) -> tuple[Promise, ...]:
    """What is promised as things stand: nothing by a clock that is paused, over or breached (S6)."""
    return tuple(
        Promise(clock.kind, clock.due_at) for clock in facts.clocks if clock.kind in PROMISES and clock.due_at and not clock.is_over
    )


def as_published(told: LetterFacts, facts: Snapshot) -> LetterFacts:
    """The letter with what is ahead when it becomes known: what began, was paused or ended right after its cause counts already."""
    return replace(told, promises=promised(facts), calls_again_at=facts.climb.at if facts.climb else None)


# From the least to the gravest; what one person is told together is told as the gravest (S9).
_ALARMS = (LetterName.THRESHOLD, LetterName.BREACH, LetterName.ESCALATION)


def merged(letters: Sequence[LetterOwed]) -> list[LetterOwed]:
    """One person's letters, in which alarms that come together, after an outage for example, are one letter with all they have to tell."""
    alarms = [owed for owed in letters if owed.letter in _ALARMS]
    if not alarms:
        return list(letters)
    gravest = max(alarms, key=lambda owed: (_ALARMS.index(owed.letter), owed.cause))
    # What a clock reached says more than how it stood when somebody was called; of what it reached the last counts.
    in_order = sorted(alarms, key=lambda owed: (owed.letter is not LetterName.ESCALATION, owed.cause))
    latest = {alert.clock: alert for owed in in_order for alert in owed.facts.alerts}
    one = replace(gravest, facts=replace(gravest.facts, alerts=tuple(latest.values())))
    return [owed for owed in letters if owed.letter not in _ALARMS] + [one]
