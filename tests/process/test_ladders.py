"""Escalation ladders never end in silence (process.md S10)."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.process.life import ASHA, CARLA, INES, Life
from workflows.house_messages import ReportUndeliverable
from workflows.lifecycle import Rule
from workflows.messages import (
    SYSTEM,
    Acknowledge,
    Hold,
    Note,
    OverridePriority,
    PublicMessage,
    Reject,
    Reopen,
    Report,
    Reprioritise,
    Resolve,
    Resume,
)
from workflows.owed_letters import as_published
from workflows.policies.book import HOLDFAST, adopt
from workflows.policies.dated import Dated
from workflows.policies.escalation_ladders import EscalationLadders, Ladder, Step
from workflows.policies.service_levels import within
from workflows.publication import Event, Result
from workflows.vocabulary import Audience, EventKind, HoldReason, Impact, LetterName, Priority, Urgency

MINUTE = timedelta(minutes=1)
P1_REPORT = Report("Nobody can work", category="network", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH)
NAMED = {Audience.ON_CALL: "night", Audience.NAMED_PERSON: "mei"}
CALLED = [Audience.ASSIGNEE, Audience.GROUP, Audience.GROUP_LEAD, Audience.INCIDENT_MANAGER, *NAMED]
ALL = frozenset(Audience)


@contextmanager
def climbing(*steps: Step, rounds: int = 2, silence: timedelta | None = None, hold_is_an_answer: bool = True) -> Iterator[None]:
    """The desk with this ladder for P1."""
    ladder = Ladder("test", frozenset({Priority.P1}), steps, rounds, repeat_after=30 * MINUTE, silence_after_acknowledgement=silence)
    rules = EscalationLadders((ladder,), fallback_owner="ines", reopening={2: Audience.GROUP_LEAD, 3: Audience.INCIDENT_MANAGER})
    rules = replace(rules, hold_is_an_answer=hold_is_an_answer)
    adopt(replace(HOLDFAST, escalation=[Dated(date(2026, 1, 1), rules, "test")]))
    try:
        yield
    finally:
        adopt(HOLDFAST)


def step(minutes: int, to: Audience, *, only_during: str | None = None) -> Step:
    """One step so many minutes after the beginning of its round."""
    return Step(minutes * MINUTE, to, NAMED.get(to), only_during=only_during)


def lived(life: Life, span: timedelta, away: Collection[Audience] = ()) -> list[Event]:
    """Time passes in minutes, everything is published at once, and nobody of ``away`` is ever reached."""
    end = life.now + span
    happened: list[Event] = []
    while life.now < end:
        life.passes(min(MINUTE, end - life.now))
        while life.incident.is_ahead_of_record:
            publication = life.incident.publication()
            happened += publication.events
            life.is_answered(publication, away)
    return happened


def stepped(events: Collection[Event]) -> list[tuple[str, int, int | None]]:
    """Who was called when, in minutes from the report."""
    begun = Life(P1_REPORT).now
    return [
        (event.after["to"], round((event.at - begun) / MINUTE), event.after.get("round"))
        for event in events
        if event.kind is EventKind.ESCALATION_STEPPED and "ladder" in event.after
    ]


def test_step_by_step_round_by_round_then_the_fallback_owner() -> None:
    """Nobody acknowledges: each step at its time, each round, and in the end the named last resort; then it is quiet."""
    with climbing(step(5, Audience.GROUP), step(15, Audience.GROUP_LEAD)):
        called = stepped(lived(Life(P1_REPORT), timedelta(hours=6)))
    assert called == [
        ("group", 5, 1),
        ("group_lead", 15, 1),
        ("group", 50, 2),
        ("group_lead", 60, 2),
        ("fallback_owner", 90, 2),
    ]


def test_an_acknowledgement_stops_it() -> None:
    """Somebody takes care: nobody else is called."""
    with climbing(step(5, Audience.GROUP), step(15, Audience.GROUP_LEAD)):
        life = Life(P1_REPORT)
        first = lived(life, 6 * MINUTE)
        life.says(ASHA, Acknowledge())
        assert stepped(first + lived(life, timedelta(hours=6))) == [("group", 5, 1)]


def test_silence_after_an_acknowledgement_begins_it_again() -> None:
    """Acknowledged and forgotten is as bad as never seen: after the time of silence the ladder begins again; a word of the desk holds it off, one of the caller does not."""
    with climbing(step(5, Audience.GROUP), silence=timedelta(hours=1)):
        life = Life(P1_REPORT)
        life.says(ASHA, Acknowledge())
        lived(life, 40 * MINUTE)
        life.says(ASHA, Note("still looking"))
        lived(life, 40 * MINUTE)
        life.says(CARLA, PublicMessage("any news?"))
        assert stepped(lived(life, 26 * MINUTE)) == [("group", 105, 1)]
        life.says(ASHA, Note("back at it"))
        assert stepped(lived(life, 50 * MINUTE)) == []


def test_a_hold_keeps_it_quiet_and_its_end_begins_it_again() -> None:
    """Who waits for somebody else is not called; when the wait ends without an acknowledgement, the ladder begins anew."""
    with climbing(step(5, Audience.GROUP)):
        life = Life(P1_REPORT)
        life.says(ASHA, Hold(HoldReason.VENDOR))
        assert stepped(lived(life, 60 * MINUTE)) == []
        life.says(ASHA, Resume())
        assert stepped(lived(life, 6 * MINUTE)) == [("group", 65, 1)]


def test_holding_is_no_answer_to_a_call() -> None:
    """Put on hold before anybody has acknowledged: it goes on climbing, once round by round, and the end of the hold begins nothing anew (S6)."""
    with climbing(step(5, Audience.GROUP), step(20, Audience.GROUP_LEAD), rounds=1, hold_is_an_answer=False):
        life = Life(P1_REPORT)
        life.says(ASHA, Hold(HoldReason.VENDOR))
        called = lived(life, 10 * MINUTE)
        life.says(ASHA, Resume())
        assert stepped(called + lived(life, 2 * 60 * MINUTE)) == [("group", 5, 1), ("group_lead", 20, 1), ("fallback_owner", 50, 1)]


def test_a_hold_of_what_is_acknowledged_keeps_it_quiet() -> None:
    """Somebody has answered and waits for somebody else: nobody is called, also not after the time of silence, until the hold ends."""
    with climbing(step(5, Audience.GROUP), silence=60 * MINUTE, hold_is_an_answer=False):
        life = Life(P1_REPORT)
        life.says(ASHA, Acknowledge())
        life.says(ASHA, Hold(HoldReason.VENDOR))
        assert stepped(lived(life, 120 * MINUTE)) == []
        life.says(ASHA, Resume())
        assert stepped(lived(life, 66 * MINUTE)) == [("group", 185, 1)]


def test_an_acknowledgement_during_a_hold_keeps_it_quiet() -> None:
    """Held first, acknowledged later: from then on nobody is called."""
    with climbing(step(5, Audience.GROUP), step(20, Audience.GROUP_LEAD), hold_is_an_answer=False):
        life = Life(P1_REPORT)
        life.says(ASHA, Hold(HoldReason.VENDOR))
        called = lived(life, 10 * MINUTE)
        life.says(ASHA, Acknowledge())
        assert stepped(called + lived(life, 60 * MINUTE)) == [("group", 5, 1)]


def test_a_p1_put_on_hold_is_called_for_under_the_edition_in_force() -> None:
    """The desk's own rules: a hold that nobody has acknowledged silences nothing."""
    life = Life(P1_REPORT, edition="2026-11-26")
    life.says(ASHA, Hold(HoldReason.VENDOR))
    assert [to for to, _, _ in stepped(lived(life, 10 * MINUTE))] == ["group", "on_call"]


