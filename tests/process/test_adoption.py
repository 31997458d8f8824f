"""Moving an open incident to a newer edition of the policies: what it changes, what it leaves, what is shown before (process.md S21)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.process.life import ASHA, CARLA, INES, PAVEL, TUESDAY, Life
from tests.process.newer_edition import BOOK, CLOSURE, LADDERS, MINUTE, NEW, OLD, P1, first_rule, with_rules, works_by
from workflows.dates import ahead
from workflows.foresight import Foreseen, foresee, preview
from workflows.house_messages import AdoptEdition
from workflows.lifecycle import Rule
from workflows.messages import Approve, Cancel, Confirm, Hold, OverridePriority, Reopen, Report, Resolve, Resume, Sent, Take
from workflows.policies.approval_rules import Approval, ApprovalRules
from workflows.policies.dated import Dated
from workflows.policies.working_calendars import WorkingCalendars
from workflows.publication import Result
from workflows.vocabulary import (
    CancelReason,
    ClockKind,
    ClockState,
    DeadlineKind,
    EventKind,
    HoldReason,
    Impact,
    Priority,
    Role,
    Status,
    Urgency,
)

ADOPT = AdoptEdition(NEW, "The board has agreed to it.")
FIXED = Resolve("fixed", "Took the paper out.")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def desk() -> Iterator[None]:
    """A desk with a newer edition."""
    with works_by(BOOK):
        yield


def life(impact: Impact = Impact.SIGNIFICANT, urgency: Urgency = Urgency.MEDIUM, edition: str = OLD) -> Life:
    """An incident reported on Tuesday at ten; P3 unless it is said otherwise."""
    return Life(Report("Printer on floor 3 is jammed", category="printing", impact=impact, urgency=urgency), edition=edition)


def dates(of: Life, *kinds: DeadlineKind) -> list[tuple[object, ...]]:
    """What is ahead, of these kinds or of all."""
    return [(each.kind, each.about, each.ordinal, each.at) for each in ahead(of.facts) if not kinds or each.kind in kinds]


def test_it_is_as_if_reported_under_it() -> None:
    """Adopted at once, every date is that of an incident reported under the newer edition."""
    moved, reported = life(), life(edition=NEW)
    assert moved.says(PAVEL, ADOPT).result is Result.APPLIED
    assert dates(moved) == dates(reported)
    assert dates(moved) != dates(life())
    assert moved.facts.edition == NEW


def test_the_timeline_tells_who_why_and_what() -> None:
    """One event with the actor, the reason, old and new edition; callers do not see it."""
    moved = life()
    moved.says(PAVEL, ADOPT)
    (event,) = moved.events(EventKind.EDITION_ADOPTED)
    assert (event.actor, event.before, event.after) == (
        "pavel",
        {"edition": OLD},
        {"edition": NEW, "reason": "The board has agreed to it."},
    )
    assert event.edition == NEW
    assert not event.public


@pytest.mark.parametrize("who", [CARLA, ASHA, INES])
def test_only_process_owners_may(who: object) -> None:
    """Which edition an incident is under is not for the desk to say (S22)."""
    outcome = life().says(who, ADOPT)  # type: ignore[arg-type]
    assert (outcome.result, outcome.rule) == (Result.REFUSED, Rule.NOT_PERMITTED)


@pytest.mark.parametrize(
    ("edition", "rule"),
    [
        ("2026-06-02", Rule.UNKNOWN_EDITION),
        ("2026-99-99", Rule.UNKNOWN_EDITION),
        (OLD, Rule.NOT_A_NEWER_EDITION),
        (NEW, Rule.NOT_A_NEWER_EDITION),
    ],
)
def test_it_goes_to_a_newer_edition_only(edition: str, rule: Rule) -> None:
    """Unknown, older, or the same edition: refused with the rule, and nothing changes."""
    moved = life(edition=NEW)
    before = moved.facts
    outcome = moved.says(PAVEL, AdoptEdition(edition, "why not"))
    assert outcome.rule == rule
    assert replace(moved.facts, version=before.version, changed_at=before.changed_at) == before


def test_an_edition_whose_day_has_not_come_is_refused() -> None:
    """Nobody is under rules that are not in force."""
    early = Life(at=TUESDAY.replace(month=5), edition=OLD)
    assert early.says(PAVEL, ADOPT).rule == Rule.UNKNOWN_EDITION


def test_an_edition_without_its_calendar_is_refused() -> None:
    """A clock that could not be counted any more would stop the incident; so the edition is refused."""
    always = WorkingCalendars({"always": first_rule("calendars")["always"]})
    closure = replace(CLOSURE, calendar="always")
    levels = replace(first_rule("service_levels"), response={}, resolution={}, holders_calendar=None)
    survey = replace(first_rule("survey"), calendar="always")
    with works_by(with_rules(calendars=always, closure=closure, service_levels=levels, survey=survey)):
        outcome = life().says(PAVEL, ADOPT)
    assert outcome.rule == Rule.EDITION_DOES_NOT_FIT
    assert outcome.detail is not None
    assert outcome.detail.endswith("It lacks: office.")


def test_closed_is_final() -> None:
    """A closed or cancelled incident stays under the edition it ended under."""
    moved = life()
    moved.says(ASHA, Cancel(CancelReason.TEST))
    assert moved.says(PAVEL, ADOPT).rule == Rule.CLOSED_IS_FINAL


def test_the_matrix_comes_with_it_and_an_override_stays() -> None:
    """The priority is that of the newer matrix, unless somebody has set one beside it (S3)."""
    first = first_rule("priority_matrix")
    matrix = replace(first, cells={**first.cells, 2: (P1, P1, P1)})
    with works_by(with_rules(priority_matrix=matrix)):
        moved, set_by_hand = life(), life()
        set_by_hand.says(INES, OverridePriority(Priority.P4, "agreed"))
        moved.says(PAVEL, ADOPT)
        set_by_hand.says(PAVEL, ADOPT)
        assert moved.facts.priority is P1
        assert moved.facts.climb is not None
        assert dates(moved, DeadlineKind.BREACH) == dates(life(edition=NEW), DeadlineKind.BREACH)
        assert set_by_hand.facts.priority is Priority.P4


def test_what_the_newer_edition_has_passed_is_told_once() -> None:
    """What is three quarters used up at the moment of adoption is told in one message, a missed promise not again, nor anything else (S8)."""
    moved = life().passes(1 * DAY + 6 * HOUR)
    told = len(moved.events(EventKind.THRESHOLD_PASSED))
    moved.says(PAVEL, ADOPT)
    at_once = moved.events(EventKind.THRESHOLD_PASSED)[told:]
    assert [event.after["passed_at_switch"] for event in at_once] == [["resolution 60 %", "resolution 75 %"]]
    moved.passes(10 * DAY)
    percents = [event.after["percent"] for event in moved.events(EventKind.THRESHOLD_PASSED) if event.after["clock"] == "resolution"]
    assert len(percents) == len(set(percents))


def test_a_breach_stands() -> None:
    """Missed under the old promise stays missed, however generous the newer edition is (S6)."""
    moved = life(Impact.WIDESPREAD, Urgency.HIGH).passes(5 * HOUR)
    moved.says(PAVEL, ADOPT)
    resolution = next(clock for clock in moved.facts.clocks if clock.name == "resolution")
    assert resolution.budget == 9 * HOUR
    moved.says(ASHA, FIXED)
    assert next(clock for clock in moved.facts.clocks if clock.name == "resolution").state is ClockState.MISSED


def test_what_was_met_stays_met_and_a_reopening_counts_anew() -> None:
    """A solution in time under the old edition is no miss under a stricter one; opened again, the newer budget counts (S12)."""
    moved = life().passes(1 * DAY)
    moved.says(ASHA, FIXED)
    moved.passes(HOUR).says(PAVEL, ADOPT)
    assert next(clock for clock in moved.facts.clocks if clock.name == "resolution").state is ClockState.MET
    moved.says(ASHA, Reopen("It was not."))
    reported = life(edition=NEW).passes(1 * DAY)
    reported.says(ASHA, FIXED)
    reported.passes(HOUR).says(ASHA, Reopen("It was not."))
    assert dates(moved, DeadlineKind.BREACH) == dates(reported, DeadlineKind.BREACH)


@pytest.mark.parametrize("asks", [FIXED, Hold(HoldReason.CALLER, "Which printer?")])
def test_closing_dates_follow_from_the_same_beginning(asks: Resolve | Hold) -> None:
    """Counted from the resolution or the question, not from the adoption; a reminder that was sent is not sent again (S11)."""
    moved, reported = life(), life(edition=NEW)
    for each in (moved, reported):
        each.says(ASHA, asks)
        each.passes(6 * HOUR)
    moved.says(PAVEL, ADOPT)
    assert moved.facts.due == reported.facts.due
    late = life()
    late.says(ASHA, asks)
    late.passes(2 * DAY + HOUR).says(PAVEL, ADOPT)
    late.passes(20 * DAY)
    reminders = [(event.kind, event.after["ordinal"]) for event in late.incident.events if event.kind.value.endswith("_reminded")]
    assert len(reminders) == len(set(reminders))


def test_an_announced_end_comes_no_nearer() -> None:
    """The first letter told the caller when silence closes it: a shorter time does not hold for this solution, nor does one where none was announced."""
    shorter = replace(first_rule("closure"), automatic_closure_after_days=1, confirmation_reminders_after_days=(0.5,))
    with works_by(with_rules(closure=shorter)):
        moved = life()
        moved.says(ASHA, FIXED)
        announced = dates(moved, DeadlineKind.AUTOMATIC_CLOSURE)
        moved.says(PAVEL, ADOPT)
        assert dates(moved, DeadlineKind.AUTOMATIC_CLOSURE) == announced
    never = replace(first_rule("closure"), automatic_closure_after_days=None)
    with works_by(with_rules(closure=never)):
        moved = life()
        moved.says(ASHA, FIXED)
        moved.says(PAVEL, ADOPT)
        assert not dates(moved, DeadlineKind.AUTOMATIC_CLOSURE)


def test_an_undo_period_grows_with_it() -> None:
    """After "it works" the newer undo period counts from the answer."""
    moved = life()
    moved.says(ASHA, FIXED)
    moved.says(CARLA, Confirm())
    confirmed_at = moved.now
    moved.passes(timedelta(minutes=5)).says(PAVEL, ADOPT)
    assert dates(moved) == [(DeadlineKind.UNDO_ENDS, None, 1, confirmed_at + timedelta(minutes=25))]


def test_an_approval_that_was_asked_for_is_still_needed() -> None:
    """Whoever was asked to agree is reminded as before, and the incident closes when they have answered and the undo period is over (S11)."""
    asks = ApprovalRules((Approval(Role.INCIDENT_MANAGER, services=frozenset({"payroll"})),))
    with works_by(replace(BOOK, approvals=(Dated(date(2026, 1, 1), asks, "for tests only"),))):
        moved = Life(Report("Salaries are not paid", service="payroll"), edition=OLD)
        moved.says(ASHA, FIXED)
        moved.says(CARLA, Confirm())
        moved.passes(timedelta(minutes=11))
        waiting = dates(moved)
        assert moved.says(PAVEL, ADOPT).result is Result.APPLIED
        assert dates(moved) == waiting
        moved.says(INES, Approve())
        moved.passes(HOUR)
        assert moved.facts.status is Status.CLOSED


def test_an_undeliverable_question_stays_unanswered() -> None:
    """Where the letter did not arrive, no edition makes silence count (S11)."""
    moved = life()
    moved.says(ASHA, FIXED)
    moved.incident.facts = replace(moved.facts, confirmation_undeliverable=True, due=())
    moved.says(PAVEL, ADOPT)
    assert not moved.facts.due


def test_the_ladder_goes_on_from_its_step() -> None:
    """The next step falls due at the newer edition's time since the beginning; a step taken is not taken again (S10)."""
    moved = life(Impact.WIDESPREAD, Urgency.HIGH).passes(timedelta(minutes=6))
    assert len(moved.events(EventKind.ESCALATION_STEPPED)) == 1
    moved.says(PAVEL, ADOPT)
    assert dates(moved, DeadlineKind.ESCALATION_STEP) == [(DeadlineKind.ESCALATION_STEP, "urgent", 2, TUESDAY + timedelta(minutes=12))]


