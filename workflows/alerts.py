"""Clocks and ladders make themselves heard (process.md S8, S10): what a threshold, a breach and a step of the ladder do. They tell people and change nothing else."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from workflows.climbing import begin, go_on, skip, step_of
from workflows.clocks import BREACH, passes
from workflows.explanations import reasons
from workflows.house_messages import ReportUndeliverable
from workflows.messages import SYSTEM
from workflows.policies.escalation_ladders import Ladder, Step
from workflows.publication import Climb, Deadline, LetterOwed, Unreached
from workflows.record import Cause, Incident
from workflows.vocabulary import Audience, DeadlineKind, EventKind, HoldReason, LetterName, Status


def pass_threshold(incident: Incident, deadline: Deadline, cause: Cause) -> None:
    """So much of a budget is used up; at 100 percent the service level is breached (S8)."""
    clocks = tuple(passes(clock, deadline.ordinal) if clock.name == deadline.about else clock for clock in incident.facts.clocks)
    kind = EventKind.BREACHED if deadline.ordinal == BREACH else EventKind.THRESHOLD_PASSED
    said = {"clock": deadline.about, "percent": deadline.ordinal}
    told = next(clock for clock in clocks if clock.name == deadline.about)
    said |= reasons(told, incident.rules.calendars[told.calendar], cause.at)
    incident.change(kind, cause, said=said, clocks=clocks)


def take_step(incident: Incident, _: Deadline, cause: Cause) -> None:
    """Calls whom the ladder names; a step whose conditions do not hold is left out, in the open (S10)."""
    climb, ladder = _climbing(incident)
    step = step_of(climb, ladder)
    said: dict[str, Any] = {"ladder": ladder.name, "round": climb.round, "step": climb.step + 1}
    if step is not None and (why_not := _left_out(incident, step, cause.at)):
        incident.change(
            EventKind.ESCALATION_SKIPPED, cause, said=said | {"why": why_not}, climb=go_on(climb, ladder, cause.at, called=None)
        )
        return
    called = incident.facts.version + 1
    to, who, letter = (step.to, step.who, step.letter) if step else (Audience.FALLBACK_OWNER, None, LetterName.ESCALATION)
    said |= {"to": to.value, "letter": letter.value} | ({"who": who} if who else {})
    incident.change(EventKind.ESCALATION_STEPPED, cause, said=said, climb=go_on(climb, ladder, cause.at, called=called))


def _left_out(incident: Incident, step: Step, now: datetime) -> str | None:
    facts = incident.facts
    if step.only_for and facts.priority not in step.only_for:
        return "not for this priority"
    if step.only_during is not None and not incident.rules.calendars[step.only_during].is_open(now):
        return "outside its hours"
    return None


def begin_again(incident: Incident, _: Deadline, cause: Cause) -> None:
    """Somebody acknowledged and was not heard of since: the ladder begins again (S10)."""
    ladder = _climbing(incident)[1]
    climb = begin(ladder, cause.at, after_silence=True)
    incident.change(EventKind.ESCALATION_RESTARTED, cause, said={"ladder": ladder.name}, climb=climb)


def _climbing(incident: Incident) -> tuple[Climb, Ladder]:
    climb = incident.facts.climb
    ladder = incident.rules.escalation.ladder(climb.ladder) if climb else None
    if climb is None or ladder is None:
        raise AssertionError("a step falls due only while a ladder is climbed")
    return climb, ladder


# Letters of which somebody must hear, whoever it is, and what is said where nobody did.
_UNHEARD: dict[str, str] = {
    LetterName.BREACH: "nobody was told of the breach",
    LetterName.APPROVAL_WANTED: "nobody was asked for the approval",
    LetterName.CALLER_NOT_REACHED: "nobody was told that the caller was not reached",
}
_WORKED_ON = frozenset({Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD})


def go_past_the_unreached(incident: Incident, owed: tuple[LetterOwed, ...], unreached: tuple[Unreached, ...], now: datetime) -> None:
    """The directory's answer on letters owed: a step that reached nobody is skipped; what nobody was told goes to the fallback owner (S10)."""
    causes = sorted({missed.cause for missed in unreached if missed.to is not Audience.FALLBACK_OWNER})
    _skip_steps_without_reader(incident, causes, now)
    for cause in causes:
        missed_here = [missed for missed in unreached if missed.cause == cause]
        owed_here = [each for each in owed if each.cause == cause]
        _tell_the_fallback_owner(incident, cause, owed_here, missed_here, now)


