"""A rule that is wrong says so when it is imported, in words a process owner understands, and never comes into force."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from workflows.calendars import Calendar, workdays
from workflows.policies.assignment_rules import AssignmentRules
from workflows.policies.book import HOLDFAST
from workflows.policies.correspondence import Correspondence
from workflows.policies.dated import Dated
from workflows.policies.escalation_ladders import EscalationLadders, Ladder, Step
from workflows.policies.priority_matrix import PriorityMatrix
from workflows.policies.roles import Permissions
from workflows.policies.service_levels import Target, within
from workflows.policies.survey_rules import Cap
from workflows.policies.working_calendars import WorkingCalendars
from workflows.vocabulary import Audience, EventKind, LetterName, Priority, Role, Scope

TODAY = HOLDFAST.edition("2026-01-01")
SURVEY = HOLDFAST.survey[-1].rule
P1, P2, P3, P4, P5 = Priority
STEP = Step(timedelta(minutes=5), Audience.GROUP)
LADDER = Ladder("urgent", frozenset({P1}), (STEP,))
DAY = date(2027, 1, 1)


def _book(**subjects: Any) -> Any:
    """The desk's book with one later rule for each subject named."""
    later = {name: (*getattr(HOLDFAST, name), Dated(DAY, rule, "a decision")) for name, rule in subjects.items()}
    return replace(HOLDFAST, **later)


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "a hole in the matrix": (
        lambda: PriorityMatrix({1: (P1, P2, P3), 3: (P3, P4, P5)}, P4),
        "the priority matrix has a hole: impact 2 (significant) needs a priority for urgency 1, 2 and 3, and has 0.",
    ),
    "a row that is too short": (
        lambda: PriorityMatrix({1: (P1, P2, P3), 2: (P2, P3), 3: (P3, P4, P5)}, P4),  # type: ignore[dict-item]
        "impact 2 (significant) needs a priority for urgency 1, 2 and 3, and has 2.",
    ),
    "an impact there is not": (
        lambda: PriorityMatrix(dict.fromkeys((1, 2, 3, 4), (P1, P2, P3)), P4),
        "priority matrix: there is no impact '4'; there are: 1, 2, 3.",
    ),
    "a priority there is not": (
        lambda: PriorityMatrix({1: (P1, P2, "P33"), 2: (P2, P3, P4), 3: (P3, P4, P5)}, P4),  # type: ignore[dict-item]
        "priority matrix: there is no priority 'P33'; did you mean 'P3'?",
    ),
    "a ladder without an end": (
        lambda: replace(LADDER, rounds=1000),
        "ladder 'urgent': rounds must be from 1 to 10, then the fallback owner is told",
    ),
    "a ladder without a step": (lambda: replace(LADDER, steps=()), "ladder 'urgent': give at least one step, each after the one before it"),
    "a ladder nobody climbs": (
        lambda: replace(LADDER, priorities=frozenset()),
        "ladder 'urgent': name the priorities that climb it; without any nobody ever does.",
    ),
    "ladders without a last resort": (
        lambda: EscalationLadders((LADDER,), " ", {}),
        "escalation ladders need a fallback owner: the person who is told when nobody else is reached",
    ),
    "two ladders for one priority": (
        lambda: EscalationLadders((LADDER, replace(LADDER, name="other")), "ines", {}),
        "two ladders are for P1, and only the first would ever be climbed: give each priority one ladder.",
    ),
    "a step to a rota without its name": (lambda: Step(timedelta(0), Audience.ON_CALL), "a step to 'on_call' needs who=..."),
    "a letter that does not exist, in a step": (
        lambda: Step(timedelta(0), Audience.GROUP, letter="escalatoin"),  # type: ignore[arg-type]
        "a step of a ladder: there is no letter 'escalatoin'; did you mean 'escalation'?",
    ),
    "a letter that does not exist": (
        lambda: Correspondence({EventKind.REPORTED: (("recieved", Audience.CALLER),)}),  # type: ignore[dict-item]
        "correspondence, reported: there is no letter 'recieved'; did you mean 'received'?",
    ),
    "a reader that does not exist": (
        lambda: Correspondence({EventKind.REPORTED: ((LetterName.RECEIVED, "boss"),)}),  # type: ignore[dict-item]
        "correspondence, reported: there is no reader 'boss'; there are: assignee, caller,",
    ),
    "a letter to a rota without its name": (
        lambda: _book(correspondence=Correspondence({EventKind.CLOSED: ((LetterName.CLOSED, Audience.ON_CALL),)})),
        "correspondence, closed: 'closed' to a rota or a named person needs a name; only a ladder can give one.",
    ),
    "a reader of warnings that does not exist": (
        lambda: replace(TODAY.service_levels, tells={75: ("group_leed",)}),
        "service levels, 75 percent: there is no reader 'group_leed'; did you mean 'group_lead'?",
    ),
    "one reader of a breach without a comma": (
        lambda: replace(TODAY.service_levels, tells={100: (Audience.ASSIGNEE)}),
        "service levels, 100 percent: ('assignee') is one word, not a list; a list of one is written ('assignee',) with a comma.",
    ),
    "a warning to a rota without its name": (
        lambda: _book(service_levels=replace(TODAY.service_levels, tells={75: (Audience.ON_CALL,)})),
        "service levels, 75 percent: 'threshold' to a rota or a named person needs a name; only a ladder can give one.",
    ),
    "a breach told to a rota without its name": (
        lambda: _book(service_levels=replace(TODAY.service_levels, tells={100: (Audience.GROUP_LEAD, Audience.NAMED_PERSON)})),
        "service levels, 100 percent: 'breach' to a rota or a named person needs a name; only a ladder can give one.",
    ),
    "a reader of low scores that does not exist": (
        lambda: Correspondence({}, low_score=((LetterName.LOW_SCORE, "leed"),)),  # type: ignore[arg-type]
        "correspondence, a low score: there is no reader 'leed'; there are: assignee, caller,",
    ),
    "a low score told to a rota without its name": (
        lambda: _book(correspondence=Correspondence({}, low_score=((LetterName.LOW_SCORE, Audience.ON_CALL),))),
        "correspondence, a low score: 'low_score' to a rota or a named person needs a name; only a ladder can give one.",
    ),
    "a reader of reopenings that does not exist": (
        lambda: EscalationLadders((), "ines", {2: "leed"}),  # type: ignore[dict-item]
        "escalation ladders, reopening: there is no reader 'leed'; there are: assignee, caller,",
    ),
    "a reopening told to a rota without its name": (
        lambda: _book(escalation=EscalationLadders((LADDER,), "ines", {2: Audience.ON_CALL})),
        "escalation ladders, reopening 2: 'escalation' to a rota or a named person needs a name; only a ladder can give one.",
    ),
    "a survey of more than all": (
        lambda: replace(SURVEY, percent=150),
        "survey rules: percent is a share of the incidents from 0 to 100; it is 150.",
    ),
    "a survey of a kind there is not": (
        lambda: replace(SURVEY, kinds=frozenset({"incidnt"})),
        "survey rules: there is no kind of incident 'incidnt'; did you mean 'incident'?",
    ),
    "a low score beyond the best one": (
        lambda: replace(SURVEY, low_score=6),
        "survey rules: a low score is from 1 to 5, or 0 where none is low; it is 6.",
    ),
    "a survey without time to answer": (
        lambda: replace(SURVEY, expires_after=timedelta(0)),
        "survey rules: delay and change_of_mind cannot be less than nothing, and expires_after is more than nothing.",
    ),
    "a survey's reminder after its end": (
        lambda: replace(SURVEY, reminder_after_days=15),
        "survey rules: a reminder after 15 days does not come within the 14 days to answer.",
    ),
    "a cap of less than nothing": (
        lambda: Cap(timedelta(days=14), most=-1),
        "survey rules: a cap says how many surveys within how long: most is 0 or more, within is more than nothing.",
    ),
    "one cap without a comma": (
        lambda: replace(SURVEY, caps=Cap(timedelta(days=14), most=1)),
        "survey rules, caps: it is no list; a list of one is written (...,) with a comma.",
    ),
    "overlapping hours": (
        lambda: Calendar("office", "UTC", workdays("09:00-13:00", "12:00-17:00"), timedelta(hours=8)),
        "calendar 'office': the spans of MONDAY overlap or are out of order",
    ),
    "a calendar that is never open": (
        lambda: Calendar("office", "UTC", {}, timedelta(hours=8)),
        "calendar 'office' is never open: give at least one span on one weekday",
    ),
    "a zone that does not exist": (
        lambda: Calendar("office", "Europe/Istambul", workdays("09:00-17:00"), timedelta(hours=8)),
        "calendar 'office': there is no time zone 'Europe/Istambul'; zones are named like Europe/Istanbul",
    ),
    "a working day without work": (
        lambda: Calendar("office", "UTC", workdays("09:00-17:00"), timedelta(0)),
        "calendar 'office': a working day has more than no and at most 24 hours of working time",
    ),
    "a calendar the closure rules name in vain": (
        lambda: _book(closure=replace(TODAY.closure, calendar="offise")),
        "closure rules: there is no calendar 'offise'; did you mean 'office'?",
    ),
    "a calendar the service levels name in vain": (
        lambda: _book(service_levels=replace(TODAY.service_levels, response={P1: within("always on", minutes=5)})),
        "service levels: there is no calendar 'always on'; did you mean 'always'?",
    ),
    "a calendar the survey rules name in vain": (
        lambda: _book(survey=replace(SURVEY, calendar="offise")),
        "survey rules: there is no calendar 'offise'; did you mean 'office'?",
    ),
    "a calendar a ladder names in vain": (
        lambda: _book(
            escalation=EscalationLadders((replace(LADDER, steps=(replace(STEP, only_during="nights"),)),), "ines", {}),
        ),
        "ladder 'urgent': there is no calendar 'nights'; there are: always, office.",
    ),
    "a calendar taken away from under the others": (
        lambda: _book(calendars=WorkingCalendars({"office": TODAY.calendars["office"]})),
        "service levels: there is no calendar 'always'; there are: office.",
    ),
    "a supplier that is no group": (
        lambda: _book(service_levels=replace(TODAY.service_levels, suppliers=frozenset({"hardware-vendr"}))),
        "service levels, suppliers: there is no group 'hardware-vendr'; did you mean 'hardware-vendor'?",
    ),
    "groups of a category that does not exist": (
        lambda: replace(TODAY.assignment, groups={"printng": ("service-desk",)}),
        "assignment rules, groups: there is no category 'printng'; did you mean 'printing'?",
    ),
    "a category nobody serves": (
        lambda: replace(TODAY.assignment, groups={"printing": ()}),
        "assignment rules: nobody serves 'printing'; name its groups from the first level up, or leave the line out.",
    ),
    "a service nobody serves": (
        lambda: replace(TODAY.assignment, services={"erp": ()}),
        "assignment rules: nobody serves 'erp'; name its groups from the first level up, or leave the line out.",
    ),
    "a group of a service without its comma": (
        lambda: replace(TODAY.assignment, services={"erp": ("applications")}),
        "assignment rules, erp: ('applications') is one word, not a list; a list of one is written ('applications',) with a comma.",
    ),
    "a list of one without its comma": (
        lambda: AssignmentRules(categories={}, groups={"printing": ("service-desk")}, otherwise=()),  # type: ignore[dict-item]
        "assignment rules, printing: ('service-desk') is one word, not a list; a list of one is written ('service-desk',) with a comma.",
    ),
    "a message nobody can send": (
        lambda: Permissions({"resolv": {Role.AGENT: Scope.ANY}}),
        "roles: there is no message 'resolv'; did you mean 'resolve'?",
    ),
    "a role there is not": (
        lambda: Permissions({"resolve": {"agents": Scope.ANY}}),  # type: ignore[dict-item]
        "roles, resolve: there is no role 'agents'; did you mean 'agent'?",
    ),
    "a reminder after the end": (
        lambda: replace(TODAY.closure, confirmation_reminders_after_days=(2, 6)),
        "closure rules, silence after a solution: reminders after 2, 6 days and the end after 5 must come one after the other, the end last.",
    ),
    "reminders in the wrong order": (
        lambda: replace(TODAY.closure, question_reminders_after_days=(4, 2)),
        "closure rules, no answer to a question: reminders after 4, 2 days and the end after 6 must come one after the other, the end last.",
    ),
    "reminders in the wrong order, without an end": (
        lambda: replace(TODAY.closure, question_reminders_after_days=(4, 2), no_answer_after_days=None),
        "closure rules, no answer to a question: reminders after 4, 2 days must come one after the other, each after more than 0 days.",
    ),
    "a code that is not in the list": (
        lambda: replace(TODAY.closure, no_answer_code="silence"),
        "closure rules, code of an unanswered question: there is no resolution code 'silence'; there are: advice,",
    ),
    "a target of nothing": (lambda: within("office", hours=0), "a target must be more than nothing"),
    "a target of two kinds": (
        lambda: Target("office", timedelta(hours=1), 1),
        "a target has either a time or a number of working days",
    ),
    "a threshold beyond the budget": (
        lambda: replace(TODAY.service_levels, tells={150: (Audience.ASSIGNEE,)}),
        "a threshold is a share of the budget from 1 to 100 percent: [150]",
    ),
    "one reminder without a comma": (
        lambda: replace(TODAY.closure, confirmation_reminders_after_days=4),
        "closure rules, silence after a solution: (4) is one number, not a list; a list of one is written (4,) with a comma.",
    ),
    "two rules from one day": (
        lambda: replace(HOLDFAST, closure=(HOLDFAST.closure[0], HOLDFAST.closure[0])),
        "closure: the rule valid from 2026-01-01 stands after the one valid from 2026-01-01; each needs a later day than the one before it.",
    ),
    "rules in the wrong order": (
        lambda: replace(HOLDFAST, closure=(Dated(DAY, TODAY.closure, "x"), *HOLDFAST.closure)),
        "closure: the rule valid from 2026-01-01 stands after the one valid from 2027-01-01; each needs a later day than the one before it.",
    ),
    "a subject without rules": (
        lambda: replace(HOLDFAST, closure=()),
        "closure: there is no rule; EDITIONS needs at least one Dated(...) entry.",
    ),
    "a moment instead of a day": (
        lambda: Dated(datetime(2027, 1, 1), TODAY.closure, "x"),  # noqa: DTZ001 -- the slip itself
        "valid_from is a day, written date(2027, 1, 1); it is datetime.datetime(2027, 1, 1, 0, 0)",
    ),
    "a rule nobody decided": (
        lambda: Dated(DAY, TODAY.closure, ""),
        "the rule valid from 2027-01-01 needs a reference to what was decided, for whoever asks why.",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_says_what_is_wrong(name: str) -> None:
    """Each slip is refused at import with a sentence that names the rule, the slip, and what to write instead."""
    make, says = WRONG[name]
    with pytest.raises((ValueError, TypeError)) as refused:
        make()
    assert says in str(refused.value)