def test_a_hold_that_kept_a_ladder_quiet_does_so_no_longer() -> None:
    """Held before anybody acknowledged, and moved to rules under which holding is no answer: somebody is called from then on, and not again when the hold ends (S10)."""
    with works_by(with_rules(escalation=replace(LADDERS, hold_is_an_answer=False))):
        moved = life(Impact.WIDESPREAD, Urgency.HIGH)
        moved.says(ASHA, Hold(HoldReason.VENDOR))
        moved.passes(timedelta(minutes=30)).says(PAVEL, ADOPT)
        first = [(DeadlineKind.ESCALATION_STEP, "urgent", 1, TUESDAY + timedelta(minutes=37))]
        assert dates(moved, DeadlineKind.ESCALATION_STEP) == first
        moved.passes(MINUTE).says(ASHA, Resume())
        assert dates(moved, DeadlineKind.ESCALATION_STEP) == first


def test_patience_after_an_acknowledgement_grows_with_it() -> None:
    """Silence is counted from the desk's last word, and an adoption is no such word."""
    moved = life(Impact.WIDESPREAD, Urgency.HIGH).passes(timedelta(minutes=2))
    moved.says(ASHA, Take())
    moved.passes(timedelta(minutes=30)).says(PAVEL, ADOPT)
    assert dates(moved, DeadlineKind.ESCALATION_QUIET) == [
        (DeadlineKind.ESCALATION_QUIET, "urgent", 1, TUESDAY + timedelta(hours=2, minutes=2))
    ]


