"""Pages have words for everything that can happen (process.md S9, S21)."""

import re
from itertools import product

import pytest
from pydantic import TypeAdapter

from api.files.limits import told_of_refusal
from api.problems import refused_by
from api.refusals import _BECAUSE
from api.sentences import sentences_in, spoken
from api.telling import _DID, told, will_happen
from tests.api.asked import survey_is_out
from tests.api.house import RunningDesk
from tests.process.life import ASHA, CARLA, Life
from workflows.event_kinds import PRIVATE
from workflows.files import in_words
from workflows.lifecycle import Rule
from workflows.messages import Hold, PublicMessage, Resume
from workflows.policies.book import HOLDFAST
from workflows.publication import Event
from workflows.record import Cause
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


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("answered the question", "resumed work")), ("tr", ("soruyu yanıtladı", "çalışmayı sürdürdü"))]
)
def test_a_caller_who_answers_did_not_resume_work(language: str, words: tuple[str, str]) -> None:
    """A hold that waited for the caller ends with their answer, and is told as that; an agent who ends it goes on with the work (S4)."""
    did = []
    for who, message in ((CARLA, PublicMessage("The one by the door.")), (ASHA, Resume())):
        life = Life()
        life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
        life.says(who, message)
        event = TypeAdapter(Event).dump_python(life.events(EventKind.RESUMED)[0], mode="json")
        did.append(told(event, {}, sentences_in(language), life.facts.affected).did)
    assert tuple(did) == words


@pytest.mark.parametrize("rule", Rule)
def test_every_refusal_has_words(rule: Rule) -> None:
    """The timeline of the desk says why in words that somebody chose for other readers, never the name of a rule."""
    life = Life()
    life.incident.change(EventKind.REFUSED, Cause(ASHA, life.now), said={"message": "hold", "rule": rule.value, "section": rule.section})
    event = TypeAdapter(Event).dump_python(life.events(EventKind.REFUSED)[0], mode="json")
    line = told(event, {"asha": "Asha Raman"})
    assert line.changed == f"hold, {_BECAUSE[rule]}"
    assert not re.search(r"[-_]|\.$", line.changed)


# Where a caller's own words can meet them: messages, files, "it works", "still broken", marks.
TOLD_TO_CALLERS = {
    Rule.CLOSED_IS_FINAL: "closed_final",
    Rule.NOT_PERMITTED: "not_yours_to_say",
    Rule.RECORD_BEHIND: "send_again_soon",
    Rule.FILE_KIND_NOT_TAKEN: "not_added_file-kind-not-taken",
    Rule.FILE_TOO_LARGE: "not_added_file-too-large",
    Rule.TOO_MANY_FILES: "not_added_too-many-files",
    Rule.FILES_TOO_LARGE: "not_added_files-too-large",
}


@pytest.mark.parametrize(("rule", "language"), product(Rule, spoken()))
def test_every_refusal_has_words_for_callers(rule: Rule, language: str) -> None:
    """In the portal a refusal is a sentence in the caller's language, never the one of the desk, nor the name of a rule."""
    say, rules = sentences_in(language), HOLDFAST.files[-1].rule
    facts = {"kinds": ", ".join(rules.kinds), "size": in_words(rules.largest), "total": in_words(rules.total), "count": str(rules.most)}
    assert told_of_refusal(refused_by(rule), rules, say) == say.known[TOLD_TO_CALLERS.get(rule, "moved_on")].format(**facts)


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
    assert "answered the survey" not in pages["carla"].text
