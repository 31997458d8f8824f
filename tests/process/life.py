"""The life of one incident in the pure half: people speak, time passes, no Temporal needed."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import count

from workflows import intake as first_steps
from workflows.alerts import go_past_the_unreached
from workflows.deadlines import carry_out, suspend_closure
from workflows.decisions import receive
from workflows.messages import Actor, Intake, Message, Report, Sent
from workflows.policies.book import book
from workflows.publication import Event, Outcome, Publication, Published, Snapshot, Unreached
from workflows.record import Incident
from workflows.vocabulary import ActorKind, Audience, EventKind, LetterName, Role

CARLA = Actor(ActorKind.PERSON, "carla", (Role.CALLER,))
ASHA = Actor(ActorKind.PERSON, "asha", (Role.CALLER, Role.AGENT), ("service-desk",))
NOAH = Actor(ActorKind.PERSON, "noah", (Role.CALLER, Role.AGENT), ("network",))
INES = Actor(ActorKind.PERSON, "ines", (Role.CALLER, Role.INCIDENT_MANAGER))
PAVEL = Actor(ActorKind.PERSON, "pavel", (Role.CALLER, Role.PROCESS_OWNER))
STRANGER = Actor(ActorKind.PERSON, "stan", (Role.CALLER,))

TUESDAY = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # 10:00 in the office


class Life:
    """Speaks to an incident and looks at what became of it."""

    def __init__(
        self,
        report: Report | None = None,
        reporter: Actor = CARLA,
        at: datetime = TUESDAY,
        number: str = "INC-1001-2",
        edition: str | None = None,
    ) -> None:
        self.now, self._ids = at, count(1)
        told = report or Report("Printer on floor 3 is jammed", category="printing")
        self.intake = Intake(number, told, reporter, at, at, edition or book().name_of_edition(at))
        self.incident = Incident.reported(self.intake)
        for step in (first_steps.log, first_steps.categorise, first_steps.prioritise):
            step(self.incident, self.intake)

    @property
    def facts(self) -> Snapshot:
        """The present facts."""
        return self.incident.facts

    def says(self, who: Actor, message: Message, command_id: str | None = None, sent_at: datetime | None = None) -> Outcome:
        """One message, applied now; the answer to it."""
        name = command_id or f"c{next(self._ids)}"
        receive(self.incident, Sent(name, who, sent_at or self.now, message), self.now)
        carry_out(self.incident, self.now)
        return self.incident.outcomes[name]

    def passes(self, span: timedelta) -> "Life":
        """Time goes by; what falls due happens at its time, as with a worker that is always there."""
        end = self.now + span
        while (due := self.incident.next_deadline) is not None and due <= end:
            self.now = max(self.now, due)
            carry_out(self.incident, self.now)
        self.now = end
        return self

    def is_answered(self, publication: Publication, away: Collection[Audience] = ()) -> "Life":
        """The record has written that, and the directory knew nobody for the audiences that are away."""
        missed = tuple(Unreached(owed.letter, owed.to, owed.cause) for owed in publication.letters if owed.to in away)
        return self.takes_note(publication, Published(publication.up_to, missed))

    def takes_note(self, publication: Publication, answer: Published) -> "Life":
        """What the record answered to that, as the workflow takes it."""
        self.incident.published(answer, self.now)
        suspend_closure(self.incident, answer.unreached, self.now)
        go_past_the_unreached(self.incident, publication.letters, answer.unreached, self.now)
        carry_out(self.incident, self.now)
        return self

    def sleeps(self, span: timedelta) -> "Life":
        """Time goes by while no worker runs; everything due happens at once when it is back."""
        self.now += span
        carry_out(self.incident, self.now)
        return self

    def publishes(self) -> "Life":
        """The record takes everything."""
        while self.incident.is_ahead_of_record:
            self.incident.published(Published(self.incident.publication().up_to), self.now)
        return self

    def publishes_until_it_fits(self) -> "Life":
        """The record takes what a run publishes before it may hand over."""
        while not self.incident.fits_into_a_hand_over:
            self.incident.published(Published(self.incident.publication().up_to), self.now)
        return self

    def events(self, kind: EventKind) -> list[Event]:
        """The events of one kind so far."""
        return [event for event in self.incident.events if event.kind is kind]

    def letters(self) -> list[LetterName]:
        """The letters owed so far."""
        return [owed.letter for owed in self.incident.letters]
