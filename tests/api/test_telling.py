"""Pages have words for everything that can happen (process.md S9, S21)."""

import pytest

from api.telling import _DID, will_happen
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk
from workflows.vocabulary import DeadlineKind, EventKind


@pytest.mark.parametrize("kind", DeadlineKind)
def test_every_date_has_words(kind: DeadlineKind) -> None:
    """A kind of deadline without words would take the whole page away."""
    assert will_happen(kind, None, 1)


def test_every_event_has_words() -> None:
    """What happened is told in words that somebody chose."""
    assert {kind.value for kind in EventKind} <= {str(kind) for kind in _DID}


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
