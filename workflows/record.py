"""One incident: all state of its workflow in one serialisable object (design section 2).

The state changes in one way only, ``change``: it gives the facts their new values, writes the event with old and new, and owes the letters
that the correspondence policy names for it. What a message or a deadline means stands in decisions.py and deadlines.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from workflows.climbing import keep_climbing
from workflows.clocks import BREACH
from workflows.dates import ahead
from workflows.event_kinds import NOTICES, PRIVATE, REOPENINGS
from workflows.explanations import reasons
from workflows.lifecycle import Refusal
from workflows.messages import SYSTEM, Actor, Intake
from workflows.moves import Moves
from workflows.owed_letters import letters_owed
from workflows.parcels import PUBLICATION_SIZE, bytes_of, next_parcel
from workflows.policies.assignment_rules import Pick
from workflows.policies.book import Edition, book
from workflows.publication import (
    Closure,
    Deadline,
    Event,
    LetterOwed,
    Outcome,
    Publication,
    Published,
    Result,
    Snapshot,
    Staffed,
    Staffing,
)
from workflows.sampling import question_to_the_record
from workflows.timekeeping import Passed, keep_time
from workflows.vocabulary import DeadlineKind, EventKind, Status, SurveyState

# How many outcomes an incident remembers to know a repeated command; older ones stand in the record.
REMEMBERED_OUTCOMES = 500

# Facts that events tell in words of their own.
_COMPUTED = frozenset({"due", "clocks", "climb", "files"})


@dataclass(frozen=True)
class Cause:
    """Why something changes: who did it, under which command, when; or which deadline was planned for when."""

    actor: Actor
    at: datetime
    command_id: str | None = None
    planned_at: datetime | None = None


@dataclass
class Incident:
    """Facts, and what of them is not yet in the record."""

    facts: Snapshot
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    letters: list[LetterOwed] = field(default_factory=list)
    staffing_wanted: bool = False
    moved_at: datetime | None = None
    moves: Moves = field(default_factory=Moves)
    may_be_asked_about: bool = False

    @classmethod
    def reported(cls, intake: Intake) -> "Incident":
        """A new incident as the front door accepted it, before the first step of the process."""
        report, reporter = intake.report, intake.reporter.id
        return cls(
            Snapshot(
                number=intake.number,
                edition=intake.edition,
                title=report.title,
                description=report.description,
                kind=report.kind,
                channel=report.channel,
                reporter=reporter,
                affected=report.affected or reporter,
                contact=report.contact,
                reference=report.reference,
                configuration_item=report.configuration_item,
                symptoms=report.symptoms,
                people_affected=report.people_affected,
                work_stopped=report.work_stopped,
                can_wait=report.can_wait,
                occurred_at=report.occurred_at,
                reported_at=intake.reported_at,
                logged_at=intake.logged_at,
                follows=intake.follows,
                service=report.service,
            )
        )

    @property
    def rules(self) -> Edition:
        """The policy edition of this incident: pinned when it was reported, unless a process owner has moved it to a newer one."""
        return book().edition(self.facts.edition)

    @property
    def is_over(self) -> bool:
        """Closed or cancelled: final (S12)."""
        return self.facts.status in (Status.CLOSED, Status.CANCELLED)

    @property
    def has_ended(self) -> bool:
        """Over, and nobody is asked how it went any more (S13)."""
        return self.is_over and not self.facts.due

    @property
    def waits_for_admission(self) -> bool:
        """Whether the record still has to say that the person may be asked (S13)."""
        return self.facts.survey is SurveyState.DRAWN and not self.may_be_asked_about

    @property
    def coming(self) -> tuple[Deadline, ...]:
        """What falls due by itself, earliest first; a survey not before the record has admitted it."""
        return tuple(each for each in ahead(self.facts) if each.kind is not DeadlineKind.SURVEY or self.may_be_asked_about)

    @property
    def next_deadline(self) -> datetime | None:
        """When something falls due next."""
        return next((deadline.at for deadline in self.coming), None)

    def closure(self) -> Closure:
        """How it ended."""
        return Closure(self.facts.number, self.facts.status, self.facts.closed_at, self.facts.cycle)

    # what happens

    def change(self, kind: EventKind, cause: Cause, said: dict[str, Any] | None = None, *, is_inside: bool = False, **facts: Any) -> None:
        """Something happened: new facts, an event with old and new values, the letters it causes.

        ``said`` goes into the event and the letters but is no fact of the incident, a message for example. ``is_inside``: callers
        do not see it, although they see others of its kind.
        """
        seq, earlier = self.facts.version + 1, self.facts
        before = {name: getattr(earlier, name) for name in facts if name not in _COMPUTED}
        changed = {name: value for name, value in facts.items() if name not in _COMPUTED and before[name] != value}
        self.facts = replace(earlier, version=seq, changed_at=max(cause.at, earlier.changed_at or cause.at), **facts)
        at_switch = self._keep_time(earlier, kind, cause)
        if kind not in NOTICES:
            self.moved_at = cause.at
            # A refused message changes nothing, so it keeps nobody else from acting (S4).
            self.moves = self.moves if kind is EventKind.REFUSED else self.moves.with_one(cause.actor, seq)
        self.events.append(
            Event(
                seq=seq,
                at=cause.at,
                kind=kind,
                actor_kind=cause.actor.kind,
                actor=cause.actor.id,
                command_id=cause.command_id,
                before={name: before[name] for name in changed},
                after=changed | (said or {}) | _lateness(cause),
                edition=self.facts.edition,
                public=kind not in PRIVATE and not is_inside,
                planned_at=cause.planned_at,
            )
        )
        self.letters += letters_owed(self.facts, self.rules, self.events[-1], (said or {}).get("text"))
        if {"group", "person"} & changed.keys():
            # Whom a person has chosen stays chosen, there or not; the directory is asked only while nobody is.
            self.staffing_wanted = self.facts.person is None
        if kind in REOPENINGS:
            self.staffing_wanted = True
        if at_switch:
            self._tell_of_switch(at_switch, cause)

    def _keep_time(self, earlier: Snapshot, kind: EventKind, cause: Cause) -> tuple[Passed, ...]:
        """Every event moves the clocks and the ladder, or leaves them; in this one place (S6, S10)."""
        # A hold ended when it was planned to, however late that was noticed: an outage of ours stops no clock.
        at = max(cause.planned_at, self.moved_at or cause.planned_at) if cause.planned_at and kind is EventKind.RESUMED else cause.at
        kept = keep_time(earlier, self.facts, kind, at, cause.actor.id, self.rules)
        self.facts = replace(
            self.facts,
            clocks=kept.clocks,
            climb=keep_climbing(earlier, self.facts, kind, cause.at, cause.actor.kind, self.rules),
            downgraded_after_breach=earlier.downgraded_after_breach + kept.is_downgraded_after_breach,
        )
        return kept.at_switch

    def _tell_of_switch(self, at_switch: tuple[Passed, ...], cause: Cause) -> None:
        """What a new priority has passed by itself is told once, by its gravest part (S8)."""
        gravest = max(at_switch, key=lambda passed: passed.percent)
        kind = EventKind.BREACHED if gravest.percent == BREACH else EventKind.THRESHOLD_PASSED
        clock = next(each for each in self.facts.clocks if each.name == gravest.clock)
        said = {
            "clock": gravest.clock,
            "percent": gravest.percent,
            "passed_at_switch": [f"{one.clock} {one.percent} %" for one in at_switch],
        }
        said |= reasons(clock, self.rules.calendars[clock.calendar], cause.at)
        self.change(kind, Cause(SYSTEM, cause.at), said=said)

    # answers to commands

    def answer(self, command_id: str, message: str, at: datetime, fingerprint: str, refusal: Refusal | None) -> None:
        """Remembers what became of a command; the first answer under an id stands."""
        outcome = Outcome(
            command_id=command_id,
            message=message,
            result=Result.REFUSED if refusal else Result.APPLIED,
            at=at,
            version=self.facts.version,
            fingerprint=fingerprint,
            rule=refusal.rule.value if refusal else None,
            detail=refusal.detail or refusal.rule.says if refusal else None,
        )
        self.remember(outcome)

    def remember(self, outcome: Outcome) -> None:
        """Keeps an outcome for the record and for the next message with the same id."""
        self.answers.append(outcome)
        if outcome.command_id:
            self.outcomes[outcome.command_id] = outcome
        while len(self.outcomes) > REMEMBERED_OUTCOMES:
            del self.outcomes[next(iter(self.outcomes))]

    def has_answered(self, command_id: str) -> bool:
        """Whether a command of that id has been answered."""
        return command_id in self.outcomes

    # deadlines as data

    def keep_due(self, wanted: Callable[[Deadline], bool]) -> tuple[Deadline, ...]:
        """The dates still ahead for which ``wanted`` holds."""
        return tuple(deadline for deadline in self.facts.due if wanted(deadline))

    # the record

    @property
    def is_ahead_of_record(self) -> bool:
        """Whether something happened that is not published."""
        return bool(self.events or self.answers)

    @property
    def fits_into_a_hand_over(self) -> bool:
        """Whether little enough waits for the record to be carried into another run; otherwise it is published first."""
        return self.backlog <= PUBLICATION_SIZE

    @property
    def backlog(self) -> int:
        """Roughly how many bytes wait to be published."""
        return bytes_of([*self.events, *self.letters, *self.answers])

    def publication(self) -> Publication:
        """What is published next: the present facts, and the oldest unpublished events that fit, with their answers and letters."""
        parcel = next_parcel(self.facts.version, self.events, self.answers, self.letters)
        surveying = question_to_the_record(self.facts, self.rules) if self.waits_for_admission else None
        return Publication(snapshot=self.facts, **vars(parcel), staffing=self._staffing(), surveying=surveying)

    def _staffing(self) -> Staffing | None:
        """What the directory is asked: whom the group picks, or whether the owner of a reopened incident is there (S5, S12)."""
        facts, pick = self.facts, self.rules.assignment.pick(self.facts.group)
        if not self.staffing_wanted or self.is_over or (facts.person is None and pick is Pick.NOBODY):
            return None
        return Staffing(facts.group, facts.person, pick)

    def published(self, answer: Published, now: datetime) -> None:
        """Takes note of what the record has written, and of letters that found nobody."""
        self.events = [event for event in self.events if event.seq > answer.up_to]
        self.answers = [outcome for outcome in self.answers if outcome.version > answer.up_to]
        self.letters = [owed for owed in self.letters if owed.cause > answer.up_to]
        self._take_staff(answer.staffed, now)
        for missed in answer.unreached:
            said = {"letter": missed.letter, "to": missed.to, "cause": missed.cause}
            self.change(EventKind.NOBODY_REACHED, Cause(SYSTEM, now), said=said)

    def _take_staff(self, staffed: Staffed | None, now: datetime) -> None:
        """The directory's answer, unless somebody has assigned it otherwise in the meantime (S5)."""
        if staffed is None or (staffed.asked.group, staffed.asked.person) != (self.facts.group, self.facts.person) or self.is_over:
            return
        self.staffing_wanted = False
        if staffed.person != self.facts.person:
            self.change(EventKind.ASSIGNED, Cause(SYSTEM, now), person=staffed.person)


@dataclass(frozen=True)
class HandedOver:
    """What one run of an incident's workflow leaves to the next, when its history has grown long."""

    intake: Intake
    incident: Incident


def _lateness(cause: Cause) -> dict[str, Any]:
    """A deadline that fired more than a minute after its time is marked late, with the seconds (S9)."""
    late = cause.at - cause.planned_at if cause.planned_at else timedelta(0)
    return {"late_seconds": int(late.total_seconds())} if late > timedelta(minutes=1) else {}