def test_a_step_that_reaches_nobody_is_skipped_at_once() -> None:
    """A gap in the rota costs no time: it is logged, and the next step follows at once, not at its later time."""
    with climbing(step(5, Audience.ON_CALL), step(60, Audience.GROUP_LEAD), rounds=1):
        events = lived(Life(P1_REPORT), timedelta(minutes=20), away={Audience.ON_CALL})
    assert stepped(events) == [("on_call", 5, 1), ("group_lead", 5, 1)]
    assert [event.after["why"] for event in events if event.kind is EventKind.ESCALATION_SKIPPED] == ["nobody was reached"]


def fails(life: Life, letter: LetterName, cause: int, *, nobody_else: bool = True, may_have_arrived: bool = False) -> None:
    """The mail sender reports a letter about that event, which nobody else has unless it is said otherwise."""
    lost = ReportUndeliverable(letter, 1, "ines", may_have_arrived=may_have_arrived, cause=cause, owed_at=life.now, nobody_else=nobody_else)
    life.says(SYSTEM, lost)


def calls(events: Collection[Event]) -> list[tuple[str, int, int]]:
    """Who was called, about which event, and when, in minutes from the report; the fallback owner beside the ladder too."""
    begun = Life(P1_REPORT).now
    return [
        (event.after["to"], event.seq, round((event.at - begun) / MINUTE)) for event in events if event.kind is EventKind.ESCALATION_STEPPED
    ]


