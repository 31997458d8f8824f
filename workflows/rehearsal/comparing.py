"""Two rehearsals of the same recordings side by side: sums, and the incidents whose fate differs. Plain values in, plain values out."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median, quantiles
from typing import Any

from workflows.rehearsal.fates import HOURS_OF_A_DAY, Fate

Sums = dict[str, Any]

ASSUMPTIONS = (
    "What people did is taken from the recording, at the recorded time: nobody acts sooner because a letter reached them sooner.",
    "Whoever did something was allowed to; permissions are not rehearsed.",
    "Free texts are not taken over; wherever the process needs one, a stand-in is used.",
    "The directory is away: every letter finds its reader, a group picks nobody, and readers are named by the part they play.",
    "Each process is the one in force on its newest day, for all incidents alike, or the edition that was named.",
    "Everybody who is drawn for a survey is asked, and answers only where the recording has an answer: caps and quiet periods per person are not rehearsed.",
    "After the last recorded word sixty days go by, so that everything that falls due by itself can happen.",
)


def compared(current: Mapping[str, Fate], changed: Mapping[str, Fate]) -> Sums:
    """The whole comparison, of incidents by number."""
    differing = [
        {"number": number, "differs": differences}
        for number in current
        if (differences := _differences(current[number].as_compared, changed[number].as_compared))
    ]
    return {
        "incidents": len(current),
        "current": summed(current.values()),
        "changed": summed(changed.values()),
        "differing": differing,
        "assumptions": list(ASSUMPTIONS),
    }


def summed(fates: Iterable[Fate]) -> Sums:
    """One process in figures."""
    found = list(fates)
    return {
        "breaches": _added(fate.breaches for fate in found),
        "incidents_breached": sum(bool(fate.breaches) for fate in found),
        "clocks": _clock_states(found),
        "lateness": _lateness(found),
        "letters": _added(fate.letters for fate in found),
        "letters_by_reader": _by_reader(found),
        "escalations": _added(fate.escalations for fate in found),
        "surveys": _added(fate.surveys for fate in found),
        "closures": dict(Counter(fate.closing for fate in found).most_common()),
        "priorities": dict(sorted(Counter(fate.priority for fate in found).items())),
        "reopenings": sum(fate.reopenings for fate in found),
        "hours": {
            name: [sum(fate.hours[name][hour] for fate in found) for hour in range(HOURS_OF_A_DAY)]
            for name in ("acts of people", "letters to the desk")
        },
        "refused": _added(fate.refused for fate in found),
        "exchanged": _added(fate.exchanged for fate in found),
        "left_out": _added(fate.left_out for fate in found),
    }


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return {name: number for name, number in total.most_common() if number}


def _clock_states(fates: Sequence[Fate]) -> dict[str, dict[str, int]]:
    states: dict[str, Counter[str]] = {}
    for fate in fates:
        for name, state in fate.clocks.items():
            states.setdefault(_kind(name), Counter())[state] += 1
    return {kind: dict(sorted(count.items())) for kind, count in sorted(states.items())}


def _lateness(fates: Sequence[Fate]) -> dict[str, dict[str, float]]:
    """Working hours beyond the budget, by kind of clock: how many were late, mean, median, nine in ten at most, longest."""
    late: dict[str, list[float]] = {}
    for fate in fates:
        for name, seconds in fate.late.items():
            late.setdefault(_kind(name), []).append(seconds / 3600)
    return {kind: {name: round(measure(hours), 2) for name, measure in _MEASURES.items()} for kind, hours in sorted(late.items())}


def _ninth_of_ten(hours: Sequence[float]) -> float:
    return quantiles(hours, n=10, method="inclusive")[-1] if len(hours) > 1 else hours[0]


_MEASURES: dict[str, Callable[[Sequence[float]], float]] = {
    "count": len,
    "mean": lambda hours: sum(hours) / len(hours),
    "median": median,
    "p90": _ninth_of_ten,
    "max": max,
}


def _kind(clock: str) -> str:
    return clock.partition(":")[0]


def _by_reader(fates: Sequence[Fate]) -> dict[str, dict[str, int]]:
    readers: dict[str, Counter[str]] = {}
    for fate in fates:
        for reader, letters in fate.to_whom.items():
            readers.setdefault(reader, Counter()).update(letters)
    return {reader: dict(sorted(letters.items())) for reader, letters in sorted(readers.items())}


# what differs


def _differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    return [
        sentence
        for name in ours
        if ours[name] != theirs[name] and name in _TOLD
        for sentence in _TOLD[name](name, ours[name], theirs[name])
    ] or ([] if ours == theirs else ["the hour of a letter or an act"])


def _value(name: str, ours: Any, theirs: Any) -> list[str]:
    return [f"{name.replace('_', ' ')}: {ours or 'never'} -> {theirs or 'never'}"]


def _clocks(_: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return [f"{name} clock: {ours.get(name, 'none')} -> {theirs.get(name, 'none')}" for name in names]


def _hours_late(_: str, ours: Mapping[str, int], theirs: Mapping[str, int]) -> list[str]:
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return [f"{name} late by {ours.get(name, 0) / 3600:.1f} h -> {theirs.get(name, 0) / 3600:.1f} h" for name in names]


def _counts(what: str, ours: Mapping[str, int], theirs: Mapping[str, int]) -> list[str]:
    names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    return [f"{what}, {name.replace('_', ' ')}: {ours.get(name, 0)} -> {theirs.get(name, 0)}" for name in names]


def _readers(_: str, ours: Mapping[str, Mapping[str, int]], theirs: Mapping[str, Mapping[str, int]]) -> list[str]:
    totals = [{reader: sum(letters.values()) for reader, letters in side.items()} for side in (ours, theirs)]
    return _counts("letters to", *totals)


_TOLD: dict[str, Callable[[str, Any, Any], list[str]]] = {
    "priority": _value,
    "status": _value,
    "closing": _value,
    "resolved_at": _value,
    "closed_at": _value,
    "reopenings": _value,
    "clocks": _clocks,
    "breaches": _counts,
    "late": _hours_late,
    "escalations": _counts,
    "surveys": _counts,
    "letters": _counts,
    "to_whom": _readers,
    "refused": _counts,
}
