"""Which group gets an incident (process.md S2, S5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workflows.policies.dated import Dated


@dataclass(frozen=True)
class AssignmentRules:
    """Support groups by category, from first level up; ``otherwise`` serves every category not listed and reports without one.

    Inside a group the rule is *nobody*: the incident waits in the group's queue until somebody takes it.
    """

    groups: Mapping[str, tuple[str, ...]]
    otherwise: tuple[str, ...]

    def group(self, category: str | None, level: int) -> str | None:
        """The group of that level (1 = first) for the category, or none where the desk has no such level."""
        path = self.groups.get(category, self.otherwise) if category else self.otherwise
        return path[level - 1] if level <= len(path) else None


# Ten top categories; more than twelve and people pick "other" (S2).
CATEGORIES = (
    "hardware",
    "software",
    "network",
    "access",
    "e-mail",
    "telephony",
    "printing",
    "security",
    "facility",
    "other",
)

EDITIONS = (
    Dated(
        valid_from=date(2026, 1, 1),
        rule=AssignmentRules(
            groups={
                "hardware": ("service-desk", "workplace", "hardware-vendor"),
                "software": ("service-desk", "applications", "software-vendor"),
                "network": ("service-desk", "network", "network-carrier"),
                "access": ("service-desk", "identity"),
                "e-mail": ("service-desk", "applications", "software-vendor"),
                "telephony": ("service-desk", "network", "network-carrier"),
                "printing": ("service-desk", "workplace", "hardware-vendor"),
                "security": ("security", "security-response"),
                "facility": ("facility",),
            },
            otherwise=("service-desk", "applications"),
        ),
        reference="process.md S5",
    ),
)