def test_a_call_that_nobody_got_is_skipped_at_once() -> None:
    """A letter of the ladder that comes back from everybody it went to: the next step follows at once, in the open (S10, S14)."""
    with climbing(step(5, Audience.GROUP), step(60, Audience.GROUP_LEAD), rounds=1):
        life = Life(P1_REPORT)
        ((_, cause, _),) = calls(lived(life, 6 * MINUTE))
        fails(life, LetterName.ESCALATION, cause)
        events = lived(life, MINUTE)
    assert [(to, at) for to, _, at in calls(events)] == [("group_lead", 6)]
    assert [event.after["why"] for event in events if event.kind is EventKind.ESCALATION_SKIPPED] == ["nobody was reached"]


@pytest.mark.parametrize("how", [{"nobody_else": False}, {"may_have_arrived": True}])
def test_a_call_that_somebody_may_have_got_is_waited_for(how: dict[str, bool]) -> None:
    """One of a group whose address is wrong takes nothing from the others' time; nor does a letter that may have arrived."""
    with climbing(step(5, Audience.GROUP), step(60, Audience.GROUP_LEAD), rounds=1):
        life = Life(P1_REPORT)
        ((_, cause, _),) = calls(lived(life, 6 * MINUTE))
        fails(life, LetterName.ESCALATION, cause, **how)
        assert calls(lived(life, 10 * MINUTE)) == []


def test_a_call_that_comes_back_late_leaves_the_present_one_its_time() -> None:
    """The letter of the first step fails when the second has been called: that one keeps its time, and a round in which all failed goes to the fallback owner."""
    with climbing(step(5, Audience.GROUP), step(10, Audience.GROUP_LEAD), step(60, Audience.INCIDENT_MANAGER)):
        life = Life(P1_REPORT)
        (_, first, _), (_, second, _) = calls(lived(life, 11 * MINUTE))
        fails(life, LetterName.ESCALATION, first)
        assert calls(lived(life, 10 * MINUTE)) == []
        fails(life, LetterName.ESCALATION, second)
        ((to, third, at),) = calls(lived(life, MINUTE))
        assert (to, at) == ("incident_manager", 21)
        fails(life, LetterName.ESCALATION, third)
        assert [(to, at) for to, _, at in calls(lived(life, MINUTE))] == [("fallback_owner", 22)]


def test_after_the_end_of_a_ladder_a_lost_letter_is_told_again() -> None:
    """The fallback owner's own letter comes back: the last resort is asked for once more, until somebody has acknowledged (S10)."""
    with climbing(step(5, Audience.GROUP), rounds=1):
        life = Life(P1_REPORT)
        last = calls(lived(life, timedelta(hours=1)))[-1]
        assert last[0] == "fallback_owner"
        fails(life, LetterName.ESCALATION, last[1])
        (again,) = calls(lived(life, MINUTE))
        assert again[0] == "fallback_owner"
        life.says(ASHA, Acknowledge())
        fails(life, LetterName.ESCALATION, again[1])
        assert calls(lived(life, MINUTE)) == []