def test_the_preview_tells_what_would_change_and_changes_nothing() -> None:
    """Each thing with its time and letters before and after; the facts it was made from stay as they were."""
    moved = life()
    moved.says(ASHA, FIXED)
    facts = moved.facts
    told = preview(facts, Sent("p", PAVEL, moved.now, ADOPT), moved.now)
    closes = next(each for each in told.differences if each.what == "closed")
    assert closes.before is not None
    assert closes.after is not None
    assert closes.before.at < closes.after.at
    assert closes.after.letters == ("closed to caller",)
    third = next(each for each in told.differences if each.what == "confirmation reminded 3")
    assert (third.before, third.after and third.after.letters) == (None, ("confirmation reminder to caller",))
    assert moved.facts == facts


def test_the_preview_tells_a_refusal() -> None:
    """What would be refused is shown with the rule and what it says."""
    told = preview(life(edition=NEW).facts, Sent("p", PAVEL, TUESDAY, ADOPT), TUESDAY)
    assert (told.rule, told.differences) == (Rule.NOT_A_NEWER_EDITION.value, ())
    assert told.refusal == Rule.NOT_A_NEWER_EDITION.says


@pytest.mark.parametrize("waits", [timedelta(0), 8 * HOUR, 3 * DAY])
@pytest.mark.parametrize("impact", Impact)
@pytest.mark.parametrize("asks", [None, FIXED, Hold(HoldReason.CALLER, "Which one?"), Hold(HoldReason.VENDOR)])
def test_what_is_foreseen_happens(asks: Resolve | Hold | None, impact: Impact, waits: timedelta) -> None:
    """If nobody says anything, exactly what the preview showed takes place, at the times and with the letters it showed."""
    moved = life(impact)
    if asks:
        moved.says(ASHA, asks)
    moved.passes(waits)
    told = preview(moved.facts, Sent("p", PAVEL, moved.now, ADOPT), moved.now)
    without = {each.what: each for each in foresee(moved.incident, moved.now)}
    moved.says(PAVEL, ADOPT)
    seen = len(moved.incident.events)
    foreseen = foresee(moved.incident, moved.now)
    moved.incident.may_be_asked_about = True
    moved.passes(200 * DAY)
    happened = [event for event in moved.incident.events[seen:] if event.planned_at]
    assert [(each.at, each.what.split()[0]) for each in foreseen] == [
        (event.planned_at, event.kind.value.split("_")[0]) for event in happened
    ]
    assert _after(without, told.differences) == {each.what: each for each in foreseen} | _at_once(told.differences, foreseen)


