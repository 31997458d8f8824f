"""Approvals come in by the front door (process.md S11, S22)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.api.house import RunningDesk
from tests.house.whole_house import wait_until
from workflows.policies.approval_rules import Approval, ApprovalRules
from workflows.policies.book import HOLDFAST, adopt
from workflows.policies.dated import Dated
from workflows.vocabulary import Role


@pytest.fixture(autouse=True)
def policies() -> Iterator[None]:
    """An incident manager agrees to every closure, which comes a moment after "it works"."""
    closure = [Dated(each.valid_from, replace(each.rule, undo_period=timedelta(seconds=1)), "test") for each in HOLDFAST.closure]
    approvals = [Dated(each.valid_from, ApprovalRules((Approval(Role.INCIDENT_MANAGER),)), "test") for each in HOLDFAST.approvals]
    adopt(replace(HOLDFAST, closure=closure, approvals=approvals))
    yield
    adopt(HOLDFAST)


def test_a_manager_approves_by_the_api(desk: RunningDesk) -> None:
    """Whoever is asked can answer, and the incident closes; an agent cannot answer for the manager."""
    number = desk.resolved()
    assert desk.tell(number, "confirm", "carla").status_code == 200
    wait_until(lambda: desk.read(number)["approval_awaited"] == "incident_manager", "the question to the manager")
    assert desk.tell(number, "approve", "asha").status_code == 403
    assert desk.tell(number, "approve", "ines").status_code == 200
    wait_until(lambda: desk.read(number)["status"] == "closed", "the closure")
    assert desk.read(number)["approved_by"] == ["ines"]
