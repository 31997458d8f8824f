"""The number of an incident: short, sequential, sayable on the phone, with a check digit (process.md S1)."""

import re

from stdnum import damm

FIRST = 1001
_SHAPE = re.compile(r"INC-([1-9][0-9]{3,11})-([0-9])")


def number_of(sequence: int) -> str:
    """``INC-1042-9`` for 1042. The check digit finds every single wrong digit and every swap of two neighbours."""
    return f"INC-{sequence}-{damm.calc_check_digit(str(sequence))}"


def has_the_shape(number: str) -> bool:
    """Whether it looks like a number of ours, right or mistyped."""
    return _SHAPE.fullmatch(number) is not None


def check_digit_fits(number: str) -> bool:
    """Whether the number was read and typed correctly. Says nothing about whether there is such an incident."""
    found = _SHAPE.fullmatch(number)
    return found is not None and damm.calc_check_digit(found[1]) == found[2]
