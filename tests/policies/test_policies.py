"""The rules of the desk as tables a process owner can check (process.md S2, S3, S5, S11, S14, S22)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.clocks import BREACH
from workflows.messages import COMMANDS, Confirm, OverridePriority, Resolve
from workflows.policies import priority_matrix
from workflows.policies.book import HOLDFAST, Book
from workflows.policies.dated import Dated
from workflows.policies.survey_rules import NOBODY_IS_ASKED
from workflows.vocabulary import Impact, LetterName, Priority, Role, Scope, Urgency

TODAY = HOLDFAST.edition("2026-11-25")


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [(1, 1, "P1"), (1, 2, "P2"), (1, 3, "P3"), (2, 1, "P2"), (2, 2, "P3"), (2, 3, "P4"), (3, 1, "P3"), (3, 2, "P4"), (3, 3, "P5")],
)
def test_the_matrix_is_the_one_of_the_process(impact: int, urgency: int, priority: str) -> None:
    """Impact and urgency give the priority of section S3."""
    assert TODAY.priority_matrix.priority(Impact(impact), Urgency(urgency)) == Priority(priority)


def test_the_unassessed_has_a_priority_of_its_own() -> None:
    """An unknown impact stays unknown and still gets a place in the queue."""
    assert TODAY.priority_matrix.priority(None, Urgency.HIGH) is Priority.P4


def test_there_are_eight_to_twelve_categories() -> None:
    """More top categories and people pick "other" (S2)."""
    categories = TODAY.assignment.categories
    assert 8 <= len(categories) <= 12
    assert all(TODAY.assignment.group(category, 1) for category in categories)
    assert set(TODAY.assignment.groups) <= set(categories)


def test_categories_have_two_levels() -> None:
    """A sub-category belongs to its category; unknown words are neither (S2)."""
    assert TODAY.assignment.knows("printing", "scanner")
    assert TODAY.assignment.knows("printing", None)
    assert not TODAY.assignment.knows("printing", "phishing")
    assert not TODAY.assignment.knows("printng", None)


@pytest.mark.parametrize("subject", ["closure", "survey"])
def test_calendars_named_by_rules_exist(subject: str) -> None:
    """A rule cannot name a calendar that is not there, in any edition; who asks nobody needs none."""
    for dated in getattr(HOLDFAST, subject):
        wrong = Dated(date(2027, 1, 1), replace(dated.rule, calendar="offise"), "a slip")
        if dated.rule is NOBODY_IS_ASKED:
            replace(HOLDFAST, **{subject: (*getattr(HOLDFAST, subject), wrong)})
        else:
            with pytest.raises(ValueError, match="there is no calendar 'offise'; did you mean 'office'"):
                replace(HOLDFAST, **{subject: (*getattr(HOLDFAST, subject), wrong)})


def test_every_command_has_senders() -> None:
    """Each command of the API can be sent by somebody (S22); who may approve, the approval rules say (S11); who may write notes may remove files (S22)."""
    assert set(TODAY.permissions.by_message) | {"approve", "remove_file"} == set(COMMANDS)


def test_process_owners_and_admins_do_not_touch_incidents() -> None:
    """Process owners change policy, admins run the system; neither sends messages to incidents (S22)."""
    for kind in COMMANDS.values():
        assert TODAY.permissions.scopes(kind, (Role.PROCESS_OWNER, Role.ADMIN, Role.AUDITOR)) == ()


def test_who_may_do_what() -> None:
    """The caller confirms, the desk resolves, only the incident manager overrides (S3, S11, S22)."""
    assert TODAY.permissions.scopes(Confirm, (Role.CALLER,)) == (Scope.OWN,)
    assert TODAY.permissions.scopes(Confirm, (Role.AGENT,)) == ()
    assert TODAY.permissions.scopes(Resolve, (Role.CALLER,)) == ()
    assert TODAY.permissions.scopes(OverridePriority, (Role.AGENT, Role.INCIDENT_MANAGER)) == (Scope.ANY,)


def test_every_letter_has_an_occasion() -> None:
    """No letter exists that nothing ever sends (S14)."""
    sent = {letter for causes in TODAY.correspondence.letters.values() for letter, _ in causes}
    sent |= {LetterName.BREACH if percent == BREACH else LetterName.THRESHOLD for percent in TODAY.service_levels.tells}
    sent |= {letter for letter, _ in (*TODAY.correspondence.low_score, *TODAY.correspondence.undelivered)}
    sent |= {step.letter for ladder in TODAY.escalation.ladders for step in ladder.steps}
    # Approvals are asked for where a desk names some.
    assert sent | {LetterName.APPROVAL_WANTED} == set(LetterName)


def _with_later_matrix(day: date) -> Book:
    flat = replace(HOLDFAST.priority_matrix[0].rule, unassessed=Priority.P1)
    return replace(HOLDFAST, priority_matrix=(*HOLDFAST.priority_matrix, Dated(day, flat, "a decision")))


def test_a_later_edition_leaves_earlier_incidents_alone() -> None:
    """An incident keeps the rules that were in force when it was reported (design rule 6)."""
    book, before = _with_later_matrix(date(2027, 1, 1)), datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert book.name_of_edition(before) == HOLDFAST.name_of_edition(before)
    assert book.edition(book.name_of_edition(before)).priority_matrix.unassessed is Priority.P4
    assert book.edition(book.name_of_edition(before + timedelta(minutes=1))).priority_matrix.unassessed is Priority.P1


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 -- made aware below
def test_appending_never_renames_an_edition_in_use(naive: datetime) -> None:
    """A pinned edition means the same rules before and after another one is appended."""
    reported_at, later = naive.replace(tzinfo=UTC), _with_later_matrix(date(2041, 1, 1))
    name = HOLDFAST.name_of_edition(reported_at)
    assert later.name_of_edition(reported_at) == name
    assert later.edition(name) == HOLDFAST.edition(name)


def test_before_the_first_edition_the_first_one_holds() -> None:
    """A rule is never undefined."""
    assert HOLDFAST.name_of_edition(datetime(1999, 1, 1, tzinfo=UTC)) == "2026-01-01"


def test_editions_out_of_order_are_refused() -> None:
    """An entry that is not later than the one before it never becomes a rule."""
    with pytest.raises(ValueError, match="later day"):
        replace(HOLDFAST, priority_matrix=(*priority_matrix.EDITIONS, *priority_matrix.EDITIONS))
