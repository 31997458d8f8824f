"""Pages have words for everything that can happen (process.md S9, S21)."""

from itertools import product

import pytest

from api.sentences import sentences_in, spoken
from api.telling import _DID, will_happen
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk
from workflows.event_kinds import PRIVATE
from workflows.vocabulary import DeadlineKind, EventKind, HoldReason, Status


@pytest.mark.parametrize("kind", DeadlineKind)
def test_every_date_has_words(kind: DeadlineKind) -> None:
    """A kind of deadline without words would take the whole page away."""
    assert will_happen(kind, None, 1)


def test_every_event_has_words() -> None:
    """What happened is told in words that somebody chose: what callers may read of it in each language, the rest in that of the desk."""
    assert {kind.value for kind in PRIVATE} == {str(kind) for kind in _DID}
    for language in spoken():
        said = sentences_in(language).known
        assert {kind.value for kind in EventKind if kind not in PRIVATE} == {
            name.removeprefix("did_") for name in said if name.startswith("did_")
        }


def test_every_state_has_words() -> None:
    """So have all states and reasons to wait, in every language."""
    for language, status in product(spoken(), Status):
        assert {f"state_{status}", f"state_{status}_why"} <= sentences_in(language).known.keys()
    for language, reason in product(spoken(), HoldReason):
        assert reason is HoldReason.CALLER or f"hold_{reason}" in sentences_in(language).known


def test_pages_of_an_incident_whose_survey_is_out(desk: RunningDesk) -> None:
    """Desk and caller read it while the survey waits, and when it is answered; the mark is for the desk only."""
    number = survey_is_out(desk)
    places = (("asha", f"/console/{number}"), ("carla", f"/portal/incidents/{number}"))
    for person, place in places:
        assert "survey ends without an answer" in desk.signed_in(person).get(place).text
    assert desk.tell(number, "rate", "carla", score=2, comment="Took a week.").status_code == 200
    pages = {person: desk.signed_in(person).get(place) for person, place in places}
    assert [page.status_code for page in pages.values()] == [200, 200]
    assert "Took a week." in pages["asha"].text
    assert "said how it went" not in pages["carla"].text
