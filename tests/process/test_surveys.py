"""How it went, asked after closure (process.md S13)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from tests.desk import Desk
from tests.process.life import ASHA, CARLA, STRANGER, TUESDAY, Life
from workflows.decisions import receive
from workflows.house_messages import ReportUndeliverable
from workflows.lifecycle import Rule
from workflows.messages import SYSTEM, Cancel, Confirm, Message, Note, Rate, Reopen, Report, Resolve, Sent
from workflows.policies.book import HOLDFAST, adopt
from workflows.policies.dated import Dated
from workflows.publication import Closure, Published, Result, Surveyed
from workflows.surveys import take_admission
from workflows.vocabulary import (
    CancelReason,
    DeadlineKind,
    EventKind,
    Impact,
    Kind,
    LetterName,
    Priority,
    Status,
    SurveyState,
    Urgency,
    Withheld,
)

EDITION = "2026-11-25"
WEDNESDAY = TUESDAY + timedelta(days=1)
FIXED = Resolve("fixed", "Took the paper out.")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
P1: dict[str, Any] = {"impact": Impact.WIDESPREAD, "urgency": Urgency.HIGH}


@pytest.fixture(autouse=True)
def everybody_is_drawn() -> Iterator[None]:
    """A desk whose lot always falls on yes."""
    _draw(100)
    yield
    adopt(HOLDFAST)


def _draw(percent: float) -> None:
    rules = replace(HOLDFAST.survey[-1].rule, percent=percent)
    adopt(replace(HOLDFAST, survey=(HOLDFAST.survey[0], Dated(date(2026, 11, 25), rules, "test"))))


def closed(at: datetime = WEDNESDAY, **report: Any) -> Life:
    """Resolved, confirmed, and closed after the undo period."""
    life = Life(Report("Printer on floor 3 is jammed", category="printing", **report), at=at)
    life.says(ASHA, FIXED)
    life.says(CARLA, Confirm())
    return life.passes(10 * MINUTE)


def answered(life: Life, why_not: Withheld | None = None) -> Life:
    """The record takes everything and says whether the person may be asked."""
    while life.incident.is_ahead_of_record:
        publication = life.incident.publication()
        surveyed = Surveyed(publication.surveying, why_not) if publication.surveying else None
        life.incident.published(Published(publication.up_to, surveyed=surveyed), life.now)
        take_admission(life.incident, surveyed, life.now)
    return life


def asked() -> Life:
    """The question is out."""
    return answered(closed()).passes(HOUR)


def test_asked_an_hour_after_closure() -> None:
    """The record is asked with the closure; one hour later the question goes out, with its reminder and its end (S13)."""
    life = closed()
    assert (life.facts.status, life.facts.survey) == (Status.CLOSED, SurveyState.DRAWN)
    question = life.incident.publication().surveying
    assert question is not None
    assert (question.person, question.at) == ("carla", life.now + HOUR)
    answered(life).passes(HOUR - timedelta(seconds=1))
    assert life.events(EventKind.SURVEY_ASKED) == []
    life.passes(timedelta(seconds=1))
    assert (life.facts.survey, life.facts.surveyed_at) == (SurveyState.ASKED, life.now)
    assert life.letters() == [LetterName.SURVEY]
    # Wednesday 11:10 in Istanbul, three working days later at the same time of the office.
    assert [(each.kind, each.at - life.now) for each in life.facts.due] == [
        (DeadlineKind.SURVEY_REMINDER, 5 * DAY),
        (DeadlineKind.SURVEY_EXPIRES, 14 * DAY),
    ]
    told = life.incident.letters[0].facts
    assert (told.closes_at, told.reminders) == (life.now + 14 * DAY, (life.now + 5 * DAY,))


def test_silence_is_no_score() -> None:
    """One reminder, then the end after 14 days, without a score (S13)."""
    life = asked().passes(14 * DAY - timedelta(seconds=1))
    assert not life.incident.has_ended
    life.passes(timedelta(seconds=1))
    assert len(life.events(EventKind.SURVEY_REMINDED)) == 1
    assert (life.facts.survey, life.facts.score, life.facts.status) == (SurveyState.EXPIRED, None, Status.CLOSED)
    assert life.incident.has_ended
    assert life.says(CARLA, Rate(5)).rule == Rule.NO_SURVEY


def test_an_answer_and_a_change_of_mind() -> None:
    """The answer can be changed for 24 hours, then it stands; nobody is reminded (S13)."""
    life = asked()
    assert life.says(CARLA, Rate(4, "Quick.")).result is Result.APPLIED
    rated_at = life.now
    assert life.says(CARLA, Rate(4, "Quick.")).rule == Rule.NOTHING_CHANGES
    life.passes(DAY - MINUTE)
    assert life.says(CARLA, Rate(5)).result is Result.APPLIED
    changed = life.events(EventKind.RERATED)[0]
    assert (changed.before, changed.after) == ({"score": 4, "comment": "Quick."}, {"score": 5, "comment": None})
    assert not life.incident.has_ended
    life.passes(MINUTE)
    assert life.incident.has_ended
    assert life.says(CARLA, Rate(1)).rule == Rule.NO_SURVEY
    assert (life.facts.survey, life.facts.score, life.facts.rated_at) == (SurveyState.ANSWERED, 5, rated_at)
    assert LetterName.SURVEY_REMINDER not in life.letters()


@pytest.mark.parametrize(("score", "is_told"), [(1, True), (2, True), (3, False), (5, False)])
def test_a_low_score_is_told_to_the_lead(score: int, is_told: bool) -> None:
    """1 or 2 tells the group lead, with the comment (S13)."""
    life = answered(asked())
    life.says(CARLA, Rate(score, "It took a week."))
    assert [(owed.letter, owed.addressees, owed.facts.score, owed.facts.text) for owed in life.incident.letters] == (
        [(LetterName.LOW_SCORE, ("service-desk",), score, "It took a week.")] if is_told else []
    )


@pytest.mark.parametrize("why", Withheld)
def test_whoever_is_not_to_be_asked_is_left_in_peace(why: Withheld) -> None:
    """The record says no: the reason stands on the timeline, and the incident ends (S13)."""
    life = answered(closed(), why)
    assert life.incident.has_ended
    assert life.facts.survey is SurveyState.WITHHELD
    assert life.passes(30 * DAY).facts.surveyed_at is None


def test_a_record_that_is_away_holds_back_the_question() -> None:
    """Nobody is asked before the record has admitted it; then at once, with the full time for an answer (S9, S13)."""
    life = closed().passes(3 * HOUR)
    assert life.facts.survey is SurveyState.DRAWN
    assert life.incident.next_deadline is None
    answered(life).passes(timedelta(0))
    event = life.events(EventKind.SURVEY_ASKED)[0]
    assert (event.planned_at, event.at, event.after["late_seconds"]) == (life.now - 2 * HOUR, life.now, 7200)
    assert life.facts.due[-1].at == life.now + 14 * DAY


def test_after_an_outage_over_the_end_it_is_over() -> None:
    """A reminder that the end has overtaken sends nothing (S9)."""
    life = asked()
    letters = len(life.letters())
    life.sleeps(20 * DAY)
    assert life.facts.survey is SurveyState.EXPIRED
    assert len(life.events(EventKind.REMINDER_MERGED)) == 1
    assert len(life.letters()) == letters


def test_an_answer_sent_in_time_counts_although_no_worker_ran() -> None:
    """What was said before the end is taken in before the end is noticed (S9)."""
    life = asked()
    sent_at = life.now + DAY
    life.now += 30 * DAY
    receive(life.incident, Sent("late", CARLA, sent_at, Rate(3)), life.now)
    assert life.incident.outcomes["late"].result is Result.APPLIED
    assert life.facts.rated_at == sent_at


@pytest.mark.parametrize("message", [Note("x"), Reopen("again"), Confirm(), FIXED, Cancel(CancelReason.TEST)])
def test_nothing_else_can_happen(message: Message) -> None:
    """While the survey is out, closed is final for everything but the answer (S12, S13)."""
    life = asked()
    who = CARLA if isinstance(message, Confirm | Reopen) else ASHA
    before = replace(life.facts, version=0, changed_at=None)
    assert life.says(who, message).rule == Rule.CLOSED_IS_FINAL
    assert replace(life.facts, version=0, changed_at=None) == before


def test_only_the_one_who_was_asked_can_answer() -> None:
    """Neither the desk nor somebody else, nor whoever reported it for the caller (S13, S22)."""
    reporter = replace(STRANGER, id="rita")
    life = Life(Report("Printer is jammed", category="printing", affected="carla"), reporter=reporter, at=WEDNESDAY)
    life.says(ASHA, FIXED)
    life.says(CARLA, Confirm())
    answered(life.passes(10 * MINUTE)).passes(HOUR)
    for who in (ASHA, STRANGER, reporter):
        assert life.says(who, Rate(5)).rule == Rule.NOT_PERMITTED
    assert life.says(CARLA, Rate(5)).result is Result.APPLIED


def test_nobody_rates_what_is_not_asked() -> None:
    """Before closure, before the question is out, and after cancellation there is nothing to rate."""
    life = Life(at=WEDNESDAY)
    assert life.says(CARLA, Rate(5)).rule == Rule.NO_SURVEY
    life.says(ASHA, FIXED)
    assert life.says(CARLA, Rate(5)).rule == Rule.NO_SURVEY
    assert closed().says(CARLA, Rate(5)).rule == Rule.NO_SURVEY
    cancelled = Life(at=WEDNESDAY)
    cancelled.says(ASHA, Cancel(CancelReason.TEST))
    assert cancelled.says(CARLA, Rate(5)).rule == Rule.CLOSED_IS_FINAL


def test_an_undelivered_question_was_never_asked() -> None:
    """The survey ends, and does not count as unanswered; a failed reminder ends nothing (S13, S14)."""
    life = asked()
    for number, (letter, state) in enumerate([("survey_reminder", SurveyState.ASKED), ("survey", SurveyState.UNDELIVERED)]):
        receive(life.incident, Sent(f"undeliverable:{number}", SYSTEM, life.now, ReportUndeliverable(letter, 1, "carla")), life.now)
        assert life.facts.survey is state
    assert life.incident.has_ended
    assert len(life.events(EventKind.LETTER_FAILED)) == 2


def test_a_question_that_may_have_arrived_can_be_answered() -> None:
    """Nobody knows whether the survey arrived: it goes on, and a mark counts (S13, S14)."""
    life = asked()
    unsure = ReportUndeliverable("survey", 1, "carla", may_have_arrived=True)
    receive(life.incident, Sent("undeliverable:1", SYSTEM, life.now, unsure), life.now)
    assert life.facts.survey is SurveyState.ASKED
    life.says(CARLA, Rate(4))
    assert life.facts.survey is SurveyState.ANSWERED


def test_a_confirmation_that_fails_after_closure_changes_nothing() -> None:
    """It is on the timeline, and the survey goes on."""
    life = asked()
    due = life.facts.due
    failed = ReportUndeliverable("resolved", 1, "carla", asks_for_confirmation=True)
    receive(life.incident, Sent("undeliverable:1", SYSTEM, life.now, failed), life.now)
    assert (life.facts.due, life.facts.confirmation_undeliverable) == (due, False)


def test_who_is_always_asked() -> None:
    """P1, P2 and reopened ones without a lot; service requests and cancelled ones never; earlier editions nobody (S1, S13)."""
    _draw(0)
    assert closed().incident.has_ended
    grave = closed(**P1)
    assert (grave.facts.priority, grave.facts.survey) == (Priority.P1, SurveyState.DRAWN)
    reopened = Life(at=WEDNESDAY)
    reopened.says(ASHA, FIXED)
    reopened.says(CARLA, Reopen("still"))
    reopened.says(ASHA, FIXED)
    reopened.says(CARLA, Confirm())
    assert reopened.passes(10 * MINUTE).facts.survey is SurveyState.DRAWN
    assert closed(kind=Kind.SERVICE_REQUEST, **P1).incident.has_ended
    assert closed(at=TUESDAY, **P1).incident.has_ended


def test_always_asked_means_before_the_lot_and_the_first_cap() -> None:
    """A grave incident is bound by the hard cap only (S13)."""
    usual, grave = (life.incident.publication().surveying for life in (closed(), closed(**P1)))
    assert usual is not None
    assert grave is not None
    assert [(cap.within.days, cap.most) for cap in usual.caps] == [(14, 1), (30, 3)]
    assert [(cap.within.days, cap.most) for cap in grave.caps] == [(30, 3)]


async def _closed_on_a_server(desk: Desk) -> WorkflowHandle[Any, Closure]:
    incident = await desk.report(CARLA, Report("Printer is jammed", category="printing"), EDITION)
    await desk.says(incident, ASHA, FIXED)
    await desk.says(incident, CARLA, Confirm(1))
    await desk.passes(incident, 11 * MINUTE)
    await desk.settles(incident)
    return incident


async def test_the_stage_on_a_real_server(desk: Desk) -> None:
    """Asked after an hour, answered, changed, ended after a day; other commands are refused meanwhile and the record is complete."""
    incident = await _closed_on_a_server(desk)
    assert desk.shelf.facts[incident.id].status is Status.CLOSED
    await desk.passes(incident, HOUR)
    await desk.settles(incident)
    ids = [await desk.says(incident, who, what) for who, what in [(CARLA, Rate(2)), (ASHA, Note("late")), (CARLA, Rate(4))]]
    await desk.settles(incident)
    await desk.passes(incident, 2 * DAY)
    closure = await incident.result()
    facts = desk.shelf.facts[closure.number]
    assert (closure.status, facts.survey, facts.score) == (Status.CLOSED, SurveyState.ANSWERED, 4)
    assert [desk.shelf.outcomes[name].result for name in ids] == [Result.APPLIED, Result.REFUSED, Result.APPLIED]
    assert sorted(desk.shelf.events[closure.number]) == list(range(1, facts.version + 1))


async def test_silence_on_a_real_server(desk: Desk) -> None:
    """Reminder and end come by their timers, and the workflow ends."""
    incident = await _closed_on_a_server(desk)
    await desk.passes(incident, 20 * DAY)
    closure = await incident.result()
    kinds = [event.kind for _, event in sorted(desk.shelf.events[closure.number].items())]
    assert kinds[-4:] == [EventKind.CLOSED, EventKind.SURVEY_ASKED, EventKind.SURVEY_REMINDED, EventKind.SURVEY_ENDED]


async def test_where_nobody_is_asked_it_ends_at_closure(desk: Desk) -> None:
    """No lot, no stage: the workflow is over with the closure."""
    _draw(0)
    incident = await _closed_on_a_server(desk)
    assert (await incident.result()).status is Status.CLOSED
    assert desk.shelf.facts[incident.id].survey is None
