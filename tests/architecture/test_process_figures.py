"""PROCESS.md states figures of the rules in words; they are those of the edition that it names (design rule 6)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from workflows.policies.book import HOLDFAST, Edition
from workflows.policies.service_levels import Target
from workflows.vocabulary import Priority

TEXT = (Path(__file__).resolve().parents[2] / "workflows/PROCESS.md").read_text(encoding="utf-8")
STEPS = " ".join(TEXT.partition("# How to change a rule")[0].split()).replace("**", "")
_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
# Numbers that are no figure of a rule: sections, steps, priorities, the example of a number, the end of a scale.
_NO_FIGURE = r"INC-\d+-\d|S\d+|P\d|steps? \d+(?: to \d+)?|## \d+\.|\d{4}-\d\d-\d\d|Impact 1 with urgency 1|a mark from 1 to 5"


def test_the_figures_are_those_of_the_edition_it_names() -> None:
    """Whoever reads a figure in PROCESS.md finds it in that edition, and no other figure is there."""
    named = re.search(r"those of the edition (\d{4}-\d\d-\d\d)", STEPS)
    assert named, "PROCESS.md must say of which edition its figures are."
    assert HOLDFAST.has_in_force(named[1], datetime.now(UTC)), f"PROCESS.md names the edition {named[1]}, which there is not, or not yet."
    left = STEPS
    for phrase in _stated(HOLDFAST.edition(named[1])):
        assert phrase in left, f"PROCESS.md says something else than the edition {named[1]}: write {phrase!r}."
        left = left.replace(phrase, "")
    unknown = re.findall(r"\S+ \S*\d\S* \S+", re.sub(_NO_FIGURE, "", left, flags=re.IGNORECASE))
    assert not unknown, f"{unknown}: no test holds these figures of PROCESS.md; add them to _stated."


def _stated(edition: Edition) -> Iterator[str]:
    """Every figure as the document words it."""
    levels, closure, survey = edition.service_levels, edition.closure, edition.survey
    p1, p2, p3, p4, p5 = ((levels.response[each], levels.resolution[each]) for each in Priority)
    yield f"P1 {_in_words(p1[0])} and {_in_words(p1[1])}, P2 {_in_words(p2[0])} and {_in_words(p2[1])}, around the clock"
    yield f"P3 {_in_words(p3[0])} and {_in_words(p3[1])}, P4 {_days(p4[0])} and {_days(p4[1])}, P5 {_days(p5[0])} and {_in_words(p5[1])}, in office hours"
    assert {target.calendar for target in (*p1, *p2)} == {"always"}
    assert {target.calendar for target in (*p3, *p4, *p5)} == {"office"}
    first, second, last = levels.thresholds
    assert last == 100
    yield f"Warnings at {first} percent to the assignee and at {second} also"
    yield f"reminders after {_list(closure.question_reminders_after_days)} working days, resolved as *{closure.no_answer_code}* after {closure.no_answer_after_days:g}"
    yield f"reminders after {_list(closure.confirmation_reminders_after_days)} working days, closed after {closure.automatic_closure_after_days:g}"
    yield f"an undo period of {closure.undo_period // timedelta(minutes=1)} minutes"
    yield f"reminded after {_list(edition.approvals.reminders_after_days)} working days"
    (rounds,) = {ladder.rounds for ladder in edition.escalation.ladders}
    yield f"at most {_WORDS[rounds]} rounds"
    urgent, important = edition.escalation.ladders
    assert (urgent.priorities, important.priorities) == ({Priority.P1}, {Priority.P2})
    assert (urgent.silence_after_acknowledgement, important.silence_after_acknowledgement) == (timedelta(hours=1), None)
    yield "For P1, an hour of silence"
    assert sorted(edition.escalation.reopening) == [2, 3]
    yield "The second reopening is told to the group's lead, the third and later ones"
    assert (survey.percent, survey.always_asked, survey.delay) == (50, {Priority.P1, Priority.P2}, timedelta(hours=1))
    yield "P1, P2, reopened and major incidents are always asked about, of the others half"
    yield "one hour after closure"
    lot, everybody = survey.caps
    yield f"at most {_WORDS[lot.most]} in {lot.within.days} days, and at most {_WORDS[everybody.most]} in {everybody.within.days} days"
    yield f"One reminder after {survey.reminder_after_days:g} working days, the end after {survey.expires_after.days} days"
    yield f"changed for {survey.change_of_mind // timedelta(hours=1)} hours"
    yield f"{' or '.join(str(score) for score in range(1, survey.low_score + 1))} is told to the group lead"


def _in_words(target: Target) -> str:
    if target.working_days is not None:
        return f"{target.working_days:g} working days"
    minutes = (target.time or timedelta(0)) // timedelta(minutes=1)
    return f"{minutes} minutes" if minutes % 60 else f"{minutes // 60} hours"


def _days(target: Target) -> str:
    return f"{target.working_days:g}"


def _list(days: tuple[float, ...]) -> str:
    return " and ".join(f"{each:g}" for each in days)
