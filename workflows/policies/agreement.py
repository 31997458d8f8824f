"""What rules of one edition must agree on: the calendars, groups and letters that one subject names must exist in another."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflows.policies.wording import must_be_known
from workflows.vocabulary import Audience, LetterName

if TYPE_CHECKING:
    from workflows.policies.book import Edition

# Who is meant by these depends on a name that only a step of a ladder can give.
_NEED_A_NAME = frozenset({Audience.ON_CALL, Audience.NAMED_PERSON})
_BREACH = 100  # percent


def check(edition: "Edition") -> None:
    """Raises ValueError with a sentence where two subjects do not fit together."""
    _check_calendars(edition)
    if edition.assignment.groups:
        must_be_known(sorted(edition.service_levels.suppliers), edition.assignment.all_groups, "group", "service levels, suppliers")
    for where, letter, reader in _readers(edition):
        if reader in _NEED_A_NAME:
            raise ValueError(f"{where}: {letter!r} to a rota or a named person needs a name; only a ladder can give one.")


def _check_calendars(edition: "Edition") -> None:
    calendars = edition.calendars.by_name
    must_be_known([edition.closure.calendar], calendars, "calendar", "closure rules")
    must_be_known(sorted(edition.service_levels.calendars_needed()), calendars, "calendar", "service levels")
    if edition.survey.asks_anybody:
        must_be_known([edition.survey.calendar], calendars, "calendar", "survey rules")
    for ladder in edition.escalation.ladders:
        must_be_known([step.only_during for step in ladder.steps if step.only_during], calendars, "calendar", f"ladder {ladder.name!r}")


def _readers(edition: "Edition") -> Iterator[tuple[str, str, Audience]]:
    """Who is written to outside the ladders: where it is said, in which letter, whom."""
    for event, letters in edition.correspondence.letters.items():
        yield from ((f"correspondence, {event.value}", letter.value, reader) for letter, reader in letters)
    yield from (("correspondence, a low score", letter.value, reader) for letter, reader in edition.correspondence.low_score)
    yield from (("correspondence, undelivered", letter.value, reader) for letter, reader in edition.correspondence.undelivered)
    for percent, readers in edition.service_levels.tells.items():
        letter = LetterName.BREACH if percent == _BREACH else LetterName.THRESHOLD
        yield from ((f"service levels, {percent} percent", letter.value, reader) for reader in readers)
    for count, reader in edition.escalation.reopening.items():
        yield f"escalation ladders, reopening {count}", LetterName.ESCALATION.value, reader
