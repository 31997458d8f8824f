"""A rule with the day it comes into force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Generic, TypeVar

R = TypeVar("R", covariant=True)


@dataclass(frozen=True)
class Dated(Generic[R]):
    """``rule`` is in force for incidents reported from ``valid_from``, 00:00 UTC, until a later one takes over."""

    valid_from: date
    rule: R
    reference: str

    @property
    def begins(self) -> datetime:
        """The first instant at which the rule is in force, UTC."""
        return datetime(self.valid_from.year, self.valid_from.month, self.valid_from.day, tzinfo=UTC)


def in_force(rules: Sequence[Dated[R]], day: date) -> Dated[R]:
    """The rule in force on ``day``. Before the first one comes into force, the first one holds: a rule is never undefined."""
    begun = [dated for dated in rules if dated.valid_from <= day]
    return begun[-1] if begun else rules[0]
