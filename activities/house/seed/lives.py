"""Lives to seed a record with: recorded lines through the real workflow on a virtual clock, and how their callers answered.

The recorded data do not tell what was called off, nor what callers said about the solution; that is drawn by lot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from activities.house.seed.lines import CALLER, Crew
from workflows.messages import Actor, Assign, Cancel, Confirm, Message, Rate, Reject, Resolve, Sent
from workflows.policies.book import book
from workflows.publication import Publication, Published, Snapshot
from workflows.rehearsal.by_reference import ByReference
from workflows.rehearsal.engine import Engine, written
from workflows.rehearsal.recordings import OF_THE_DESK, in_words_of, part
from workflows.vocabulary import ActorKind, CancelReason, Role, Status, SurveyState

MOMENT = timedelta(milliseconds=20)
_HOUR = timedelta(hours=1)
_ANSWERED, _REJECTED, _RATED, _CALLED_OFF = 0.45, 0.06, 0.3, 0.03  # shares of all
_MARKS = ((1, 2, 3, 4, 5), (4, 5, 11, 33, 47))
_COMMENTS = (None, None, None, "Quick and friendly.", "It took too long.", "Thank you!")
# From the last word until automatic closure and the end of a survey, holidays included.
_LONG_ENOUGH = timedelta(days=35)
_THE_CALLER = Actor(ActorKind.PERSON, CALLER, (Role.CALLER,))


@dataclass
class Life:
    """What one incident published, and when; the last snapshot of a prefix is how it stood then."""

    number: str
    reported_at: datetime
    told: list[tuple[datetime, Publication]] = field(default_factory=list)

    @property
    def facts(self) -> Snapshot:
        """How it stands."""
        return self.told[-1][1].snapshot


def live(line: Mapping[str, Any], edition: str, crew: Crew, chance: Random) -> Life:
    """The whole life of one line. Raises KeyError, TypeError or ValueError where it is no recorded incident."""
    recording = part(dict(line), edition)
    life = Life(recording.intake.number, recording.intake.reported_at)
    engine = Engine(recording.intake.logged_at, lambda publication: _published(engine, life, publication), ByReference())
    engine.start(recording.intake)
    engine.advance_to(engine.now + MOMENT)
    desk = _Desk(engine, life, edition, crew)
    if chance.random() < _CALLED_OFF:
        desk.says(Cancel(chance.choice((CancelReason.DUPLICATE, CancelReason.NO_FAULT, CancelReason.NOT_AN_INCIDENT))))
    for cue in recording.cues:
        if life.number in engine.closures:
            break
        engine.advance_to(max(cue.at, engine.now + MOMENT))
        spoken = cue.said(life.facts)
        if spoken is not None:
            desk.says(spoken[1])
    desk.comes_to_an_end(chance)
    engine.close()
    return life


def _published(engine: Engine, life: Life, publication: Publication) -> Published:
    life.told.append((engine.now, publication))
    return written(publication)


class _Desk:
    """Speaks to one incident in the words of the edition, as one of its people."""

    def __init__(self, engine: Engine, life: Life, edition: str, crew: Crew) -> None:
        self._engine, self._life, self._crew, self._said = engine, life, crew, 0
        self._rules = book().edition(edition)

    def says(self, message: Message, by: Actor | None = None) -> None:
        """One message, unless the incident has ended."""
        facts = self._life.facts
        if facts.number in self._engine.closures:
            return
        if isinstance(message, Assign):
            message = replace(message, person=self._crew.member(message.group, message.person) if message.person else None)
            message = replace(message, level=self._crew.levels.get(message.group or ""))
        message, _ = in_words_of(self._rules, message, facts)
        self._said += 1
        self._engine.send(facts.number, Sent(f"seeded-{self._said}", by or self._somebody(facts), self._engine.now, message))
        self._engine.advance_to(self._engine.now + MOMENT)

    def _somebody(self, facts: Snapshot) -> Actor:
        who = facts.person or self._crew.member(facts.group, facts.number) or "the-desk"
        return Actor(ActorKind.PERSON, who, OF_THE_DESK)

    def comes_to_an_end(self, chance: Random) -> None:
        """Solved if it was not, answered or not, closed, rated or not."""
        if self._life.facts.status not in (Status.RESOLVED, Status.CLOSED, Status.CANCELLED):
            self.says(Resolve(self._rules.closure.resolution_codes[0] if self._rules.closure.resolution_codes else "fixed", "Solved."))
        lot = chance.random()
        if self._life.facts.status is Status.RESOLVED and lot < _REJECTED + _ANSWERED:
            self._waits(chance, 12)
            if lot < _REJECTED:
                self.says(Reject("It is still broken."), _THE_CALLER)
                self._waits(chance, 20)
                self.says(Resolve("fixed", "Solved for good."))
                self._waits(chance, 6)
            self.says(Confirm(), _THE_CALLER)
        ends = self._engine.now + _LONG_ENOUGH
        while self._engine.now < ends and self._life.facts.survey is not SurveyState.ASKED:
            self._engine.advance_to(self._engine.now + 6 * _HOUR)
        if self._life.facts.survey is SurveyState.ASKED and chance.random() < _RATED:
            self._waits(chance, 20)
            self.says(Rate(chance.choices(*_MARKS)[0], chance.choice(_COMMENTS)), _THE_CALLER)
        self._engine.advance_to(ends)

    def _waits(self, chance: Random, hours: float) -> None:
        self._engine.advance_to(self._engine.now + chance.expovariate(1 / hours) * _HOUR)
