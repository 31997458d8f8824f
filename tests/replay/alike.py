"""Whether two lives on different clocks are the same: every value, and instants and durations as near as a busy machine can be."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from workflows.policies.book import HOLDFAST

# What real time adds to skipped time between one message and the next, all in all, where much else runs. Dates of the process are hours apart.
SLACK = timedelta(minutes=3)
OFFICE = HOLDFAST.calendars[0].rule["office"]
_PLAIN = TypeAdapter(Any)
# Each side has a number of its own.
_OF_ONE_SIDE = frozenset({"number"})


def differences(ours: object, theirs: object) -> list[str]:
    """What differs between two values of the process, each by its path."""
    return list(_differences(_PLAIN.dump_python(ours), _PLAIN.dump_python(theirs), ""))


def _differences(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name in sorted({*map(str, ours), *map(str, theirs)} - _OF_ONE_SIDE):
            yield from _differences(ours.get(name), theirs.get(name), f"{path}.{name}")
    elif isinstance(ours, list | tuple) and isinstance(theirs, list | tuple) and len(ours) == len(theirs):
        for place, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(mine, other, f"{path}[{place}]")
    elif not _is_alike(ours, theirs, path):
        yield f"{path}: {ours!r} and {theirs!r}"


def _is_alike(ours: Any, theirs: Any, path: str) -> bool:
    if ours == theirs:
        return True
    if isinstance(ours, timedelta) and isinstance(theirs, timedelta):
        return abs(ours - theirs) <= SLACK
    if path.endswith("_seconds") and isinstance(ours, int | float) and isinstance(theirs, int | float):
        return abs(ours - theirs) <= SLACK.total_seconds()
    early, late = _instant(ours), _instant(theirs)
    if early is None or late is None:
        return False
    # Two limits that are used up seconds apart may lie a night apart, one at closing time, the other just after opening.
    early, late = min(early, late), max(early, late)
    return late - early <= SLACK or OFFICE.between(early, late) <= SLACK


def _instant(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo else None
