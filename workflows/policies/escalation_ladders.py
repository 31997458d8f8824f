"""Who is called when nobody takes care of an incident, in which order, and who in the end (process.md S10)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_known
from workflows.vocabulary import Audience, LetterName, Priority

_NEEDS_A_NAME = frozenset({Audience.ON_CALL, Audience.NAMED_PERSON})
_MAY_BE_CALLED = _NEEDS_A_NAME | {Audience.ASSIGNEE, Audience.GROUP, Audience.GROUP_LEAD, Audience.INCIDENT_MANAGER}


@dataclass(frozen=True)
class Step:
    """Whom to call, ``after`` the beginning of a round. ``who`` names the rota or the person where ``to`` needs a name.

    ``only_during`` names a calendar: outside its hours the step is left out. Once somebody has acknowledged, no step is taken any more.
    """

    after: timedelta
    to: Audience
    who: str | None = None
    letter: LetterName = LetterName.ESCALATION
    only_during: str | None = None
    only_for: frozenset[Priority] = frozenset()

    def __post_init__(self) -> None:
        must_be_known([self.letter], tuple(LetterName), "letter", "a step of a ladder")
        if self.to not in _MAY_BE_CALLED:
            raise ValueError(
                f"a ladder cannot call {self.to.value!r}; it can call: {', '.join(sorted(each.value for each in _MAY_BE_CALLED))}"
            )
        if (self.to in _NEEDS_A_NAME) != (self.who is not None):
            raise ValueError(f"a step to {self.to.value!r} {'needs' if self.to in _NEEDS_A_NAME else 'takes no'} who=...")


@dataclass(frozen=True)
class Ladder:
    """Steps in order, repeated ``rounds`` times with ``repeat_after`` between them, then the fallback owner.

    It begins when the incident gets one of its priorities and stops when somebody acknowledges. ``silence_after_acknowledgement``: so long without
    a word of the desk and it begins again; none: never.
    """

    name: str
    priorities: frozenset[Priority]
    steps: tuple[Step, ...]
    rounds: int = 3
    repeat_after: timedelta = timedelta(minutes=30)
    silence_after_acknowledgement: timedelta | None = None

    def __post_init__(self) -> None:
        afters = [step.after for step in self.steps]
        if not self.priorities:
            raise ValueError(f"ladder {self.name!r}: name the priorities that climb it; without any nobody ever does.")
        must_be_known(self.priorities, tuple(Priority), "priority", f"ladder {self.name!r}")
        if not self.steps or afters != sorted(afters) or min(afters) < timedelta(0):
            raise ValueError(f"ladder {self.name!r}: give at least one step, each after the one before it")
        if not 1 <= self.rounds <= 10:  # noqa: PLR2004 -- more is a siren, not an escalation
            raise ValueError(f"ladder {self.name!r}: rounds must be from 1 to 10, then the fallback owner is told")
        if self.repeat_after < timedelta(minutes=1) or (self.silence_after_acknowledgement or self.repeat_after) < timedelta(minutes=1):
            raise ValueError(f"ladder {self.name!r}: give people at least a minute before it begins again")


@dataclass(frozen=True)
class EscalationLadders:
    """The desk's ladders; the first with the incident's priority is climbed. ``reopening``: who is told of the second, third ... reopening.

    ``fallback_owner`` is a person's id. Should they be away or without an address, the incident managers are told, else the administrators, else everybody:
    an escalation never ends in silence.

    ``hold_is_an_answer``: a hold keeps a ladder quiet; otherwise only one that somebody has acknowledged.
    """

    ladders: tuple[Ladder, ...]
    fallback_owner: str
    reopening: Mapping[int, Audience]
    hold_is_an_answer: bool = True

    def __post_init__(self) -> None:
        names = [ladder.name for ladder in self.ladders]
        if len(set(names)) < len(names):
            raise ValueError(f"two ladders have the same name: {names}")
        taken = [priority for ladder in self.ladders for priority in ladder.priorities]
        if twice := sorted({priority.value for priority in taken if taken.count(priority) > 1}):
            raise ValueError(f"two ladders are for {twice[0]}, and only the first would ever be climbed: give each priority one ladder.")
        must_be_known(self.reopening.values(), tuple(Audience), "reader", "escalation ladders, reopening")
        if not self.fallback_owner.strip():
            raise ValueError("escalation ladders need a fallback owner: the person who is told when nobody else is reached")

    def ladder_for(self, priority: Priority) -> Ladder | None:
        """The ladder an incident of that priority climbs, if any."""
        return next((ladder for ladder in self.ladders if priority in ladder.priorities), None)

    def ladder(self, name: str) -> Ladder | None:
        """The ladder of that name."""
        return next((ladder for ladder in self.ladders if ladder.name == name), None)

    def told_of_reopening(self, count: int) -> Audience | None:
        """Who is told of that reopening; later ones go to the last named."""
        named = [number for number in self.reopening if number <= count]
        return self.reopening[max(named)] if named else None


P1, P2, P3, P4, P5 = Priority

_FIRST = EscalationLadders(
    ladders=(
        Ladder(
            name="urgent",
            priorities=frozenset({P1}),
            steps=(
                Step(timedelta(minutes=5), Audience.GROUP),
                Step(timedelta(minutes=10), Audience.ON_CALL, "major-incidents"),
                Step(timedelta(minutes=15), Audience.GROUP_LEAD),
                Step(timedelta(minutes=30), Audience.INCIDENT_MANAGER),
            ),
            repeat_after=timedelta(minutes=15),
            silence_after_acknowledgement=timedelta(hours=1),
        ),
        Ladder(
            name="important",
            priorities=frozenset({P2}),
            steps=(
                Step(timedelta(minutes=20), Audience.GROUP),
                Step(timedelta(minutes=40), Audience.GROUP_LEAD),
                Step(timedelta(minutes=60), Audience.INCIDENT_MANAGER),
            ),
        ),
    ),
    fallback_owner="ines",
    reopening={2: Audience.GROUP_LEAD, 3: Audience.INCIDENT_MANAGER},
)

EDITIONS = (
    Dated(valid_from=date(2026, 1, 1), rule=_FIRST, reference="process.md S10, S12"),
    Dated(
        valid_from=date(2026, 11, 26),
        rule=replace(_FIRST, hold_is_an_answer=False),
        reference="process.md S6, S10: holding does not count as a response",
    ),
)