def test_a_breach_that_nobody_got_goes_to_the_fallback_owner() -> None:
    """Also without a ladder; an incident that is solved meanwhile troubles nobody."""
    life = Life(Report("Slow", category="network", impact=Impact.LIMITED, urgency=Urgency.LOW))
    events = lived(life, timedelta(days=21))
    breach = next(event.seq for event in events if event.kind is EventKind.BREACHED)
    fails(life, LetterName.BREACH, breach)
    told = [event.after for event in lived(life, MINUTE) if event.kind is EventKind.ESCALATION_STEPPED]
    assert [(each["to"], each["why"]) for each in told] == [("fallback_owner", "nobody was told of the breach")]
    life.says(ASHA, Resolve("fixed", "done"))
    fails(life, LetterName.BREACH, breach)
    assert calls(lived(life, MINUTE)) == []


def test_what_older_senders_report_changes_no_ladder() -> None:
    """Without the event it tells of, as in recorded histories, a lost letter is noted and nothing more."""
    with climbing(step(5, Audience.GROUP), step(60, Audience.GROUP_LEAD), rounds=1):
        life = Life(P1_REPORT)
        lived(life, 6 * MINUTE)
        before = life.facts.climb
        life.says(SYSTEM, ReportUndeliverable(LetterName.ESCALATION, 1, "ines"))
        assert life.facts.climb == before
        assert calls(lived(life, MINUTE)) == []


def test_nobody_at_all_goes_to_the_fallback_owner_at_once() -> None:
    """A round that reached nobody does not wait for another one (S10)."""
    with climbing(step(5, Audience.ON_CALL), step(60, Audience.GROUP_LEAD), rounds=3):
        away = ALL - {Audience.FALLBACK_OWNER}
        assert stepped(lived(Life(P1_REPORT), timedelta(hours=1), away))[-1] == ("fallback_owner", 5, 1)


def test_a_group_that_holds_it_too_long_without_a_lead_is_told_to_the_fallback_owner() -> None:
    """The breach of a group's own clock is told to its lead alone; where there is none, it does not stay unheard."""
    holding = [
        Dated(each.valid_from, replace(each.rule, internal={1: within("always", minutes=30)}), "test") for each in HOLDFAST.service_levels
    ]
    adopt(replace(HOLDFAST, service_levels=holding))
    try:
        life = Life(Report("Slow", category="network"))
        life.says(ASHA, Acknowledge())
        events = lived(life, timedelta(hours=1), away={Audience.GROUP_LEAD})
    finally:
        adopt(HOLDFAST)
    assert [event.after["clock"] for event in events if event.kind is EventKind.BREACHED] == ["internal:service-desk"]
    told = [event.after for event in events if event.kind is EventKind.ESCALATION_STEPPED]
    assert [(each["to"], each["why"]) for each in told] == [("fallback_owner", "nobody was told of the breach")]


def test_outside_its_hours_a_step_is_left_out_in_the_open() -> None:
    """A step for office hours is no step at night; if nothing else is left, the fallback owner is told."""
    with climbing(step(5, Audience.GROUP, only_during="office")):
        life = Life(P1_REPORT, at=Life().now - timedelta(hours=7))  # 03:00 in the office
        events = lived(life, timedelta(minutes=10))
    assert [event.after["why"] for event in events if event.kind is EventKind.ESCALATION_SKIPPED] == ["outside its hours"]
    assert [to for to, _, _ in stepped(events)] == ["fallback_owner"]


def test_another_priority_is_another_ladder() -> None:
    """An incident that becomes urgent climbs from then on; one that calms down climbs no more."""
    with climbing(step(5, Audience.GROUP)):
        life = Life(Report("Slow", category="network", impact=Impact.LIMITED, urgency=Urgency.LOW))
        assert life.facts.climb is None
        life.passes(20 * MINUTE)
        life.says(ASHA, Reprioritise(Impact.WIDESPREAD, Urgency.HIGH, "everybody now"))
        assert stepped(lived(life, 6 * MINUTE)) == [("group", 25, 1)]
        life.says(INES, OverridePriority(Priority.P4, "a drill"))
        assert stepped(lived(life, timedelta(hours=3))) == []


def test_reopening_again_and_again_goes_up() -> None:
    """The second reopening tells the group's lead, the third the incident manager (S10)."""
    life = Life()
    for _ in range(3):
        life.says(ASHA, Resolve("fixed", "done"))
        life.says(ASHA, Reopen("it is back"))
    told = [owed.to for owed in life.incident.letters if owed.letter is LetterName.ESCALATION]
    assert told == [Audience.GROUP_LEAD, Audience.INCIDENT_MANAGER]


