"""A rule with the day it comes into force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

RuleT_co = TypeVar("RuleT_co", covariant=True)


@dataclass(frozen=True)
class Dated(Generic[RuleT_co]):
    """``rule`` is in force for incidents reported from ``valid_from``, 00:00 UTC, until a later one takes over."""

    valid_from: date
    rule: RuleT_co
    reference: str

    def __post_init__(self) -> None:
        if isinstance(self.valid_from, datetime) or not isinstance(self.valid_from, date):
            raise TypeError(f"valid_from is a day, written date(2027, 1, 1); it is {self.valid_from!r}")
        if not self.reference.strip():
            raise ValueError(f"the rule valid from {self.valid_from} needs a reference to what was decided, for whoever asks why.")


def in_force(rules: Sequence[Dated[RuleT_co]], day: date) -> Dated[RuleT_co]:
    """The rule in force on ``day``. Before the first one comes into force, the first one holds: a rule is never undefined."""
    begun = [dated for dated in rules if dated.valid_from <= day]
    return begun[-1] if begun else rules[0]
