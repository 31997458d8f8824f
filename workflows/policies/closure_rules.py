"""Resolution, confirmation, silence and closure (process.md S11)."""

from dataclasses import dataclass
from datetime import date, timedelta

from workflows.policies.dated import Dated


@dataclass(frozen=True)
class ClosureRules:
    """Days are working days of ``calendar``, counted from *resolved* or from *put on hold*, never from the last update."""

    calendar: str
    confirmation_reminders_after_days: tuple[float, ...]
    automatic_closure_after_days: float
    undo_period: timedelta
    question_reminders_after_days: tuple[float, ...]
    no_answer_after_days: float | None
    resolution_codes: tuple[str, ...]
    no_answer_code: str = "no answer"


EDITIONS = (
    Dated(
        valid_from=date(2026, 1, 1),
        rule=ClosureRules(
            calendar="office",
            confirmation_reminders_after_days=(2, 4),
            automatic_closure_after_days=5,
            undo_period=timedelta(minutes=10),
            question_reminders_after_days=(2, 4),
            no_answer_after_days=6,
            resolution_codes=("fixed", "workaround", "advice", "replaced", "third party", "not reproducible", "no answer"),
        ),
        reference="process.md S11",
    ),
)
