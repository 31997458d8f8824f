"""What rules of one edition must agree on: the calendars, groups and letters that one subject names must exist in another."""

from typing import TYPE_CHECKING

from workflows.policies.wording import must_be_known
from workflows.vocabulary import Audience

if TYPE_CHECKING:
    from workflows.policies.book import Edition

# Who is meant by these depends on a name that only a step of a ladder can give.
_NEED_A_NAME = frozenset({Audience.ON_CALL, Audience.NAMED_PERSON})


def check(edition: "Edition") -> None:
    """Raises ValueError with a sentence where two subjects do not fit together."""
    calendars = edition.calendars.by_name
    must_be_known([edition.closure.calendar], calendars, "calendar", "closure rules")
    must_be_known(sorted(edition.service_levels.calendars_needed()), calendars, "calendar", "service levels")
    for ladder in edition.escalation.ladders:
        must_be_known([step.only_during for step in ladder.steps if step.only_during], calendars, "calendar", f"ladder {ladder.name!r}")
    if edition.assignment.groups:
        must_be_known(sorted(edition.service_levels.suppliers), edition.assignment.all_groups, "group", "service levels, suppliers")
    for event, letters in edition.correspondence.letters.items():
        if nameless := [letter.value for letter, audience in letters if audience in _NEED_A_NAME]:
            raise ValueError(
                f"correspondence, {event.value}: {nameless[0]!r} to a rota or a named person needs a name; only a ladder can give one."
            )
