"""Categories, and which group and person get an incident (process.md S2, S5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_a_list, must_be_known


class Pick(StrEnum):
    """Who of a group gets an incident that reaches it (S5). Whoever is absent is never picked."""

    NOBODY = "nobody"
    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"


@dataclass(frozen=True)
class AssignmentRules:
    """Two levels of categories, the support groups of each from first level up, and who is picked inside a group.

    ``services`` names the groups of single services, by their key in the directory; they are asked before the category. ``otherwise`` serves every
    category without groups of its own, and reports with neither category nor service. No categories at all: any word is one.
    A group not in ``picks`` picks nobody: the incident waits in its queue until somebody takes it.
    """

    categories: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    otherwise: tuple[str, ...]
    picks: Mapping[str, Pick] = field(default_factory=dict)
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        must_be_a_list(self.otherwise, "assignment rules, otherwise")
        for name, listed in (*self.categories.items(), *self.groups.items(), *self.services.items()):
            must_be_a_list(listed, f"assignment rules, {name}")
        if self.categories:
            must_be_known(self.groups, self.categories, "category", "assignment rules, groups")
        if empty := [name for name, path in (*self.groups.items(), *self.services.items()) if not path]:
            raise ValueError(
                f"assignment rules: nobody serves {empty[0]!r}; name its groups from the first level up, or leave the line out."
            )
        if self.all_groups:
            must_be_known(self.picks, self.all_groups, "group", "assignment rules, picks")

    @property
    def all_groups(self) -> tuple[str, ...]:
        """Every group that a category or a service leads to, once, in alphabetical order."""
        return tuple(sorted({group for path in self.all_paths for group in path}))

    @property
    def all_paths(self) -> tuple[tuple[str, ...], ...]:
        """The groups of each service and category, and those of everything else, each from first level up."""
        return (*self.services.values(), *self.groups.values(), self.otherwise)

    def group(self, category: str | None, level: int, service: str | None = None) -> str | None:
        """The group of that level (1 = first) for the service, or else the category; none where the desk has no such level."""
        path = self.services.get(service or "") or self.groups.get(category or "", self.otherwise)
        return path[level - 1] if level <= len(path) else None

    def knows(self, category: str | None, subcategory: str | None) -> bool:
        """Whether the desk has this category and, in it, this sub-category; none is fine."""
        if not self.categories or category is None:
            return True
        return category in self.categories and (subcategory is None or subcategory in self.categories[category])

    def pick(self, group: str | None) -> Pick:
        """How the group picks a person."""
        return self.picks.get(group, Pick.NOBODY) if group else Pick.NOBODY


_FIRST = AssignmentRules(
    # Ten top categories; more than twelve and people choose "other" (S2).
    categories={
        "hardware": ("computer", "monitor", "peripheral", "mobile device"),
        "software": ("installation", "error", "licence", "update"),
        "network": ("wired", "wireless", "remote access", "internet"),
        "access": ("password", "account", "permission"),
        "e-mail": ("mailbox", "delivery", "calendar"),
        "telephony": ("desk phone", "mobile phone", "conference"),
        "printing": ("printer", "scanner", "queue"),
        "security": ("phishing", "malware", "lost device"),
        "facility": ("room", "power", "climate"),
        "other": (),
    },
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
)

EDITIONS = (
    Dated(
        valid_from=date(2026, 1, 1),
        rule=_FIRST,
        reference="process.md S5",
    ),
)
