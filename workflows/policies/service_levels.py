"""How long a response and a resolution may take, what stops the clock, and who is told when time runs out (process.md S6, S8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from workflows.calendars import Calendar
from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_a_list, must_be_known
from workflows.vocabulary import Audience, ClockKind, HoldReason, Priority


class PriorityChange(StrEnum):
    """What a new priority does to a clock that runs (S8)."""

    RETROACTIVE = "retroactive"  # the new budget counts from the old beginning
    CARRY = "carry"  # the time used so far is taken over as it was counted
    RESTART = "restart"  # the new budget counts from now


class Reopening(StrEnum):
    """What a reopening does to the resolution clock (S12)."""

    RESUME = "resume"
    RESTART = "restart"


@dataclass(frozen=True)
class Target:
    """A budget of working time in a calendar: as time, or as a number of that calendar's working days."""

    calendar: str
    time: timedelta | None = None
    working_days: float | None = None

    def __post_init__(self) -> None:
        if (self.time is None) == (self.working_days is None):
            raise ValueError(f"a target has either a time or a number of working days: {self}")
        if (self.time or timedelta(0)) <= timedelta(0) and (self.working_days or 0) <= 0:
            raise ValueError(f"a target must be more than nothing: {self}")

    def budget(self, calendar: Calendar) -> timedelta:
        """The budget as working time."""
        return self.time if self.time is not None else calendar.days(self.working_days or 0)


def within(calendar: str, *, hours: float = 0, minutes: float = 0) -> Target:
    """A target in hours and minutes of working time."""
    return Target(calendar, time=timedelta(hours=hours, minutes=minutes))


def within_days(calendar: str, days: float) -> Target:
    """A target in working days."""
    return Target(calendar, working_days=days)


@dataclass(frozen=True)
class ServiceLevels:
    """``tells`` maps a share of the budget, in percent, to who is told; 100 is the breach.

    ``internal`` are targets by support level (OLA), ``suppliers`` the groups that are vendors, ``supplier`` their target; what has no target is
    measured all the same, in ``holders_calendar``. A priority without a target has no clock. ``resolution_ends_at_closure`` counts until closed.
    """

    response: Mapping[Priority, Target]
    resolution: Mapping[Priority, Target]
    pauses: Mapping[ClockKind, frozenset[HoldReason]]
    tells: Mapping[int, tuple[Audience, ...]]
    priority_change: PriorityChange = PriorityChange.RETROACTIVE
    reopening: Reopening = Reopening.RESUME
    resolution_ends_at_closure: bool = False
    holders_calendar: str | None = None
    internal: Mapping[int, Target] = field(default_factory=dict)
    suppliers: frozenset[str] = frozenset()
    supplier: Target | None = None

    def __post_init__(self) -> None:
        must_be_known((*self.response, *self.resolution), tuple(Priority), "priority", "service levels")
        if wrong := [percent for percent in self.tells if not 0 < percent <= 100]:  # noqa: PLR2004 -- percent
            raise ValueError(f"a threshold is a share of the budget from 1 to 100 percent: {wrong}")
        for percent, readers in self.tells.items():
            must_be_a_list(readers, f"service levels, {percent} percent")
            must_be_known(readers, tuple(Audience), "reader", f"service levels, {percent} percent")

    @property
    def thresholds(self) -> tuple[int, ...]:
        """In percent, ascending."""
        return tuple(sorted(self.tells))

    def target(self, kind: ClockKind, priority: Priority) -> Target | None:
        """What is promised for a response or a resolution; none where nothing is."""
        return (self.response if kind is ClockKind.RESPONSE else self.resolution).get(priority)

    def pauses_for(self, kind: ClockKind, reason: HoldReason | None) -> bool:
        """Whether a hold for that reason stops such a clock."""
        return reason is not None and reason in self.pauses.get(kind, frozenset())

    def calendars_needed(self) -> set[str]:
        """The calendars its targets name."""
        targets = (
            *self.response.values(),
            *self.resolution.values(),
            *self.internal.values(),
            *((self.supplier,) if self.supplier else ()),
        )
        return {target.calendar for target in targets} | ({self.holders_calendar} if self.holders_calendar else set())


P1, P2, P3, P4, P5 = Priority

_FIRST = ServiceLevels(
    response={
        P1: within("always", minutes=15),
        P2: within("always", minutes=30),
        P3: within("office", hours=4),
        P4: within_days("office", 1),
        P5: within_days("office", 2),
    },
    resolution={
        P1: within("always", hours=4),
        P2: within("always", hours=8),
        P3: within_days("office", 3),
        P4: within_days("office", 5),
        P5: within_days("office", 10),
    },
    # A hold never stops the response clock: holding is not answering (S6).
    pauses={
        ClockKind.RESOLUTION: frozenset({HoldReason.CALLER}),
        ClockKind.INTERNAL: frozenset({HoldReason.CALLER, HoldReason.VENDOR}),
    },
    tells={
        50: (Audience.ASSIGNEE,),
        75: (Audience.ASSIGNEE, Audience.GROUP_LEAD),
        100: (Audience.ASSIGNEE, Audience.GROUP_LEAD, Audience.INCIDENT_MANAGER),
    },
    holders_calendar="office",
    suppliers=frozenset({"hardware-vendor", "software-vendor", "network-carrier"}),
)

EDITIONS = (
    Dated(
        valid_from=date(2026, 1, 1),
        rule=_FIRST,
        reference="process.md S6, S8",
    ),
)
