"""Resolution, confirmation, silence and closure (process.md S11)."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_a_list, must_be_known, must_go_forward


@dataclass(frozen=True)
class ClosureRules:
    """Days are working days of ``calendar``, counted from *resolved* or from *put on hold*, never from the last update.

    ``undo_during_hold``: "still broken" can be taken back also while the incident has been put on hold since; that ends the hold.
    """

    calendar: str
    confirmation_reminders_after_days: tuple[float, ...]
    automatic_closure_after_days: float
    undo_period: timedelta
    question_reminders_after_days: tuple[float, ...]
    no_answer_after_days: float | None
    resolution_codes: tuple[str, ...]
    no_answer_code: str = "no answer"
    undo_during_hold: bool = False

    def __post_init__(self) -> None:
        must_be_a_list(self.resolution_codes, "closure rules, resolution codes")
        must_go_forward(
            self.confirmation_reminders_after_days, self.automatic_closure_after_days, "closure rules, silence after a solution"
        )
        must_go_forward(self.question_reminders_after_days, self.no_answer_after_days, "closure rules, no answer to a question")
        if self.undo_period < timedelta(0):
            raise ValueError("closure rules: an undo period cannot end before it begins.")
        if self.resolution_codes and self.no_answer_after_days is not None:
            must_be_known([self.no_answer_code], self.resolution_codes, "resolution code", "closure rules, code of an unanswered question")


_FIRST = ClosureRules(
    calendar="office",
    confirmation_reminders_after_days=(2, 4),
    automatic_closure_after_days=5,
    undo_period=timedelta(minutes=10),
    question_reminders_after_days=(2, 4),
    no_answer_after_days=6,
    resolution_codes=("fixed", "workaround", "advice", "replaced", "third party", "not reproducible", "no answer"),
)

EDITIONS = (
    Dated(
        valid_from=date(2026, 1, 1),
        rule=_FIRST,
        reference="process.md S11",
    ),
    Dated(
        valid_from=date(2026, 11, 26),
        rule=replace(_FIRST, undo_during_hold=True),
        reference="process.md S11: the later answer wins inside the undo period",
    ),
)
