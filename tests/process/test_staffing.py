"""When the process asks the directory who gets an incident, and what it does with the answer (process.md S5, S12)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from tests.process.life import ASHA, INES, NOAH, Life
from workflows.messages import Assign, Cancel, Reopen, Resolve, Take
from workflows.policies.assignment_rules import Pick
from workflows.policies.book import HOLDFAST, adopt
from workflows.policies.dated import Dated
from workflows.publication import Published, Staffed
from workflows.vocabulary import CancelReason, LetterName


@pytest.fixture(autouse=True)
def picking() -> Iterator[None]:
    """A desk whose service desk takes turns."""
    rules = replace(HOLDFAST.assignment[0].rule, picks={"service-desk": Pick.ROUND_ROBIN})
    adopt(replace(HOLDFAST, assignment=(Dated(date(2026, 1, 1), rules, "test"),)))
    yield
    adopt(HOLDFAST)


def answered(life: Life, person: str | None) -> Life:
    """The record takes what is new and names this person."""
    publication = life.incident.publication()
    staffed = Staffed(publication.staffing, person) if publication.staffing else None
    life.incident.published(Published(publication.up_to, (), staffed), life.now)
    return life


def test_a_group_that_picks_is_asked_once() -> None:
    """The one picked gets the incident and a letter; then nobody is asked any more."""
    life = answered(Life(), "asha")
    assert life.facts.person == "asha"
    assert life.letters()[-1] is LetterName.ASSIGNED_TO_YOU
    assert life.facts.reassignment_count == 0
    assert life.incident.publication().staffing is None


def test_nobody_there_leaves_it_in_the_queue() -> None:
    """No answer is an answer, and is not asked for again until something changes."""
    life = answered(Life(), None)
    assert life.facts.person is None
    assert life.incident.publication().staffing is None
    life.says(ASHA, Assign("service-desk", "noah"))
    life.says(ASHA, Assign("service-desk", None))
    assert life.incident.publication().staffing is not None


def test_people_are_faster_than_the_directory() -> None:
    """Somebody who took the incident meanwhile keeps it."""
    life = Life()
    publication = life.incident.publication()
    life.says(NOAH, Take("service-desk"))
    assert publication.staffing is not None
    life.incident.published(Published(publication.up_to, (), Staffed(publication.staffing, "asha")), life.now)
    assert life.facts.person == "noah"


def test_a_group_that_picks_nobody_is_not_asked() -> None:
    """The default rule costs no question."""
    life = answered(Life(), "asha")
    life.says(ASHA, Assign("network", None))
    assert life.incident.publication().staffing is None


def test_an_owner_is_looked_for_after_reopening() -> None:
    """Whoever had a reopened incident may be off shift (S12)."""
    life = answered(Life(), "asha")
    life.says(ASHA, Resolve("fixed", "done"))
    life.says(INES, Reopen("not done"))
    asked = life.incident.publication().staffing
    assert asked is not None
    assert asked.person == "asha"
    assert answered(life, None).facts.person is None


def test_the_end_asks_nobody() -> None:
    """A cancelled incident needs no owner."""
    life = Life()
    life.says(ASHA, Cancel(CancelReason.TEST))
    assert life.incident.publication().staffing is None


def test_whom_a_person_has_chosen_stays_chosen() -> None:
    """In a group that picks nobody, whoever takes an incident keeps it, also when the directory marks them absent or does not know them."""
    adopt(HOLDFAST)
    life = Life()
    life.says(ASHA, Take())
    assert life.incident.publication().staffing is None
