"""What stands where somebody was erased (process.md S21): a pseudonym in place of their id, a mark in place of words."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

# In place of words. Pages say it in the language of their reader.
ERASED = "[erased]"
# What pages call whoever it was.
NOBODY = "erased person"
_PSEUDONYM = re.compile(r"erased-[0-9a-f]{16}")


def new_pseudonym() -> str:
    """Random, so that it says nothing about the person, and so that two erasures have nothing in common."""
    return f"erased-{secrets.token_hex(8)}"


def is_pseudonym(person: str | None) -> bool:
    """Whether this stands for somebody who was erased; nobody else can have such an id."""
    return person is not None and _PSEUDONYM.fullmatch(person) is not None


def is_erased(facts: Mapping[str, Any]) -> bool:
    """Whether the words of the incident with these facts are gone, with whoever they were about."""
    return is_pseudonym(facts["affected"])
