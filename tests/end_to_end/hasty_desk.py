"""The desk's own policies, but every date falls due within seconds, so that a test sees whole lives and many deadlines."""

from dataclasses import replace
from datetime import timedelta

from workflows.policies.book import HOLDFAST
from workflows.policies.dated import Dated

SECOND = 1 / timedelta(days=1).total_seconds()  # of the working day of the calendar "always"

BOOK = replace(
    HOLDFAST,
    closure=[
        Dated(
            dated.valid_from,
            replace(
                dated.rule,
                calendar="always",
                confirmation_reminders_after_days=(4 * SECOND, 8 * SECOND),
                automatic_closure_after_days=12 * SECOND,
                question_reminders_after_days=(4 * SECOND, 8 * SECOND),
                no_answer_after_days=12 * SECOND,
                undo_period=timedelta(seconds=2),
            ),
            "for tests only",
        )
        for dated in HOLDFAST.closure
    ],
)
