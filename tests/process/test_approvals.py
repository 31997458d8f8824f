"""Approvals before closure: asked for by policy, given by somebody who did not do the work (process.md S11)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.process.life import ASHA, CARLA, INES, NOAH, Life
from workflows.house_messages import AdoptEdition, ReportUndeliverable
from workflows.lifecycle import Rule
from workflows.messages import SYSTEM, Amend, Approve, Assign, Confirm, Reject, Reopen, Report, Resolve, Take
from workflows.policies.approval_rules import Approval, ApprovalRules
from workflows.policies.book import HOLDFAST, adopt
from workflows.policies.dated import Dated
from workflows.publication import Result
from workflows.vocabulary import Audience, ClosedBy, EventKind, LetterName, Priority, Role, Status

PAYROLL = Report("Salaries are not paid", category="software", service="payroll")
MANAGER = Approval(Role.INCIDENT_MANAGER, services=frozenset({"payroll"}))
FIXED = Resolve("fixed", "Started the run again.")


def adopted(*approvals: Approval) -> None:
    """A desk whose rules ask for these."""
    adopt(replace(HOLDFAST, approvals=(Dated(date(2026, 1, 1), ApprovalRules(approvals), "test"),)))


@pytest.fixture(autouse=True)
def policies() -> Iterator[None]:
    """An incident manager agrees to the closure of incidents of the payroll."""
    adopted(MANAGER)
    yield
    adopt(HOLDFAST)


def confirmed(report: Report = PAYROLL) -> Life:
    """Asha solved it, Carla said that it works, and the undo period is over."""
    life = Life(report)
    life.says(ASHA, Take())
    life.says(ASHA, FIXED)
    life.says(CARLA, Confirm())
    return life.passes(timedelta(minutes=11))


def test_it_closes_once_approved() -> None:
    """The manager is asked by letter when it would close, and agreeing closes it as what it was: confirmed."""
    life = confirmed()
    assert (life.facts.status, life.facts.approval_awaited) == (Status.RESOLVED, Role.INCIDENT_MANAGER)
    asked = [owed for owed in life.incident.letters if owed.letter is LetterName.APPROVAL_WANTED]
    assert [owed.to for owed in asked] == [Audience.INCIDENT_MANAGER]
    assert life.says(INES, Approve("Seen in the bank's protocol.")).result is Result.APPLIED
    assert (life.facts.status, life.facts.closed_by, life.facts.approved_by) == (Status.CLOSED, ClosedBy.CONFIRMATION, ("ines",))
    assert life.events(EventKind.APPROVED)[0].after["text"] == "Seen in the bank's protocol."


def test_only_those_named_wait() -> None:
    """Another service closes as ever, and nobody is asked."""
    life = confirmed(replace(PAYROLL, service="intranet"))
    assert life.facts.status is Status.CLOSED
    assert not life.events(EventKind.APPROVAL_ASKED)


def test_silence_approves_nothing() -> None:
    """Two reminders, and it stays resolved until somebody decides; the caller's silence is then what closed it."""
    life = Life(PAYROLL)
    life.says(ASHA, FIXED)
    life.passes(timedelta(days=60))
    assert life.facts.status is Status.RESOLVED
    assert len(life.events(EventKind.APPROVAL_REMINDED)) == 2
    assert life.incident.coming == ()
    life.says(INES, Approve())
    assert life.facts.closed_by is ClosedBy.SILENCE


def test_who_cannot_approve() -> None:
    """Nobody without the role, nobody who did the work, and nobody before it is asked for or after it is given."""
    life = Life(PAYROLL)
    life.says(INES, Take())
    assert life.says(INES, Approve()).rule == Rule.NO_APPROVAL
    life.says(INES, FIXED)
    assert life.says(NOAH, Approve()).rule == Rule.NOT_PERMITTED
    life.says(CARLA, Confirm())
    life.passes(timedelta(minutes=11))
    assert life.says(CARLA, Approve()).rule == Rule.NOT_PERMITTED
    assert life.says(INES, Approve()).rule == Rule.OWN_WORK
    other = replace(INES, id="ivan")
    assert life.says(other, Approve()).result is Result.APPLIED
    assert life.says(other, Approve()).rule == Rule.CLOSED_IS_FINAL


def test_not_approved_goes_back_to_work() -> None:
    """Whoever does not agree reopens it; the next solution is approved anew, and the caller may still say that it is broken."""
    life = confirmed()
    life.says(INES, Reopen("The bank has not confirmed."))
    assert (life.facts.status, life.facts.approval_awaited, life.facts.due) == (Status.IN_PROGRESS, None, ())
    life.says(ASHA, FIXED)
    life.says(CARLA, Confirm())
    life.passes(timedelta(minutes=11))
    assert life.facts.approval_awaited is Role.INCIDENT_MANAGER
    life.says(CARLA, Reject("Again nothing."))
    assert (life.facts.status, life.facts.approval_awaited) == (Status.IN_PROGRESS, None)


def test_several_are_asked_one_after_the_other() -> None:
    """First the group, by somebody else than who did the work, then the manager; one person counts once."""
    adopted(Approval(Role.AGENT, priorities=frozenset({Priority.P4})), MANAGER)
    life = confirmed()
    assert life.says(ASHA, Approve()).rule == Rule.OWN_WORK
    assert life.says(NOAH, Approve()).result is Result.APPLIED
    assert (life.facts.status, life.facts.approval_awaited) == (Status.RESOLVED, Role.INCIDENT_MANAGER)
    assert life.says(replace(NOAH, roles=(Role.INCIDENT_MANAGER,)), Approve()).rule == Rule.OWN_WORK
    life.says(INES, Approve())
    assert life.facts.status is Status.CLOSED


