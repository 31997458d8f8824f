"""The desk's own policies in a hurry: what takes days there takes seconds here, so that every kind of date falls due while things crash."""

from dataclasses import replace
from datetime import timedelta

from workflows.policies.book import HOLDFAST
from workflows.policies.dated import Dated
from workflows.policies.service_levels import within
from workflows.vocabulary import Audience

UNDO, REMINDER, CLOSURE = timedelta(seconds=1), timedelta(seconds=8), timedelta(seconds=20)
QUESTION_REMINDER, NO_ANSWER = timedelta(seconds=3), timedelta(seconds=6)
RESPONSE = timedelta(seconds=15)
_DAY = timedelta(days=1)
_WHY = "for tests only"

BOOK = replace(
    HOLDFAST,
    closure=[
        Dated(
            dated.valid_from,
            replace(
                dated.rule,
                calendar="always",
                undo_period=UNDO,
                confirmation_reminders_after_days=(REMINDER / _DAY,),
                automatic_closure_after_days=CLOSURE / _DAY,
                question_reminders_after_days=(QUESTION_REMINDER / _DAY,),
                no_answer_after_days=NO_ANSWER / _DAY,
            ),
            _WHY,
        )
        for dated in HOLDFAST.closure
    ],
    service_levels=[
        Dated(
            dated.valid_from,
            replace(
                dated.rule,
                response=dict.fromkeys(dated.rule.response, within("always", minutes=RESPONSE / timedelta(minutes=1))),
                tells={100: (Audience.GROUP_LEAD,)},
            ),
            _WHY,
        )
        for dated in HOLDFAST.service_levels
    ],
)
