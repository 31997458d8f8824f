"""On-call rotas: who is on call at an instant, and when nobody is (process.md S5, S7, S10). Pure and exact over clock changes.

Instants are aware; those that come out are UTC. Handovers and hours are told by the wall clock of the rota's IANA zone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise, takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo

from workflows.calendars import END_OF_DAY, Calendar, Span, Weekday, every_day

LONGEST_TURN = 366

_DAY = timedelta(days=1)


class Turn(NamedTuple):
    """From ``start`` (UTC, included) to ``end`` (UTC, not included) this person is on call, or nobody."""

    start: datetime
    end: datetime
    person: str | None


@dataclass(frozen=True)
class Absences:
    """Until when (UTC) people are away (S5), and since when if not since ever; who is not named is there. Can be asked like a function."""

    until: Mapping[str, datetime] = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)

    def __call__(self, person: str, at: datetime) -> bool:
        """Whether the person is away at that instant."""
        return person in self.until and at < self.until[person] and (person not in self.since or self.since[person] <= at)


NOBODY_IS_ABSENT = Absences()


@dataclass(frozen=True)
class Override:
    """One person instead of everybody in the layers, from ``start`` to ``end`` (UTC, end not included)."""

    person: str
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"an override must end after it begins: {self.start:%Y-%m-%dT%H:%M%z} to {self.end:%Y-%m-%dT%H:%M%z}")


@dataclass(frozen=True)
class Layer:
    """People who take turns, in this order and again from the first.

    ``starts`` is the first handover as local date and time without zone; before it the layer has nobody. A turn lasts ``turn_days`` days of the wall
    clock, so that every handover is at the same time of day. A time that a clock change skips comes as much later as the clock jumped; of one that
    comes twice the first counts. ``hours`` restricts the layer to spans of weekdays; a night is two spans, one to 24:00 and one from 00:00.
    """

    people: tuple[str, ...]
    starts: datetime
    turn_days: int
    hours: Mapping[Weekday, tuple[Span, ...]] = field(default_factory=lambda: every_day("00:00-24:00"))

    def __post_init__(self) -> None:
        if not self.people:
            raise ValueError("a layer needs at least one person")
        if not 1 <= self.turn_days <= LONGEST_TURN:
            raise ValueError(f"a turn lasts from 1 to {LONGEST_TURN} days, not {self.turn_days}")
        if self.starts.tzinfo is not None:
            raise ValueError("the first handover is a time of the wall clock, without offset")
        self.open_hours("UTC")

    def open_hours(self, zone: str) -> Calendar:
        """The hours as a calendar of that zone. ValueError where spans overlap or none is left."""
        return Calendar("hours of a layer", zone, self.hours, END_OF_DAY)

    def person_at(self, at: datetime, zone: ZoneInfo) -> str | None:
        """Whose turn it is at an instant (UTC), whatever the hours."""
        turn = self._turn_at(at, zone)
        return self.people[turn % len(self.people)] if turn >= 0 else None

    def handovers(self, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """All handovers after ``start`` and before ``end``, UTC, in order."""
        turn = max(self._turn_at(start, zone) + 1, 0)
        while (at := self._handover(turn, zone)) < end:
            yield at
            turn += 1

    def _turn_at(self, at: datetime, zone: ZoneInfo) -> int:
        """The number of the turn; negative before the first."""
        turn = (at.astimezone(zone).replace(tzinfo=None) - self.starts) // timedelta(days=self.turn_days)
        # In an hour that a clock change repeats or moves, the wall clock alone can name the turn beside it.
        while self._handover(turn + 1, zone) <= at:
            turn += 1
        while self._handover(turn, zone) > at:
            turn -= 1
        return turn

    def _handover(self, turn: int, zone: ZoneInfo) -> datetime:
        return (self.starts + timedelta(days=turn * self.turn_days)).replace(tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True)
class Rota:
    """Layers from the lowest to the highest, and overrides that stand over all of them.

    On call is whoever the highest layer names; of overrides that meet, the last one counts. Who is absent is passed over to the next lower one.
    """

    name: str
    zone: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()

    def on_call(self, at: datetime, absent: Callable[[str, datetime], bool] = NOBODY_IS_ABSENT) -> str | None:
        """The person on call at an aware instant, or nobody (S10). ValueError for an instant without zone."""
        instant = _utc(at)
        return next((person for person in self._named(instant) if not absent(person, instant)), None)

    def turns(self, start: datetime, end: datetime, absent: Absences = NOBODY_IS_ABSENT) -> list[Turn]:
        """Who is on call from ``start`` to ``end``, without hole or overlap; neighbours differ. Absences name their ends, so the turns are exact."""
        found: list[Turn] = []
        for begins, ends in pairwise(self._edges(_utc(start), _utc(end), absent)):
            person = self.on_call(begins, absent)
            if found and found[-1].person == person:
                found[-1] = found[-1]._replace(end=ends)
            else:
                found.append(Turn(begins, ends, person))
        return found

    def gaps(self, start: datetime, end: datetime, absent: Absences = NOBODY_IS_ABSENT) -> list[tuple[datetime, datetime]]:
        """When nobody is on call between two instants: from and to, UTC."""
        return [(turn.start, turn.end) for turn in self.turns(start, end, absent) if turn.person is None]

    @property
    def people(self) -> frozenset[str]:
        """Everybody a layer or an override names."""
        return frozenset(person for layer in self.layers for person in layer.people) | {each.person for each in self.overrides}

    @cached_property
    def _tzinfo(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _hours(self) -> tuple[Calendar, ...]:
        return tuple(layer.open_hours(self.zone) for layer in self.layers)

    def _named(self, at: datetime) -> Iterator[str]:
        """Everybody who is named at that instant, the highest first."""
        yield from (each.person for each in reversed(self.overrides) if each.start <= at < each.end)
        for layer, hours in zip(reversed(self.layers), reversed(self._hours), strict=True):
            person = layer.person_at(at, self._tzinfo) if hours.is_open(at) else None
            if person is not None:
                yield person

    def _edges(self, start: datetime, end: datetime, absent: Absences) -> list[datetime]:
        """Both ends, and between them every instant at which somebody else can come on call; nothing for a reversed period."""
        found = (
            {edge for each in self.overrides for edge in (each.start, each.end)} | set(absent.until.values()) | set(absent.since.values())
        )
        for layer, hours in zip(self.layers, self._hours, strict=True):
            found |= set(layer.handovers(start, end, self._tzinfo))
            # A day more: the spans of a day on which the clock changes can be out of order.
            for span in takewhile(lambda span: span[0] < end + _DAY, hours.open_from(start)):
                found |= set(span)
        return [start, *sorted(edge.astimezone(UTC) for edge in found if start < edge < end), end] if start < end else []


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return instant.astimezone(UTC)
