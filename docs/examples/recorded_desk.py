"""The policies of another desk, exchanged as a whole: ``holdfast replay FILE --policies docs/examples/recorded_desk.py``.

The desk whose incidents were recorded in 2016 had rules of its own: low impact with low urgency was P4, a resolved incident closed 5 x 24 hours later
without reminders, its own people closed incidents for callers, dispatchers chose every group, and codes were free. Its one service level
was counted from opened to closed on weekdays from 14:00 to 23:00, and nothing stopped the clock.
"""

from datetime import date, timedelta

from workflows.calendars import ALWAYS, Calendar, workdays
from workflows.messages import COMMANDS
from workflows.policies.approval_rules import ApprovalRules
from workflows.policies.assignment_rules import AssignmentRules
from workflows.policies.book import Book
from workflows.policies.closure_rules import ClosureRules
from workflows.policies.correspondence import Correspondence
from workflows.policies.dated import Dated
from workflows.policies.escalation_ladders import EscalationLadders
from workflows.policies.priority_matrix import PriorityMatrix
from workflows.policies.roles import Permissions
from workflows.policies.service_levels import ServiceLevels, within
from workflows.policies.survey_rules import NOBODY_IS_ASKED
from workflows.policies.working_calendars import WorkingCalendars
from workflows.vocabulary import Priority, Role, Scope

P1, P2, P3, P4, P5 = Priority
OPENED = date(2016, 2, 29)
SEEN = "derived from the recorded incidents"
WINDOW = Calendar("window", "UTC", workdays("14:00-23:00"), working_day=timedelta(hours=9))

BOOK = Book(
    priority_matrix=[Dated(OPENED, PriorityMatrix(cells={1: (P1, P2, P3), 2: (P2, P3, P4), 3: (P3, P4, P4)}, unassessed=P4), SEEN)],
    assignment=[Dated(OPENED, AssignmentRules(categories={}, groups={}, otherwise=()), SEEN)],
    closure=[
        Dated(
            OPENED,
            ClosureRules(
                calendar="always",
                confirmation_reminders_after_days=(),
                automatic_closure_after_days=5,
                undo_period=timedelta(0),
                question_reminders_after_days=(),
                no_answer_after_days=None,
                resolution_codes=(),
            ),
            SEEN,
        )
    ],
    calendars=[Dated(OPENED, WorkingCalendars({"always": ALWAYS, "window": WINDOW}), SEEN)],
    permissions=[
        Dated(
            OPENED,
            Permissions({name: {Role.AGENT: Scope.ANY, Role.CALLER: Scope.OWN} for name in COMMANDS}),
            SEEN,
        )
    ],
    correspondence=[Dated(OPENED, Correspondence(letters={}), SEEN)],
    service_levels=[
        Dated(
            OPENED,
            ServiceLevels(
                response={},
                resolution={P1: within("window", hours=8), P2: within("window", hours=8), P3: within("window", hours=62)}
                | {P4: within("window", hours=134)},
                pauses={},
                tells={100: ()},
                resolution_ends_at_closure=True,
            ),
            SEEN,
        )
    ],
    escalation=[Dated(OPENED, EscalationLadders(ladders=(), fallback_owner="nobody", reopening={}), SEEN)],
    survey=[Dated(OPENED, NOBODY_IS_ASKED, SEEN)],
    approvals=[Dated(OPENED, ApprovalRules(), SEEN)],
)
