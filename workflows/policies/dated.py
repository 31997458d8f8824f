"""A rule with the day it comes into force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

RuleT_co = TypeVar("RuleT_co", covariant=True)


@dataclass(frozen=True)
class Dated(Generic[RuleT_co]):
    """``rule`` is in force for incidents reported from ``valid_from``, 00:00 UTC, until a later one takes over."""

    valid_from: date
    rule: RuleT_co
    reference: str


def in_force(rules: Sequence[Dated[RuleT_co]], day: date) -> Dated[RuleT_co]:
    """The rule in force on ``day``. Before the first one comes into force, the first one holds: a rule is never undefined."""
    begun = [dated for dated in rules if dated.valid_from <= day]
    return begun[-1] if begun else rules[0]