def _skip_steps_without_reader(incident: Incident, causes: Sequence[int], now: datetime) -> None:
    """Of the events that reached nobody, those that were steps of the ladder: it goes on at once."""
    climb = incident.facts.climb
    ladder = incident.rules.escalation.ladder(climb.ladder) if climb else None
    if climb is None or ladder is None or incident.is_over:
        return
    for called in [cause for cause in causes if cause in climb.called]:
        climb = skip(climb, ladder, now)
        said = {"ladder": ladder.name, "called": called, "why": "nobody was reached"}
        incident.change(EventKind.ESCALATION_SKIPPED, Cause(SYSTEM, now), said=said, climb=climb)


def go_past_the_undelivered(incident: Incident, message: ReportUndeliverable, now: datetime) -> None:
    """A letter that nobody has got after all: a ladder that still calls goes on past that step, anything else is told to the fallback owner (S10, S14)."""
    climb = incident.facts.climb
    if message.cause is None or not message.nobody_else or message.may_have_arrived or incident.is_over:
        return
    if climb is not None and message.cause in climb.called:
        _skip_undelivered_step(incident, message.cause, now)
    elif why := _unheard_after_all(incident, message.letter):
        _call_the_fallback_owner(incident, why, now)


def _skip_undelivered_step(incident: Incident, called: int, now: datetime) -> None:
    climb = incident.facts.climb
    ladder = incident.rules.escalation.ladder(climb.ladder) if climb else None
    if climb is not None and ladder is not None and climb.at is not None:
        said = {"ladder": ladder.name, "called": called, "why": "nobody was reached"}
        # Whoever was called since may still answer.
        onward = skip(climb, ladder, now, is_waited_for=called != climb.called[-1])
        incident.change(EventKind.ESCALATION_SKIPPED, Cause(SYSTEM, now), said=said, climb=onward)


def _unheard_after_all(incident: Incident, letter: str) -> str | None:
    """What nobody has heard, if anybody still needs to."""
    facts, is_open = incident.facts, incident.facts.status in _WORKED_ON
    waits_for_caller = facts.hold_reason is HoldReason.CALLER or (facts.status is Status.RESOLVED and facts.confirmed_at is None)
    # A ladder that still climbs calls somebody else; once somebody has acknowledged, nobody is needed but for one reopening too many.
    calls_nobody = facts.acknowledged_at is None and (facts.climb is None or facts.climb.at is None)
    is_of_reopening = incident.rules.escalation.told_of_reopening(facts.reopen_count) is not None
    is_needed: dict[str, bool] = {
        LetterName.BREACH: is_open,
        LetterName.ESCALATION: is_open and (calls_nobody or is_of_reopening),
        LetterName.APPROVAL_WANTED: facts.approval_awaited is not None,
        LetterName.CALLER_NOT_REACHED: waits_for_caller,
    }
    return _UNHEARD.get(letter, "nobody was reached") if is_needed.get(letter) else None


def _call_the_fallback_owner(incident: Incident, why: str, now: datetime) -> None:
    said = {"to": Audience.FALLBACK_OWNER.value, "letter": LetterName.ESCALATION.value, "why": why}
    incident.change(EventKind.ESCALATION_STEPPED, Cause(SYSTEM, now), said=said)


def _tell_the_fallback_owner(incident: Incident, cause: int, owed: list[LetterOwed], missed: list[Unreached], now: datetime) -> None:
    climb = incident.facts.climb
    if why := _unheard(incident, owed, missed, is_of_ladder=climb is not None and cause in climb.called):
        _call_the_fallback_owner(incident, why, now)


def _unheard(incident: Incident, owed: list[LetterOwed], missed: list[Unreached], *, is_of_ladder: bool) -> str | None:
    """What no ladder goes on with and nobody was told: a breach, an approval that is waited for, or one reopening too many."""
    for letter, why in _UNHEARD.items():
        unmet = {each.to for each in missed if each.letter is letter}
        if unmet and unmet >= {each.to for each in owed if each.letter is letter}:
            return why
    told_of_it = incident.rules.escalation.told_of_reopening(incident.facts.reopen_count)
    is_of_reopening = any(each.letter is LetterName.ESCALATION and each.to is told_of_it for each in missed)
    return "nobody was told of the reopening" if is_of_reopening and not is_of_ladder else None


EFFECTS: dict[DeadlineKind, Callable[[Incident, Deadline, Cause], None]] = {
    DeadlineKind.THRESHOLD: pass_threshold,
    DeadlineKind.BREACH: pass_threshold,
    DeadlineKind.ESCALATION_STEP: take_step,
    DeadlineKind.ESCALATION_QUIET: begin_again,
}
