"""The policy book: every subject with its dated rules, and the edition in force at a moment (design rule 6)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import pairwise

from workflows.policies import (
    agreement,
    approval_rules,
    assignment_rules,
    closure_rules,
    correspondence,
    escalation_ladders,
    file_rules,
    priority_matrix,
    roles,
    service_levels,
    survey_rules,
    working_calendars,
)
from workflows.policies.dated import Dated, in_force


@dataclass(frozen=True)
class Edition:
    """All rules in force together. The name is the date of the last change in it, so a later change never renames it."""

    name: str
    priority_matrix: priority_matrix.PriorityMatrix
    assignment: assignment_rules.AssignmentRules
    closure: closure_rules.ClosureRules
    calendars: working_calendars.WorkingCalendars
    permissions: roles.Permissions
    correspondence: correspondence.Correspondence
    service_levels: service_levels.ServiceLevels
    escalation: escalation_ladders.EscalationLadders
    survey: survey_rules.SurveyRules
    approvals: approval_rules.ApprovalRules
    files: file_rules.FileRules


@dataclass(frozen=True)
class Book:
    """A desk's policies as a whole; another desk exchanges the whole book (``docs/examples``)."""

    priority_matrix: Sequence[Dated[priority_matrix.PriorityMatrix]]
    assignment: Sequence[Dated[assignment_rules.AssignmentRules]]
    closure: Sequence[Dated[closure_rules.ClosureRules]]
    calendars: Sequence[Dated[working_calendars.WorkingCalendars]]
    permissions: Sequence[Dated[roles.Permissions]]
    correspondence: Sequence[Dated[correspondence.Correspondence]]
    service_levels: Sequence[Dated[service_levels.ServiceLevels]]
    escalation: Sequence[Dated[escalation_ladders.EscalationLadders]]
    survey: Sequence[Dated[survey_rules.SurveyRules]]
    approvals: Sequence[Dated[approval_rules.ApprovalRules]]
    # A book written before there were files goes on as it is.
    files: Sequence[Dated[file_rules.FileRules]] = file_rules.EDITIONS

    def __post_init__(self) -> None:
        for subject in fields(self):
            days = [dated.valid_from for dated in getattr(self, subject.name)]
            if not days:
                raise ValueError(f"{subject.name}: there is no rule; EDITIONS needs at least one Dated(...) entry.")
            if wrong := [(earlier, later) for earlier, later in pairwise(days) if later <= earlier]:
                earlier, later = wrong[0]
                raise ValueError(
                    f"{subject.name}: the rule valid from {later} stands after the one valid from {earlier}; each needs a later day than the one before it."
                )
        for begun in sorted({dated.valid_from for subject in fields(self) for dated in getattr(self, subject.name)}):
            edition = self.edition(begun.isoformat())
            agreement.check(edition)

    @cached_property
    def _known(self) -> dict[str, Edition]:
        return {}

    def name_of_edition(self, reported_at: datetime) -> str:
        """Name of the edition in force at that instant; the front door pins it when it accepts the report."""
        day = reported_at.astimezone(UTC).date()
        days: list[date] = [dated.valid_from for subject in fields(self) for dated in getattr(self, subject.name)]
        return max((begun for begun in days if begun <= day), default=min(days)).isoformat()

    def has_in_force(self, name: str, at: datetime) -> bool:
        """Whether there is an edition of exactly that name, and whether its day has come by that instant."""
        begins = {dated.valid_from.isoformat() for subject in fields(self) for dated in getattr(self, subject.name)}
        return name in begins and name <= at.astimezone(UTC).date().isoformat()

    def edition(self, name: str) -> Edition:
        """The edition of that name, as ``name_of_edition`` gave it."""
        if name not in self._known:
            day = date.fromisoformat(name)
            rules = {subject.name: in_force(getattr(self, subject.name), day).rule for subject in fields(self)}
            self._known[name] = Edition(name=name, **rules)
        return self._known[name]


HOLDFAST = Book(
    priority_matrix=priority_matrix.EDITIONS,
    assignment=assignment_rules.EDITIONS,
    closure=closure_rules.EDITIONS,
    calendars=working_calendars.EDITIONS,
    permissions=roles.EDITIONS,
    correspondence=correspondence.EDITIONS,
    service_levels=service_levels.EDITIONS,
    escalation=escalation_ladders.EDITIONS,
    survey=survey_rules.EDITIONS,
    approvals=approval_rules.EDITIONS,
)


class _Shelf:
    """Holds the one book that this process works by; see ``adopt``."""

    book = HOLDFAST


def adopt(book: Book) -> None:
    """Works by another desk's book from now on. To be called before the first workflow starts, by whoever wires the process."""
    _Shelf.book = book


def book() -> Book:
    """The book that this process works by."""
    return _Shelf.book