def _after(before: dict[str, Foreseen], changed: tuple[object, ...]) -> dict[str, Foreseen]:
    """What was foreseen without the adoption, with the differences the preview told laid over it."""
    after = dict(before)
    for each in changed:
        after.pop(each.what, None)  # type: ignore[attr-defined]
        if each.after:  # type: ignore[attr-defined]
            after[each.what] = each.after  # type: ignore[attr-defined]
    return after


def _at_once(changed: tuple[object, ...], foreseen: list[Foreseen]) -> dict[str, Foreseen]:
    """What the adoption itself tells, because the newer edition has passed it already."""
    later = {each.what for each in foreseen}
    return {each.what: each.after for each in changed if each.after and each.what not in later}  # type: ignore[attr-defined]


def test_what_is_not_promised_any_more_is_not_promised_again_by_reopening() -> None:
    """Solved under an edition with a promise, moved to one without, opened again: the clock measures, and nothing is due (S6, S12)."""
    levels = replace(first_rule("service_levels"), resolution={})
    with works_by(with_rules(service_levels=levels)):
        moved = life()
        moved.says(ASHA, FIXED)
        moved.says(PAVEL, ADOPT)
        moved.says(CARLA, Reopen("It jams again."))
        assert moved.facts.status is Status.IN_PROGRESS
        assert not [each for each in ahead(moved.facts) if each.about == ClockKind.RESOLUTION]
