"""What the console says of a command beforehand is what the process says when it comes (process.md S4, S11, S22)."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pydantic import TypeAdapter

from api.console.forms import _LABELS, forms, why_not
from api.examples import EXAMPLES
from api.queries.queues import DeskChoices
from tests.process.life import ASHA, CARLA, INES, NOAH, PAVEL, STRANGER, Life
from workflows.lifecycle import Rule
from workflows.messages import COMMANDS, Acknowledge, Approve, Cancel, Confirm, Hold, Reject, Report, Resolve, Take
from workflows.policies.approval_rules import Approval, ApprovalRules
from workflows.policies.book import HOLDFAST, adopt
from workflows.policies.dated import Dated
from workflows.vocabulary import CancelReason, HoldReason, Impact, Role, Urgency

ACTORS = (ASHA, NOAH, INES, PAVEL, CARLA, STRANGER, replace(INES, id="irma", roles=(Role.CALLER, Role.AGENT, Role.INCIDENT_MANAGER)))


@pytest.fixture(autouse=True)
def policies() -> Iterator[None]:
    """Two people agree to every closure: an agent, and then an incident manager."""
    rules = ApprovalRules((Approval(Role.AGENT), Approval(Role.INCIDENT_MANAGER)))
    adopt(replace(HOLDFAST, approvals=(Dated(date(2026, 1, 1), rules, "test"),)))
    yield
    adopt(HOLDFAST)


def _taken() -> Life:
    life = Life()
    life.says(ASHA, Take())
    return life


def _held() -> Life:
    life = _taken()
    life.says(ASHA, Hold(HoldReason.CALLER, "Which printer?"))
    return life


def _resolved() -> Life:
    life = _taken()
    life.says(ASHA, Resolve("fixed", "Took the paper out."))
    return life


def _rejected() -> Life:
    life = _resolved()
    life.says(CARLA, Reject("Still jammed.", 1))
    return life


def _waiting_for_approval() -> Life:
    life = _resolved()
    life.says(CARLA, Confirm(1))
    return life.passes(timedelta(minutes=11))


def _waiting_for_the_second_approval() -> Life:
    life = _waiting_for_approval()
    life.says(NOAH, Approve())
    return life


def _cancelled() -> Life:
    life = _taken()
    life.says(ASHA, Cancel(CancelReason.TEST))
    return life


def _silent() -> Life:
    life = Life(Report("All tills are down", impact=Impact.WIDESPREAD, urgency=Urgency.HIGH))
    life.says(ASHA, Acknowledge())
    return life.passes(timedelta(hours=2))


LIVES = (Life, _taken, _held, _resolved, _rejected, _waiting_for_approval, _waiting_for_the_second_approval, _cancelled, _silent)


@pytest.mark.parametrize("begun", LIVES)
def test_console_and_process_agree(begun: Callable[[], Life]) -> None:
    """For every command, by everybody, in every state: what the console withholds the process refuses with that sentence, and what it refuses for who sends it is withheld."""
    life = begun()
    for actor in ACTORS:
        for command in _LABELS:
            kind = COMMANDS[command]
            message = TypeAdapter(kind).validate_python(EXAMPLES[kind])
            said = why_not(command, life.facts, actor)
            outcome = deepcopy(life).says(actor, message)  # type: ignore[arg-type]
            case = (begun.__name__, actor.id, command, said, outcome.rule)
            assert said is None or (outcome.detail or "").startswith(said), case
            assert outcome.rule not in (Rule.NOT_PERMITTED, Rule.OWN_WORK, Rule.NO_APPROVAL) or said is not None, case


def test_what_is_in_hand_is_not_offered_again() -> None:
    """Whoever has taken it is not asked to take it; others may."""
    facts = _taken().facts
    assert why_not("take", facts, ASHA) == Rule.NOTHING_CHANGES.says
    assert why_not("take", facts, NOAH) is None


def test_what_was_tried_stays_on_the_page() -> None:
    """Where another approver was faster, what the later one typed has a place to stand in."""
    facts, choices = _taken().facts, DeskChoices((), (), ())
    assert "approve" not in {form.command for form in forms(facts, NOAH, choices)}
    assert "approve" in {form.command for form in forms(facts, NOAH, choices, tried="approve")}


def test_what_begins_anew_can_be_acknowledged_anew() -> None:
    """After an hour of silence the ladder of a grave incident calls again: the console offers to stop it (S10)."""
    assert why_not("acknowledge", _silent().facts, NOAH) is None
    assert why_not("acknowledge", _taken().facts, NOAH) == Rule.NOTHING_CHANGES.says
