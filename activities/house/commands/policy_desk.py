"""What ``holdfast policy`` does: shows editions as lines a person can read and compare, and publishes new ones."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from traceback import extract_tb
from typing import Any

from activities.house.refusals import RefusedError, UsageRefusedError
from activities.settings import Settings

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


def _book(settings: Settings | None) -> Any:
    """The book in force. Raises RefusedError with the sentence of the rule that is wrong."""
    try:
        # A rule that is wrong speaks up when it is imported.
        from activities.house.serving import adopt_policies  # noqa: PLC0415
        from workflows.policies.book import book  # noqa: PLC0415
    except (ValueError, TypeError, SyntaxError) as error:
        raise RefusedError(f"The policies cannot be used: {_place(error)}{error}") from None
    except (NameError, AttributeError, LookupError, ImportError) as error:
        if not (place := _place(error)):
            raise
        raise RefusedError(f"The policies cannot be used: {place}{error}") from None
    if settings is not None:
        adopt_policies(settings)
    return book()


def _place(error: Exception) -> str:
    """In which line of which policy, or nothing where it is in none; a syntax error says it by itself."""
    frames = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).parent.name == "policies"]
    entries = [frame for frame in frames if frame.name == "<module>" and Path(frame.filename).name != "book.py"]
    return f"{Path(entries[-1].filename).name}, line {entries[-1].lineno}: " if entries else ""


def _days(book: Any) -> dict[str, list[str]]:
    days: dict[str, list[str]] = {}
    for subject in fields(book):
        for dated in getattr(book, subject.name):
            days.setdefault(dated.valid_from.isoformat(), []).append(subject.name)
    return dict(sorted(days.items()))


def editions(settings: Settings) -> list[dict[str, Any]]:
    """All editions, oldest first: name, subjects that changed, whether all of it is published and whether it is in force today."""
    book = _book(settings)
    from workflows.policies.lock import published  # noqa: PLC0415 -- as above

    locked, today = published(), book.name_of_edition(datetime.now(UTC))
    return [
        {
            "edition": day,
            "subjects": subjects,
            "published": settings.policies is None and all(f"{subject} {day}" in locked for subject in subjects),
            "in_force_today": day == today,
        }
        for day, subjects in _days(book).items()
    ]


def editions_told(found: list[dict[str, Any]]) -> str:
    """The editions for a person."""
    return "\n".join(
        f"{each['edition']}  {'in force ' if each['in_force_today'] else '         '} {'published  ' if each['published'] else 'unpublished'}  "
        f"{', '.join(each['subjects'])}"
        for each in found
    )


def shown(settings: Settings, subject: str | None, name: str | None) -> dict[str, str]:
    """What an edition says, line by line. Raises UsageRefusedError where there is no such edition or subject."""
    book = _book(settings)
    edition = _edition(book, name or book.name_of_edition(datetime.now(UTC)))
    subjects = [each.name for each in fields(book)]
    if subject is not None and subject not in subjects:
        raise UsageRefusedError(f"There is no subject {subject}; there are: {', '.join(subjects)}.")
    return {place: says for each in subjects if subject in (None, each) for place, says in lines(each, getattr(edition, each))}


def _edition(book: Any, name: str) -> Any:
    if name not in (names := list(_days(book))):
        raise UsageRefusedError(f"There is no edition {name}; there are: {', '.join(names)}.")
    return book.edition(name)


def check_edition(settings: Settings, name: str) -> None:
    """Works by the desk's book from now on. Raises UsageRefusedError where it has no such edition."""
    _edition(_book(settings), name)


def differences(settings: Settings, first: str, second: str) -> dict[str, list[str | None]]:
    """Each line in which two editions differ, with what either says, or none."""
    book = _book(settings)
    ours, theirs = (dict(_all_lines(_edition(book, name), book)) for name in (first, second))
    return {place: [ours.get(place), theirs.get(place)] for place in {**ours, **theirs} if ours.get(place) != theirs.get(place)}


def _all_lines(edition: Any, book: Any) -> Iterator[tuple[str, str]]:
    for subject in fields(book):
        yield from lines(subject.name, getattr(edition, subject.name))


def differences_told(found: dict[str, list[str | None]]) -> str:
    """The differences for a person."""
    return (
        "\n".join(f"{place}: {ours or '(nothing)'} -> {theirs or '(nothing)'}" for place, (ours, theirs) in found.items())
        or "Nothing differs."
    )


def lines(place: str, value: Any) -> Iterator[tuple[str, str]]:
    """A rule as lines: where in it, and what stands there."""
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            if each.repr:
                yield from lines(f"{place}, {each.name.replace('_', ' ')}", getattr(value, each.name))
    elif isinstance(value, Mapping):
        for key, each in sorted(value.items(), key=lambda item: str(item[0])):
            yield from lines(f"{place}, {_word(key)}", each)
    elif isinstance(value, tuple | list) and any(is_dataclass(each) for each in value):
        for number, each in enumerate(value, start=1):
            yield from lines(f"{place}, {getattr(each, 'name', number)}", each)
    else:
        yield place, _word(value)


def _word(value: Any) -> str:
    if isinstance(value, set | frozenset):
        return ", ".join(sorted(_word(each) for each in value)) or "none"
    if isinstance(value, tuple | list):
        return ", ".join(_word(each) for each in value) or "none"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, timedelta):
        return f"{value / _HOUR:g} h" if value % _HOUR == timedelta(0) and value else f"{value / _MINUTE:g} min"
    if isinstance(value, date):
        return value.isoformat()
    return "none" if value is None else str(value)


def publish(today: date | None = None) -> str:
    """Locks what is new in this tree, on the present day (UTC) or another; answers with a sentence. Raises RefusedError with what to do first."""
    _book(None)
    from emails.rendering import unwritten  # noqa: PLC0415 -- as above
    from workflows.policies import lock  # noqa: PLC0415
    from workflows.vocabulary import LetterName  # noqa: PLC0415

    if changed := lock.changed_after_publication():
        raise RefusedError(
            f"Published rules were changed: {', '.join(changed)}. Incidents run under them: put them back, and append a new Dated(...) entry "
            "with a later valid_from."
        )
    new = lock.unpublished()
    if too_early := lock.begun(today or datetime.now(UTC).date()):
        raise RefusedError(
            f"A rule cannot begin in the past: {', '.join(too_early)}. Incidents are pinned to the editions of the days since then, and would change under "
            "way or never get it: give it a valid_from of tomorrow or later."
        )
    if untold := lock.untold():
        raise RefusedError(f"Tell process owners first: add a paragraph '## {untold[0]}: ...' to workflows/policies/CHANGES.md.")
    if lacking := {letter.value: parts for letter in LetterName if (parts := unwritten(letter))}:
        told = "; ".join(f"{letter} lacks {', '.join(parts)}" for letter, parts in lacking.items())
        raise RefusedError(f"A rule can name a letter that nobody has written: {told}.")
    lock.lock()
    return f"Published: {', '.join(new)}." if new else "There is nothing new to publish."
