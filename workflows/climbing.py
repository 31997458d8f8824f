"""How an incident climbs its escalation ladder (process.md S10): pure. What a step does stands in alerts.py."""

from dataclasses import replace
from datetime import datetime

from workflows.policies.book import Edition
from workflows.policies.escalation_ladders import Ladder, Step
from workflows.publication import Climb, Snapshot
from workflows.vocabulary import ActorKind, EventKind, Status

_CLIMBS = frozenset({Status.NEW, Status.IN_PROGRESS})
_GETS_A_PRIORITY = frozenset({EventKind.PRIORITISED, EventKind.REPRIORITISED, EventKind.PRIORITY_OVERRIDDEN})
# They say nothing of the desk's own work on it.
_NOT_BY_THE_DESK = frozenset(
    {
        EventKind.CALLER_WROTE,
        EventKind.CALLER_ADDED_FILE,
        EventKind.REJECTED,
        EventKind.CONFIRMED,
        EventKind.EDITION_ADOPTED,
        EventKind.REFUSED,
        EventKind.MALFORMED,
    }
)


def keep_climbing(before: Snapshot, after: Snapshot, kind: EventKind, at: datetime, actor: ActorKind, rules: Edition) -> Climb | None:
    """Where the incident stands on its ladder after an event that led from ``before`` to ``after``."""
    if after.status not in (Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD):
        return _rests(after.climb)
    climb = after.climb
    if kind in _GETS_A_PRIORITY:
        climb = _onto_the_right_ladder(climb, after, at, rules)
    if climb is None or (ladder := rules.escalation.ladder(climb.ladder)) is None:
        return climb
    if rests_on_hold(after, rules):
        return _rests(climb)
    if after.acknowledged_at is None:
        # After a hold that kept it quiet, and when a solution did not hold that came before anybody had acknowledged.
        # A build that did not know this edition may have put it to rest, on a hold that keeps nothing quiet: nobody would be called any more.
        is_climbing = before.status in _CLIMBS or (_climbs_on_hold(before, rules) and climb.at is not None)
        return climb if is_climbing else begin(ladder, at)
    is_heard_of = actor is not ActorKind.SYSTEM and kind not in _NOT_BY_THE_DESK
    if is_heard_of or before.status is not Status.IN_PROGRESS or before.acknowledged_at is None:
        return _watch(climb, ladder, at)
    return climb


def rests_on_hold(facts: Snapshot, rules: Edition) -> bool:
    """Whether a hold keeps its ladder quiet: holding is no answer to a call that nobody has acknowledged (S6), where the rules say so."""
    return facts.status is Status.ON_HOLD and (rules.escalation.hold_is_an_answer or facts.acknowledged_at is not None)


def _climbs_on_hold(facts: Snapshot, rules: Edition) -> bool:
    return facts.status is Status.ON_HOLD and not rests_on_hold(facts, rules)


def _rests(climb: Climb | None) -> Climb | None:
    return None if climb is None else replace(climb, at=None, quiet_until=None)


def _onto_the_right_ladder(climb: Climb | None, facts: Snapshot, at: datetime, rules: Edition) -> Climb | None:
    ladder = rules.escalation.ladder_for(facts.priority)
    if ladder is None:
        return None
    if climb is not None and climb.ladder == ladder.name:
        return climb
    return begin(ladder, at) if facts.acknowledged_at is None else _watch(begin(ladder, at), ladder, at)


def under_the_edition(climb: Climb | None, facts: Snapshot, at: datetime, old: Edition, new: Edition) -> Climb | None:
    """Where the incident stands on the ladder of a newer edition: on the same step of a ladder of the same name, else as after a new priority."""
    ladder, before = new.escalation.ladder_for(facts.priority), old.escalation.ladder(climb.ladder) if climb else None
    if climb is None or before is None or ladder is None or climb.ladder != ladder.name:
        return _onto_the_right_ladder(climb, facts, at, new)
    if rests_on_hold(facts, old) and not rests_on_hold(facts, new):
        return begin(ladder, at)
    step = min(climb.step, len(ladder.steps))
    due_at = climb.began_at + ladder.steps[step].after if climb.at and step < len(ladder.steps) else climb.at
    return replace(climb, step=step, at=due_at, quiet_until=_quiet_until(climb, facts, at, before, ladder))


def _quiet_until(climb: Climb, facts: Snapshot, at: datetime, old: Ladder, new: Ladder) -> datetime | None:
    """The newer ladder's patience, from the desk's last word; where nobody was listening for one, from now."""
    was, patience = old.silence_after_acknowledgement, new.silence_after_acknowledgement
    if patience is None or facts.acknowledged_at is None:
        return None
    if was is None:
        return at + patience
    return climb.quiet_until - was + patience if climb.quiet_until else None


def _watch(climb: Climb, ladder: Ladder, at: datetime) -> Climb:
    """Somebody takes care: nobody is called, unless the desk falls silent."""
    silence = ladder.silence_after_acknowledgement
    return replace(climb, at=None, after_silence=False, quiet_until=None if silence is None else at + silence)


def begin(ladder: Ladder, at: datetime, *, number: int = 1, after_silence: bool = False) -> Climb:
    """The first step of a round."""
    return Climb(ladder.name, began_at=at, at=at + ladder.steps[0].after, round=number, after_silence=after_silence)


def step_of(climb: Climb, ladder: Ladder) -> Step | None:
    """The step that is next; none is the fallback owner."""
    return ladder.steps[climb.step] if climb.step < len(ladder.steps) else None


def go_on(climb: Climb, ladder: Ladder, now: datetime, *, called: int | None) -> Climb:
    """After a step that called somebody (the event's number) or nobody: the next step, the next round, the fallback owner, or the end."""
    if climb.step >= len(ladder.steps):
        return replace(climb, at=None)
    missed, before = (climb.missed, climb.called) if climb.step else (0, ())
    missed += called is None
    climb = replace(climb, step=climb.step + 1, missed=missed, called=(*before, called) if called else before)
    if climb.step < len(ladder.steps):
        return replace(climb, at=climb.began_at + ladder.steps[climb.step].after)
    if missed >= len(ladder.steps):
        return replace(climb, at=now)
    if climb.round >= ladder.rounds:
        return replace(climb, at=now + ladder.repeat_after)
    # Both stay until the first step is taken: the directory may still answer that the last one reached nobody.
    again = begin(ladder, now + ladder.repeat_after, number=climb.round + 1, after_silence=climb.after_silence)
    return replace(again, missed=missed, called=climb.called)


def skip(climb: Climb, ladder: Ladder, now: datetime, *, is_waited_for: bool = False) -> Climb:
    """A step reached nobody: the next one falls due at once, unless somebody called later is waited for; after a whole round without anybody, the fallback owner (S10)."""
    if climb.at is None or climb.step > len(ladder.steps):
        return climb
    missed = climb.missed + 1
    if missed >= len(ladder.steps):
        this_round = climb.round - 1 if climb.step == 0 else climb.round
        return replace(climb, missed=missed, step=len(ladder.steps), round=this_round, at=now)
    is_within_the_round = 0 < climb.step < len(ladder.steps)
    return replace(climb, missed=missed, at=now if is_within_the_round and not is_waited_for else climb.at)
