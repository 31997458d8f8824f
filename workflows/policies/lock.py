"""Locks published editions: ``published.lock`` holds a digest of every dated rule and of every default that rules rest on, and a test compares.

``holdfast policy publish`` adds the digests of new entries; so does ``python -m workflows.policies.lock``, for machines. Both refuse to change one that is
there, and to add one that has begun: incidents that run may be pinned to an edition of a later day, which the new entry would change.
"""

import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

from workflows.policies.book import HOLDFAST, Book, Edition

LOCK = Path(__file__).with_name("published.lock")


def digests(book: Book) -> dict[str, str]:
    """One digest for each dated rule, by subject and day."""
    return {
        f"{subject.name} {dated.valid_from.isoformat()}": _digest(dated.rule)
        for subject in fields(book)
        for dated in getattr(book, subject.name)
    }


def defaults() -> dict[str, str]:
    """One digest for each default of a rule's fields: a rule that leaves a field out says what its default says."""
    found: dict[str, str] = {}
    waiting: list[Any] = [Edition]
    seen: list[Any] = []
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if not (isinstance(kind, type) and is_dataclass(kind)) or kind in seen:
            continue
        seen.append(kind)
        waiting += get_type_hints(kind).values()
        found |= {
            f"default {kind.__name__}.{each.name}": _digest(_default(each))
            for each in fields(kind)
            if each.repr and _default(each) is not MISSING
        }
    return dict(sorted(found.items()))


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(_plain(value)).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """The value with a stable text: mappings and sets in order, no caches, no field that has its default (fields may be added)."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {each.name: getattr(value, each.name) for each in fields(value) if each.repr}
        return (
            type(value).__name__,
            [(each.name, _plain(told[each.name])) for each in fields(value) if each.repr and told[each.name] != _default(each)],
        )
    if isinstance(value, Mapping):
        return sorted((str(key), _plain(each)) for key, each in value.items())
    if isinstance(value, set | frozenset):
        return sorted(str(each) for each in value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return str(value)


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def published() -> dict[str, str]:
    """The digests as locked."""
    lines = LOCK.read_text(encoding="utf-8").splitlines() if LOCK.exists() else []
    return dict(_read(lines))


def _read(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line and not line.startswith("#"):
            name, _, digest = line.rpartition(" ")
            yield name, digest


def changed_after_publication(book: Book = HOLDFAST) -> list[str]:
    """Published rules, and defaults that they rest on, that are no longer what they were."""
    now = digests(book) | defaults()
    return [name for name, digest in published().items() if now.get(name) != digest]


def unpublished(book: Book = HOLDFAST) -> list[str]:
    """Rules that nobody has published yet, by subject and day."""
    return sorted(digests(book).keys() - published().keys())


def unlocked_defaults() -> list[str]:
    """Defaults of new fields that nobody has locked yet."""
    return sorted(defaults().keys() - published().keys())


def begun(today: date, book: Book = HOLDFAST) -> list[str]:
    """New rules, by subject and day, that would begin before tomorrow. The first rule of a new subject may: it holds since ever."""
    known = {name.split()[0] for name in published()}
    return [name for name in unpublished(book) if name.split()[0] in known and date.fromisoformat(name.split()[1]) <= today]


def untold(book: Book = HOLDFAST) -> list[str]:
    """Days on which a rule changes and CHANGES.md has no paragraph."""
    text = LOCK.with_name("CHANGES.md").read_text(encoding="utf-8")
    return sorted({day for day in (name.split()[1] for name in digests(book)) if f"## {day}" not in text})


def lock() -> None:
    """Writes down the digests of all rules; to be called when nothing published has changed."""
    lines = [f"{name} {digest}" for name, digest in (digests(HOLDFAST) | defaults()).items()]
    LOCK.write_text("\n".join(["# Written by python -m workflows.policies.lock; do not edit.", *lines, ""]), encoding="utf-8")


def main() -> int:
    """Locks what is new; 1 if a published rule was changed."""
    if broken := changed_after_publication():
        sys.stderr.write(
            f"Published rules were changed: {', '.join(broken)}. Put them back and append a new entry with a later valid_from.\n"
        )
        return 1
    if too_early := begun(datetime.now(UTC).date()):
        sys.stderr.write(f"Rules would begin in the past: {', '.join(too_early)}. Give each a valid_from of tomorrow or later.\n")
        return 1
    lock()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
