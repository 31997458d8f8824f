"""Who is there at an instant (process.md S5): not away, and still of the house; and in which role."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, type_coerce

from activities.database.tables import people

# Whoever is disabled has no way in, gets no work and no letters; their id stays on old incidents.
OF_THE_HOUSE = people.c.disabled_at.is_(None)
# What ``is_away`` needs to know of a person.
ATTENDANCE = (people.c.absent_from, people.c.absent_until, people.c.disabled_at)


def has_role(role: str) -> ColumnElement[bool]:
    """Whether a person has the role. Roles are a short JSON list of known words, so a word with its quotes cannot be part of another one."""
    return type_coerce(people.c.roles, String).cast(String).contains(f'"{role}"', autoescape=True)


def is_away(person: Any, now: datetime) -> bool:
    """Whether this row with the columns of ``ATTENDANCE`` is of somebody who is away at that aware instant, or for good."""
    return person.disabled_at is not None or is_absent(person.absent_from, person.absent_until, now)


def is_absent(since: datetime | None, until: datetime | None, now: datetime) -> bool:
    """Whether an absence covers that instant; without a beginning it has begun long ago, without an end there is none."""
    return until is not None and now < until and (since is None or since <= now)