def test_a_caller_who_answers_late_keeps_the_undo_period() -> None:
    """Silence led to the question; the caller's answer then counts, and can be taken back as long as ever."""
    life = Life(PAYROLL)
    life.says(ASHA, FIXED)
    life.passes(timedelta(days=8))
    life.says(CARLA, Confirm())
    life.says(INES, Approve())
    assert life.facts.status is Status.RESOLVED
    life.passes(timedelta(minutes=11))
    assert (life.facts.status, life.facts.closed_by) == (Status.CLOSED, ClosedBy.CONFIRMATION)


def test_a_caller_who_was_never_asked_is_not_overruled() -> None:
    """When the letter to the caller turns out to be undeliverable, silence meant nothing, and no approval is waited for."""
    life = Life(PAYROLL)
    life.says(ASHA, FIXED)
    life.passes(timedelta(days=8))
    life.says(INES, ReportUndeliverable("resolved", 1, "carla", asks_for_confirmation=True))
    assert life.facts.approval_awaited is Role.INCIDENT_MANAGER  # a person cannot say this
    life.says(SYSTEM, ReportUndeliverable("resolved", 1, "carla", asks_for_confirmation=True))
    assert (life.facts.status, life.facts.approval_awaited, life.facts.due) == (Status.RESOLVED, None, ())


def test_an_incident_that_is_moved_keeps_what_it_was_asked() -> None:
    """Moved to an edition that asks for nothing, it still waits for the answer to what was asked, and closes with it."""
    later = Dated(date(2026, 11, 20), ApprovalRules(), "test")
    adopt(replace(HOLDFAST, approvals=(Dated(date(2026, 1, 1), ApprovalRules((MANAGER,)), "test"), later)))
    life = Life(PAYROLL, at=datetime(2026, 11, 19, 7, tzinfo=UTC))
    life.says(ASHA, FIXED)
    life.says(CARLA, Confirm())
    life.passes(timedelta(minutes=11))
    due = life.facts.due
    life.passes(timedelta(hours=20))
    owner = replace(INES, id="omar", roles=(Role.PROCESS_OWNER,))
    assert life.says(owner, AdoptEdition("2026-11-20", "simpler")).result is Result.APPLIED
    assert (life.facts.approval_awaited, life.facts.due) == (Role.INCIDENT_MANAGER, due)
    life.says(INES, Approve())
    assert life.facts.status is Status.CLOSED


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Approval(Role.CALLER), "there is no role that can approve 'caller'"),
        (lambda: Approval(Role.AGENT, services="payroll"), "is one word, not a list"),
        (lambda: Approval(Role.AGENT, priorities=frozenset({"P9"})), "there is no priority 'P9'"),  # type: ignore[arg-type]
        (lambda: ApprovalRules(reminders_after_days=(2, 1)), "must come one after the other"),
    ],
)
def test_a_wrong_rule_says_so(wrong: object, says: str) -> None:
    """An approval nobody could give never comes into force."""
    assert callable(wrong)
    with pytest.raises(ValueError, match=says):
        wrong()


def test_handing_it_away_does_not_make_it_somebody_elses_work() -> None:
    """Who solved it cannot approve it, taken or not, and not after giving it back to the group either."""
    adopted(Approval(Role.AGENT))
    life = Life(PAYROLL)
    life.says(ASHA, FIXED)
    life.says(CARLA, Confirm())
    life.passes(timedelta(minutes=11))
    assert life.says(ASHA, Approve()).rule == Rule.OWN_WORK
    life.says(ASHA, Assign("service-desk", None))
    assert life.says(ASHA, Approve()).rule == Rule.OWN_WORK
    assert life.says(NOAH, Approve()).result is Result.APPLIED
    assert life.facts.status is Status.CLOSED


def test_an_approval_counts_for_the_role_in_which_it_was_given() -> None:
    """What an agent approved before the service was corrected does not stand for the manager's approval that the right service needs."""
    adopted(MANAGER, Approval(Role.AGENT))
    life = Life(replace(PAYROLL, service="intranet"))
    life.says(ASHA, FIXED)
    life.passes(timedelta(days=8))
    assert life.facts.approval_awaited is Role.AGENT
    life.says(CARLA, Confirm())
    life.says(NOAH, Approve())
    life.says(ASHA, Amend(service="payroll"))
    life.passes(timedelta(minutes=11))
    assert (life.facts.status, life.facts.approval_awaited) == (Status.RESOLVED, Role.INCIDENT_MANAGER)
    life.says(INES, Approve())
    assert life.facts.status is Status.CLOSED


def test_an_approval_that_nobody_hears_of_goes_to_the_fallback_owner() -> None:
    """Where nobody with the role can be reached, the last resort is told, and the timeline says why (S10)."""
    life = confirmed()
    told, why = [], []
    while life.incident.is_ahead_of_record:
        publication = life.incident.publication()
        told += [owed.letter for owed in publication.letters if owed.to is Audience.FALLBACK_OWNER]
        why += [event.after["why"] for event in publication.events if event.kind is EventKind.ESCALATION_STEPPED]
        life.is_answered(publication, away={Audience.INCIDENT_MANAGER})
    assert told == [LetterName.ESCALATION]
    assert why == ["nobody was asked for the approval"]
