"""A desk like ours on which an incident manager agrees to every closure (process.md S11); what ships asks for no approval.

``HOLDFAST_POLICIES=tests/replay/approving_desk.py holdfast gate tests/replay/histories/approving`` replays what was recorded there.
"""

from dataclasses import replace
from datetime import date

from workflows.policies.approval_rules import Approval, ApprovalRules
from workflows.policies.book import HOLDFAST
from workflows.policies.dated import Dated
from workflows.vocabulary import Role

_RULES = ApprovalRules(before_closure=(Approval(Role.INCIDENT_MANAGER),))
BOOK = replace(HOLDFAST, approvals=(Dated(valid_from=date(2026, 1, 1), rule=_RULES, reference="process.md S11"),))
