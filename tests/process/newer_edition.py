"""A desk with a newer edition in which much is different: budgets, thresholds, calendar, ladder and closing dates."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from workflows.calendars import workdays
from workflows.policies.book import HOLDFAST, Book, adopt
from workflows.policies.dated import Dated
from workflows.policies.escalation_ladders import Step
from workflows.policies.service_levels import within, within_days
from workflows.policies.working_calendars import WorkingCalendars
from workflows.vocabulary import Audience, Priority

OLD, NEW = "2026-01-01", "2026-06-01"
P1, P2, P3, P4, P5 = Priority
MINUTE = timedelta(minutes=1)
_OFFICE = replace(HOLDFAST.calendars[0].rule["office"], week=workdays("08:00-12:00", "12:30-16:30"))


def with_rules(**subjects: Any) -> Book:
    """The desk's first edition, and a newer one with these rules instead; later ones of the desk are left out."""
    first = {name: (getattr(HOLDFAST, name)[0],) for name in HOLDFAST.__dataclass_fields__}
    for name, rule in subjects.items():
        first[name] = (*first[name], Dated(date.fromisoformat(NEW), rule, "for tests only"))
    return Book(**first)


def first_rule(subject: str) -> Any:
    """What the first edition says about a subject."""
    return getattr(HOLDFAST, subject)[0].rule


LEVELS = replace(
    first_rule("service_levels"),
    response={P1: within("always", minutes=10), P2: within("always", hours=2), P3: within("office", hours=2), P4: within_days("office", 2)},
    resolution={
        P1: within("always", hours=9),
        P2: within("always", hours=3),
        P3: within_days("office", 2),
        P4: within_days("office", 9),
        P5: within_days("office", 4),
    },
    tells={60: (Audience.ASSIGNEE,), 75: (Audience.GROUP_LEAD,), 100: (Audience.GROUP_LEAD, Audience.INCIDENT_MANAGER)},
)
CLOSURE = replace(
    first_rule("closure"),
    confirmation_reminders_after_days=(1, 3, 5),
    automatic_closure_after_days=7,
    question_reminders_after_days=(3,),
    no_answer_after_days=8,
    undo_period=timedelta(minutes=25),
)
_LADDERS = first_rule("escalation")
_URGENT = replace(
    _LADDERS.ladders[0],
    steps=(Step(7 * MINUTE, Audience.GROUP), Step(12 * MINUTE, Audience.GROUP_LEAD), Step(40 * MINUTE, Audience.INCIDENT_MANAGER)),
    silence_after_acknowledgement=timedelta(hours=2),
)
LADDERS = replace(_LADDERS, ladders=(_URGENT, *_LADDERS.ladders[1:]))
CALENDARS = WorkingCalendars({**first_rule("calendars").by_name, "office": _OFFICE})
BOOK = with_rules(service_levels=LEVELS, closure=CLOSURE, escalation=LADDERS, calendars=CALENDARS)


@contextmanager
def works_by(book: Book) -> Iterator[None]:
    """The desk works by that book for a while."""
    adopt(book)
    try:
        yield
    finally:
        adopt(HOLDFAST)
