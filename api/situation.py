"""The situation of the desk at one instant, for the incident manager (process.md S8, S10): what is late, what will be, in whose hands, and when nobody is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from activities.directory.attendance import is_absent
from api.figures.charts import Series, bars
from api.figures.presented import Column, Figure, Row, Unit, told
from api.queries.situation import Open, Rotas, Worker
from workflows.policies.book import Edition
from workflows.timekeeping import PROMISES
from workflows.vocabulary import Priority, Status

AT_RISK = timedelta(hours=1)
DAYS_ON_CALL = 14
# So many incidents are named; the queues have the rest.
NAMED = 10
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_AGES = (
    ("Under 4 h", 4 * _HOUR), ("4 to 24 h", _DAY), ("1 to 3 d", 3 * _DAY), ("3 to 7 d", 7 * _DAY), ("1 to 4 w", 28 * _DAY), ("Older", timedelta.max),
)  # fmt: skip


@dataclass(frozen=True)
class Load:
    """What one group or person has in hand."""

    id: str
    name: str
    open: int
    held: int
    nobodys: int
    at_risk: int
    breached: int
    oldest_at: datetime | None
    absent_until: datetime | None = None


@dataclass(frozen=True)
class OnCall:
    """One rota: who is called now, until when if that ends within the days looked at, and the gaps in them (from and to, UTC)."""

    rota: str
    zone: str
    person: str | None
    until: datetime | None
    gaps: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True)
class Situation:
    """Everything at one instant. ``at_risk`` and ``breached`` are due first in front."""

    open: Sequence[Open]
    at_risk: Sequence[Open]
    breached: Sequence[Open]
    matrix: Figure


def situation(found: Sequence[Open], rules: Edition, now: datetime) -> Situation:
    """Sorts what is open into late, at risk and well."""
    soon = horizons(rules, now)
    late = [each for each in found if each.promised_by and each.promised_by <= now]
    at_risk = [each for each in found if each.promised_by and now < each.promised_by <= soon[each.priority]]
    return Situation(found, at_risk, late, _matrix(found, late, now))


def horizons(rules: Edition, now: datetime) -> dict[str, datetime]:
    """Until when a promise of each priority must be due to be at risk: one hour of working time in the calendar of its clocks, so overnight too."""
    found = {}
    for priority in Priority:
        targets = [target for kind in PROMISES if (target := rules.service_levels.target(kind, priority))]
        found[priority.value] = max((rules.calendars[target.calendar].add(now, AT_RISK) for target in targets), default=now + AT_RISK)
    return found


def _matrix(found: Sequence[Open], late: Sequence[Open], now: datetime) -> Figure:
    rows = [Row(rank.value, _by_age([each for each in found if each.priority == rank], late, now)) for rank in Priority]
    shape = (*(Column(label, Unit.COUNT) for label, _ in _AGES), Column("Open", Unit.COUNT), Column("Breached", Unit.COUNT))
    drawn = (len(_AGES), len(_AGES) + 1)
    series = [Series(shape[place].name, [row.cells[place] for row in rows]) for place in drawn]
    chart = bars("open", "Open by priority", [row.label for row in rows], series, lambda value: told(value, Unit.COUNT))
    return Figure(
        "open", "Open by priority and age", "", "priority", shape, tuple(rows), Row("All", _by_age(found, late, now)), drawn, chart
    )


def _by_age(some: Sequence[Open], late: Sequence[Open], now: datetime) -> tuple[float | None, ...]:
    edges = [timedelta.min, *(oldest for _, oldest in _AGES)]
    ages = [now - each.reported_at for each in some]
    counts = [sum(youngest <= age < oldest for age in ages) for youngest, oldest in pairwise(edges)]
    numbers = {each.number for each in some}
    return (*counts, len(some), sum(each.number in numbers for each in late))


def loads_of_groups(found: Situation, names: Sequence[tuple[str, str]]) -> list[Load]:
    """What each group has in hand, the fullest first; also what stands in no group."""
    known = [*names, *((each, each) for each in sorted({one.group for one in found.open if one.group} - {name for name, _ in names}))]
    loads = [_load(found, name, label, [each for each in found.open if each.group == name]) for name, label in known]
    homeless = [each for each in found.open if each.group is None]
    return sorted([*loads, *([_load(found, "", "No group", homeless)] if homeless else [])], key=lambda load: -load.open)


def loads_of_people(found: Situation, working: Sequence[Worker], now: datetime) -> list[Load]:
    """What each agent has in hand, the fullest first; with whom they are away from, where they are."""
    return sorted(
        (
            _load(found, each.id, each.name, [one for one in found.open if one.person == each.id], _away_until(each, now))
            for each in working
        ),
        key=lambda load: -load.open,
    )


def _away_until(worker: Worker, now: datetime) -> datetime | None:
    return worker.absent_until if is_absent(worker.absent_from, worker.absent_until, now) else None


def _load(found: Situation, key: str, name: str, mine: Sequence[Open], absent_until: datetime | None = None) -> Load:
    numbers = {each.number for each in mine}
    return Load(
        id=key,
        name=name,
        open=len(mine),
        held=sum(each.status == Status.ON_HOLD for each in mine),
        nobodys=sum(each.person is None for each in mine),
        at_risk=sum(each.number in numbers for each in found.at_risk),
        breached=sum(each.number in numbers for each in found.breached),
        oldest_at=min((each.reported_at for each in mine), default=None),
        absent_until=absent_until,
    )


def on_call(rotas: Rotas, names: Mapping[str, str], now: datetime) -> list[OnCall]:
    """How each rota stands, and when nobody is on call in the next days."""
    found = []
    for rota in rotas.known:
        turns = rota.turns(now, now + timedelta(days=DAYS_ON_CALL), rotas.away)
        person = turns[0].person
        gaps = tuple((turn.start, turn.end) for turn in turns if turn.person is None)
        found.append(
            OnCall(rota.name, rota.zone, names.get(person, person) if person else None, turns[0].end if len(turns) > 1 else None, gaps)
        )
    return found
