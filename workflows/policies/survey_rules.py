"""Who is asked how it went, when, and how often (process.md S13). No answer is no score."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.policies.dated import Dated
from workflows.vocabulary import Kind, Major, Priority

_SHARES = 10_000


@dataclass(frozen=True)
class Cap:
    """At most so many surveys to one person within so long. One that ``spares_always_asked`` holds back only those drawn by lot."""

    within: timedelta
    most: int
    spares_always_asked: bool = False


@dataclass(frozen=True)
class SurveyRules:
    """``percent`` of the incidents of these ``kinds`` are drawn by lot; grave and reopened ones are asked about without a draw.

    ``delay`` counts from closure, ``reminder_after_days`` in working days of ``calendar`` and ``expires_after`` from the moment of asking,
    ``change_of_mind`` from the first answer.
    """

    kinds: frozenset[Kind]
    percent: float
    delay: timedelta
    calendar: str
    reminder_after_days: float | None
    expires_after: timedelta
    change_of_mind: timedelta
    always_asked: frozenset[Priority] = frozenset()
    reopened_is_always_asked: bool = False
    major_is_always_asked: bool = False
    caps: tuple[Cap, ...] = ()
    low_score: int = 0
    seed: str = "holdfast"

    def is_drawn(self, number: str) -> bool:
        """The lot of an incident: the same whenever it is drawn, whatever the other incidents do."""
        lot = int.from_bytes(hashlib.sha256(f"{self.seed}:{number}".encode()).digest()[:8], "big") % _SHARES
        return lot < self.percent * _SHARES / 100

    def always_asks(self, priority: Priority, major: Major, reopen_count: int) -> bool:
        """Whether no lot is drawn for such an incident."""
        return (
            priority in self.always_asked
            or (self.reopened_is_always_asked and reopen_count > 0)
            or (self.major_is_always_asked and major is not Major.NO)
        )

    def caps_on(self, *, always_asked: bool) -> tuple[Cap, ...]:
        """The caps that bind an incident of that sort."""
        return tuple(cap for cap in self.caps if not (always_asked and cap.spares_always_asked))


NOBODY_IS_ASKED = SurveyRules(
    kinds=frozenset(),
    percent=0,
    delay=timedelta(0),
    calendar="always",
    reminder_after_days=None,
    expires_after=timedelta(0),
    change_of_mind=timedelta(0),
)

EDITIONS = (
    Dated(valid_from=date(2026, 1, 1), rule=NOBODY_IS_ASKED, reference="before there were surveys"),
    Dated(
        valid_from=date(2026, 11, 25),
        rule=SurveyRules(
            kinds=frozenset({Kind.INCIDENT, Kind.TECHNICAL_INCIDENT}),
            percent=50,
            delay=timedelta(hours=1),
            calendar="office",
            reminder_after_days=3,
            expires_after=timedelta(days=14),
            change_of_mind=timedelta(hours=24),
            always_asked=frozenset({Priority.P1, Priority.P2}),
            reopened_is_always_asked=True,
            major_is_always_asked=True,
            caps=(Cap(timedelta(days=14), most=1, spares_always_asked=True), Cap(timedelta(days=30), most=3)),
            low_score=2,
            seed="2026-11-25",
        ),
        reference="process.md S13",
    ),
)