def test_an_outage_calls_each_step_once_and_late() -> None:
    """After hours without a worker each step of the round is called once, marked late; no round is made up for."""
    with climbing(step(5, Audience.GROUP), step(15, Audience.GROUP_LEAD), rounds=3):
        life = Life(P1_REPORT).sleeps(timedelta(hours=5))
        events = life.events(EventKind.ESCALATION_STEPPED)
        assert [(event.after["to"], event.after["late_seconds"]) for event in events] == [("group", 17700), ("group_lead", 17100)]


ladders = st.lists(st.tuples(st.integers(0, 90), st.sampled_from(CALLED), st.sampled_from([None, "office"])), min_size=1, max_size=5).map(
    lambda found: tuple(step(at, to, only_during=when) for at, to, when in sorted(found, key=lambda each: each[0]))
)


@settings(max_examples=150, deadline=None)
@given(ladders, st.integers(1, 3), st.sets(st.sampled_from(CALLED)), st.integers(0, 23))
def test_no_ladder_ends_in_silence(steps: tuple[Step, ...], rounds: int, away: set[Audience], hour: int) -> None:
    """Whatever the ladder, whoever is away: somebody is reached or the fallback owner is told, once, in the end; and it says so on the timeline."""
    with climbing(*steps, rounds=rounds):
        events = lived(Life(P1_REPORT, at=Life().now + timedelta(hours=hour)), timedelta(hours=9), away)
    called = [event.after["to"] for event in events if event.kind is EventKind.ESCALATION_STEPPED and "ladder" in event.after]
    skipped = [event for event in events if event.kind is EventKind.ESCALATION_SKIPPED]
    assert called.count("fallback_owner") == 1
    assert called[-1] == "fallback_owner"
    in_rounds = len(called) - 1
    assert in_rounds <= rounds * len(steps)
    missed = [to for to in called if to in {each.value for each in away}]
    left_out = [event for event in skipped if event.after["why"] != "nobody was reached"]
    assert len(skipped) == len(left_out) + len(missed)
    assert {event.after["why"] for event in skipped} <= {"nobody was reached", "outside its hours"}


def test_a_solution_that_did_not_hold_begins_it_again() -> None:
    """Resolved before anybody acknowledged, and rejected by the caller: somebody is called again (S10, S12)."""
    with climbing(step(5, Audience.GROUP)):
        life = Life(P1_REPORT)
        life.says(ASHA, Resolve("fixed", "done"))
        life.passes(MINUTE)
        life.says(CARLA, Reject("It is not."))
        assert stepped(lived(life, 6 * MINUTE)) == [("group", 6, 1)]


def test_acknowledging_again_stops_a_ladder_that_silence_began_anew() -> None:
    """After silence made the ladder begin again, an acknowledgement stops it as the first one did, and writes no second letter to the caller (S10)."""
    with climbing(step(5, Audience.GROUP), step(10, Audience.GROUP_LEAD), silence=60 * MINUTE):
        life = Life(P1_REPORT)
        life.says(ASHA, Acknowledge())
        lived(life, 66 * MINUTE)
        told = life.letters().count(LetterName.ASSIGNED)
        assert life.says(ASHA, Acknowledge()).result is Result.APPLIED
        assert stepped(lived(life, 50 * MINUTE)) == []
        assert life.letters().count(LetterName.ASSIGNED) == told
        assert life.says(ASHA, Acknowledge()).rule == Rule.NOTHING_CHANGES


def test_a_call_knows_when_the_next_one_is_due() -> None:
    """As long as nobody takes care; once somebody does by the time it is planned, no further call is announced (S10)."""
    life = Life(P1_REPORT)
    while not any(owed.letter is LetterName.ESCALATION for owed in life.incident.letters):
        life.passes(MINUTE)
    climb = life.facts.climb
    assert climb is not None
    [called] = [owed for owed in life.incident.letters if owed.letter is LetterName.ESCALATION]
    assert as_published(called.facts, life.facts).calls_again_at == climb.at
    life.says(ASHA, Acknowledge())
    assert as_published(called.facts, life.facts).calls_again_at is None
