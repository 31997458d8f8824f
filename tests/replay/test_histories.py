"""Every recorded history replays on the present code: incidents that run today survive tomorrow's release (design rule 6)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from activities.house.commands.gate import CHANGED
from activities.house.commands.retelling import Listener, first_difference, told
from tests.desk import runner
from tests.process.newer_edition import works_by
from tests.replay.approving_desk import BOOK as APPROVING_DESK
from tests.replay.record_histories import APPROVING, HISTORIES
from tests.replay.scenarios import SCENARIOS
from workflows.dates import ahead
from workflows.incident import IncidentWorkflow
from workflows.messages import SIGNALS
from workflows.policies.book import HOLDFAST, Book, adopt
from workflows.policies.dated import Dated
from workflows.vocabulary import DeadlineKind, EventKind, Priority

RECORDED = sorted([*HISTORIES.glob("*.json"), *APPROVING.glob("*.json")])
NOT_RECORDED = {
    EventKind.REMINDER_MERGED: "reminders are merged after an outage, and where histories are recorded a worker is always there"
}


def history(file: Path) -> WorkflowHistory:
    """A recorded history."""
    return WorkflowHistory.from_json(file.stem, file.read_text(encoding="utf-8"))


async def replay(recorded: WorkflowHistory) -> None:
    """As the worker runs it: sandbox, converter and all. It also promises what it promised: dates, letters, answers."""
    listener = Listener()
    replayer = Replayer(
        workflows=[IncidentWorkflow], data_converter=pydantic_data_converter, workflow_runner=runner(), interceptors=[listener]
    )
    await replayer.replay_workflow(recorded)
    assert (difference := first_difference(recorded, listener.heard)) is None, f"{difference}: {CHANGED}"


def test_every_scenario_is_recorded() -> None:
    """No scenario without a history; record with: python -m tests.replay.record_histories."""
    assert {file.stem.partition("-")[2].partition("-")[2] for file in RECORDED} >= set(SCENARIOS)


def book_of(file: Path) -> Book:
    """The book of the desk where that was recorded."""
    return APPROVING_DESK if file.parent == APPROVING else HOLDFAST


def occurrences(file: Path) -> Iterator[str]:
    """The signals, events and dates that came, in one recorded history."""
    recorded = history(file)
    publications = [publication for _, publication in told(recorded) if publication is not None]
    yield from (f"signal {each.workflow_execution_signaled_event_attributes.signal_name}" for each in recorded.events)
    happened = [event for publication in publications for event in publication.events]
    yield from (f"event {event.kind}" for event in happened)
    planned = {event.planned_at for event in happened}
    yield from (f"date {each.kind}" for publication in publications for each in ahead(publication.snapshot) if each.at in planned)


def test_everything_that_can_happen_is_recorded() -> None:
    """No message, no event and no date of the process without a history in which it comes, but for those with a reason."""
    can_happen = (
        {f"signal {name}" for name in SIGNALS} | {f"event {kind}" for kind in EventKind} | {f"date {kind}" for kind in DeadlineKind}
    )
    recorded = {each for file in RECORDED for each in occurrences(file)}
    assert can_happen - recorded == {f"event {kind}" for kind in NOT_RECORDED}, "add it to a life in scenarios.py and record that"


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
async def test_a_recorded_history_replays(file: Path) -> None:
    """What ran once runs the same again, command for command."""
    with works_by(book_of(file)):
        await replay(history(file))


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
async def test_it_replays_after_an_edition_is_appended(file: Path) -> None:
    """New rules from a later day, about matrix and closure, change nothing for incidents that were reported before."""
    matrix = replace(HOLDFAST.priority_matrix[-1].rule, unassessed=Priority.P1)
    closure = replace(HOLDFAST.closure[0].rule, confirmation_reminders_after_days=(), automatic_closure_after_days=1)
    later = date(2027, 6, 1)
    appended = replace(
        book_of(file),
        priority_matrix=(*HOLDFAST.priority_matrix, Dated(later, matrix, "test")),
        closure=(*HOLDFAST.closure, Dated(later, closure, "test")),
    )
    with works_by(appended):
        await replay(history(file))


async def test_a_changed_date_would_be_noticed() -> None:
    """A rule in force that leads to the same steps at other times replays, and is noticed all the same."""
    closure = replace(HOLDFAST.closure[0].rule, automatic_closure_after_days=4.5)
    adopt(replace(HOLDFAST, closure=(Dated(HOLDFAST.closure[0].valid_from, closure, "test"),)))
    file = next(file for file in RECORDED if file.stem.endswith("silence"))
    try:
        with pytest.raises(AssertionError, match="dates ahead"):
            await replay(history(file))
    finally:
        adopt(HOLDFAST)


async def test_a_changed_rule_in_force_would_be_noticed() -> None:
    """The guard guards: editing the closure rule that is in force breaks the replay of an incident that closed by silence."""
    closure = replace(HOLDFAST.closure[0].rule, automatic_closure_after_days=1, confirmation_reminders_after_days=())
    adopt(replace(HOLDFAST, closure=(Dated(HOLDFAST.closure[0].valid_from, closure, "test"),)))
    file = next(file for file in RECORDED if file.stem.endswith("silence"))
    try:
        with pytest.raises(Exception, match=r"(?i)nondeterminism"):
            await replay(history(file))
    finally:
        adopt(HOLDFAST)
