"""On-call rotas (process.md S5, S7, S10)."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.directory.on_call import Absences, Layer, Override, Rota
from workflows.calendars import Span, Weekday, every_day, workdays

PEOPLE = ("asha", "deniz", "noah", "mei")
ZONES = ["Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

people = st.sampled_from(PEOPLE)
# Quarters of an hour around the year's clock changes and far from them.
instants = st.one_of(
    st.integers(0, 365 * 96),
    *(st.integers(day * 96, (day + 3) * 96) for day in (66, 86, 93, 275, 296, 304)),
).map(lambda quarters: NEW_YEAR + timedelta(minutes=15 * quarters))
spans = st.lists(st.integers(0, 48), min_size=2, max_size=6, unique=True).map(
    lambda halves: tuple(
        Span(timedelta(minutes=30 * start), timedelta(minutes=30 * end))
        for start, end in zip(sorted(halves)[::2], sorted(halves)[1::2], strict=False)
    )
)
hours = st.one_of(st.just(every_day("00:00-24:00")), st.dictionaries(st.sampled_from(Weekday), spans, min_size=1))
starts = st.builds(
    lambda day, halves: datetime.combine(day, time()) + timedelta(minutes=30 * halves),
    st.dates(date(2025, 12, 1), date(2026, 12, 1)),
    st.integers(0, 47),
)
layers = st.builds(Layer, st.lists(people, min_size=1, max_size=4).map(tuple), starts, st.integers(1, 15), hours)
overrides = st.builds(
    lambda person, start, length: Override(person, start, start + length),
    people,
    instants,
    st.timedeltas(timedelta(minutes=1), timedelta(9)),
)
rotas = st.builds(
    Rota,
    st.just("any"),
    st.sampled_from(ZONES),
    st.lists(layers, max_size=3).map(tuple),
    st.lists(overrides, max_size=3).map(tuple),
)
absences = st.dictionaries(people, instants, max_size=3).map(Absences)
lengths = st.timedeltas(timedelta(minutes=1), timedelta(days=40))
fractions = st.fractions(0, 1)


def _wall(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute))


def _in_amsterdam(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), AMSTERDAM)


@given(rotas, absences, instants, lengths)
def test_turns_cover_the_period(rota: Rota, absent: Absences, start: datetime, length: timedelta) -> None:
    """Turns begin where the period begins, follow each other without overlap or hole, and end where it ends; neighbours differ."""
    turns = rota.turns(start, start + length, absent)
    assert (turns[0].start, turns[-1].end) == (start, start + length)
    assert all(turn.start < turn.end for turn in turns)
    for one, next_one in pairwise(turns):
        assert one.end == next_one.start
        assert one.person != next_one.person


@given(rotas, absences, instants, lengths, fractions)
def test_any_instant_agrees_with_its_turn(rota: Rota, absent: Absences, start: datetime, length: timedelta, part: float) -> None:
    """Who is on call at an instant is who has the turn it lies in."""
    at = min(start + length * float(part), start + length - timedelta(microseconds=1))
    turn = next(turn for turn in rota.turns(start, start + length, absent) if turn.start <= at < turn.end)
    assert rota.on_call(at, absent) == turn.person


@given(rotas, absences, instants, lengths)
def test_gaps_are_the_turns_of_nobody(rota: Rota, absent: Absences, start: datetime, length: timedelta) -> None:
    """A gap is a turn without a person, and every such turn is a gap."""
    turns = rota.turns(start, start + length, absent)
    assert rota.gaps(start, start + length, absent) == [(turn.start, turn.end) for turn in turns if turn.person is None]


@given(rotas, overrides, fractions)
def test_an_override_always_wins(rota: Rota, override: Override, part: float) -> None:
    """Whatever the layers and earlier overrides say, the last override counts while it lasts."""
    overridden = Rota(rota.name, rota.zone, rota.layers, (*rota.overrides, override))
    assert {turn.person for turn in overridden.turns(override.start, override.end)} == {override.person}
    at = override.start + (override.end - override.start) * float(part) - timedelta(microseconds=1)
    assert at < override.start or overridden.on_call(at) == override.person


@given(rotas, absences, instants)
def test_nobody_absent_is_called(rota: Rota, absent: Absences, at: datetime) -> None:
    """Whoever is on call is there; if nobody is, then everybody who could have been is away."""
    person = rota.on_call(at, absent)
    assert person is None or not absent(person, at)
    assert person is not None or rota.on_call(at) is None or absent(str(rota.on_call(at)), at)


@given(st.sampled_from(ZONES), starts.filter(lambda first: first.hour >= 4), st.integers(1, 15), instants)
def test_handovers_keep_their_wall_clock_time(zone: str, first: datetime, days: int, start: datetime) -> None:
    """Over clock changes every handover is at the same local time of day, a whole number of turns after the first."""
    rota = Rota("weekly", zone, (Layer(("asha", "deniz"), first, days),))
    for turn in rota.turns(start, start + timedelta(days=60))[1:]:
        local = turn.start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert local.time() == first.time()
        assert (local - first) % timedelta(days=days) == timedelta(0)


@pytest.mark.parametrize(("change", "hours"), [(date(2026, 3, 29), 167), (date(2026, 10, 25), 169), (date(2026, 6, 7), 168)])
def test_a_week_is_as_long_as_it_is(change: date, hours: int) -> None:
    """The week with a clock change has an hour less or more (S7)."""
    monday = change - timedelta(days=6)
    rota = Rota("weekly", "Europe/Amsterdam", (Layer(("asha", "deniz"), _wall(monday, 9), 7),))
    first, second = rota.turns(_in_amsterdam(monday, 9), _in_amsterdam(monday + timedelta(days=8), 9))
    assert (first.person, second.person) == ("asha", "deniz")
    assert first.end - first.start == timedelta(hours=hours)


def test_a_handover_in_the_skipped_hour_still_happens() -> None:
    """At 02:30 of a day on which the clock jumps from 02:00 to 03:00, the handover is at 03:30."""
    rota = Rota("daily", "Europe/Amsterdam", (Layer(("asha", "deniz"), _wall(date(2026, 3, 28), 2, 30), 1),))
    assert rota.turns(_in_amsterdam(date(2026, 3, 28), 12), _in_amsterdam(date(2026, 3, 29), 12))[1].start == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_a_handover_in_the_repeated_hour_happens_once() -> None:
    """At 02:30 of a day on which that comes twice, the first one counts."""
    rota = Rota("daily", "Europe/Amsterdam", (Layer(("asha", "deniz"), _wall(date(2026, 10, 24), 2, 30), 1),))
    turns = rota.turns(_in_amsterdam(date(2026, 10, 24), 12), _in_amsterdam(date(2026, 10, 25), 12))
    assert [(turn.person, turn.start.hour, turn.start.minute) for turn in turns] == [("asha", 10, 0), ("deniz", 0, 30)]


def test_the_night_stands_over_the_day() -> None:
    """Inside its hours the later layer is on call, outside them the earlier one."""
    monday = date(2026, 11, 23)
    night = every_day("00:00-08:00", "20:00-24:00")
    rota = Rota("desk", "Europe/Amsterdam", (Layer(("asha",), _wall(monday, 9), 7), Layer(("mei",), _wall(monday, 9), 7, night)))
    turns = rota.turns(_in_amsterdam(monday, 12), _in_amsterdam(date(2026, 11, 24), 12))
    assert [(turn.person, turn.start.astimezone(AMSTERDAM).hour) for turn in turns] == [("asha", 12), ("mei", 20), ("asha", 8)]


def test_who_is_absent_is_passed_over_to_the_next_lower_layer() -> None:
    """An absent override falls to the highest layer, an absent layer to the one below, and with nobody left there is nobody."""
    monday = date(2026, 11, 23)
    noon = _in_amsterdam(monday, 12).astimezone(UTC)
    layers = (Layer(("asha",), _wall(monday, 9), 7), Layer(("mei",), _wall(monday, 9), 7))
    rota = Rota("desk", "Europe/Amsterdam", layers, (Override("noah", noon, noon + timedelta(hours=2)),))
    gone: set[str] = set()
    called = []
    for person in ("noah", "mei", "asha"):
        called.append(rota.on_call(noon, lambda one, _: one in gone))
        gone.add(person)
    assert [*called, rota.on_call(noon, lambda one, _: one in gone)] == ["noah", "mei", "asha", None]


def test_an_absence_ends_a_gap_to_the_minute() -> None:
    """Whoever comes back is on call from that instant on."""
    monday = date(2026, 11, 23)
    back = _in_amsterdam(monday, 14, 7).astimezone(UTC)
    rota = Rota("desk", "Europe/Amsterdam", (Layer(("asha",), _wall(monday, 9), 7),))
    noon = _in_amsterdam(monday, 12).astimezone(UTC)
    assert rota.gaps(noon, noon + timedelta(days=2), Absences({"asha": back})) == [(noon, back)]


def test_before_the_first_turn_there_is_nobody() -> None:
    """A layer does not reach back before its first handover."""
    monday = date(2026, 11, 23)
    rota = Rota("desk", "Europe/Amsterdam", (Layer(("asha", "deniz"), _wall(monday, 9), 7, workdays("00:00-24:00")),))
    assert rota.on_call(_in_amsterdam(monday, 8, 59)) is None
    assert rota.on_call(_in_amsterdam(monday, 9)) == "asha"
    assert rota.on_call(_in_amsterdam(date(2026, 11, 28), 12)) is None


def test_a_reversed_period_has_no_turns() -> None:
    """Nothing lies between an instant and an earlier one."""
    rota = Rota("desk", "UTC", (Layer(("asha",), _wall(date(2026, 1, 1), 9), 7),))
    assert rota.turns(NEW_YEAR + timedelta(days=9), NEW_YEAR) == []


def test_an_instant_without_zone_is_refused() -> None:
    """Nobody is called by a guess at a zone."""
    rota = Rota("desk", "UTC", (Layer(("asha",), _wall(date(2026, 1, 1), 9), 7),))
    with pytest.raises(ValueError, match="zone"):
        rota.on_call(_wall(date(2026, 2, 1), 9))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda first: Layer((), first, 7), "at least one person"),
        (lambda first: Layer(("asha",), first, 0), "1 to 366"),
        (lambda first: Layer(("asha",), first.replace(tzinfo=UTC), 7), "wall clock"),
        (lambda first: Layer(("asha",), first, 7, {}), "never open"),
        (lambda first: Layer(("asha",), first, 7, every_day("09:00-12:00", "11:00-13:00")), "overlap"),
        (lambda _: Override("asha", NEW_YEAR, NEW_YEAR), "after it begins"),
    ],
)
def test_an_impossible_part_is_refused(wrong: object, says: str) -> None:
    """A layer or an override that could never work says so when it is made."""
    assert callable(wrong)
    with pytest.raises(ValueError, match=says):
        wrong(_wall(date(2026, 1, 1), 9))
