"""Who must agree before an incident closes (process.md S11). By default nobody."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_a_list, must_be_known, must_go_forward
from workflows.vocabulary import Audience, Priority, Role

# Who is asked by letter when somebody with that role must agree.
_ASKED = {Role.INCIDENT_MANAGER: Audience.INCIDENT_MANAGER, Role.AGENT: Audience.GROUP}
CAN_APPROVE = frozenset(_ASKED)


@dataclass(frozen=True)
class Approval:
    """Somebody with ``role``, who did not do the work, agrees to the closure of incidents of these services and priorities; none named: of all."""

    role: Role
    services: frozenset[str] = frozenset()
    priorities: frozenset[Priority] = frozenset()

    def __post_init__(self) -> None:
        must_be_known([self.role], tuple(_ASKED), "role that can approve", "approval rules")
        must_be_a_list(self.services, "approval rules, services")
        must_be_known(self.priorities, tuple(Priority), "priority", "approval rules")

    def concerns(self, service: str | None, priority: Priority) -> bool:
        """Whether such an incident needs it."""
        return (not self.services or service in self.services) and (not self.priorities or priority in self.priorities)


@dataclass(frozen=True)
class ApprovalRules:
    """``before_closure``: asked for one after the other, when the incident would close. Reminders count in working days of the closure calendar.

    Without an answer the incident stays resolved: nobody's silence approves anything.
    """

    before_closure: tuple[Approval, ...] = ()
    reminders_after_days: tuple[float, ...] = (1, 2)

    def __post_init__(self) -> None:
        must_go_forward(self.reminders_after_days, None, "approval rules, reminders")

    def wanted(self, service: str | None, priority: Priority, given: Iterable[Role]) -> Approval | None:
        """The next approval such an incident needs. One that is given counts once, for a need of the role in which it was given."""
        unused = Counter(given)
        for each in self.before_closure:
            if each.concerns(service, priority):
                if not unused[each.role]:
                    return each
                unused[each.role] -= 1
        return None

    def may_approve(self, roles: Collection[Role]) -> bool:
        """Whether these rules ever ask somebody with one of these roles; the approval rules are the permission to approve."""
        return any(each.role in roles for each in self.before_closure)


def asked(role: Role) -> Audience:
    """Who gets the letter that asks for an approval of that role."""
    return _ASKED[role]


EDITIONS = (
    Dated(
        valid_from=date(2026, 1, 1),
        rule=ApprovalRules(),
        reference="process.md S11",
    ),
)
