"""Who is asked how it went, when, and how often (process.md S13). No answer is no score."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_a_list, must_be_known
from workflows.vocabulary import Kind, Major, Priority

_SHARES = 10_000
BEST_SCORE = 5


@dataclass(frozen=True)
class Cap:
    """At most so many surveys to one person within so long. One that ``spares_always_asked`` holds back only those drawn by lot."""

    within: timedelta
    most: int
    spares_always_asked: bool = False

    def __post_init__(self) -> None:
        if self.within <= timedelta(0) or self.most < 0:
            raise ValueError("survey rules: a cap says how many surveys within how long: most is 0 or more, within is more than nothing.")


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

    def __post_init__(self) -> None:
        must_be_known(self.kinds, tuple(Kind), "kind of incident", "survey rules")
        must_be_known(self.always_asked, tuple(Priority), "priority", "survey rules, always asked")
        must_be_a_list(self.caps, "survey rules, caps")
        if not 0 <= self.percent <= 100:  # noqa: PLR2004 -- percent
            raise ValueError(f"survey rules: percent is a share of the incidents from 0 to 100; it is {self.percent:g}.")
        if not 0 <= self.low_score <= BEST_SCORE:
            raise ValueError(f"survey rules: a low score is from 1 to {BEST_SCORE}, or 0 where none is low; it is {self.low_score}.")
        if self.asks_anybody:
            self._check_times()

    def _check_times(self) -> None:
        """Whoever is asked has time to answer, and is reminded within it."""
        if min(self.delay, self.change_of_mind) < timedelta(0) or self.expires_after <= timedelta(0):
            raise ValueError("survey rules: delay and change_of_mind cannot be less than nothing, and expires_after is more than nothing.")
        if self.reminder_after_days is not None and not timedelta(0) < timedelta(days=self.reminder_after_days) <= self.expires_after:
            days = self.expires_after / timedelta(days=1)
            raise ValueError(
                f"survey rules: a reminder after {self.reminder_after_days:g} days does not come within the {days:g} days to answer."
            )

    @property
    def asks_anybody(self) -> bool:
        """Whether there is any incident about which somebody is asked."""
        is_picked = self.percent > 0 or self.always_asked or self.reopened_is_always_asked or self.major_is_always_asked
        return bool(self.kinds and is_picked)

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
