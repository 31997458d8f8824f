"""What a life costs in history events, as a formula (docs/design.md, "What an incident costs")."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType

from tests.desk import Desk, Shelf, done_in_vain, start_time_server, worker
from tests.process.life import ASHA, CARLA
from workflows.messages import Hold, Message, Report, Reprioritise, Resume
from workflows.publication import Result
from workflows.vocabulary import EventKind, HoldReason, Impact, Urgency

REPORT = Report("Printer on floor 3 is jammed", category="printing", impact=Impact.WIDESPREAD, urgency=Urgency.LOW)
HELD_TEN_TIMES: list[Message] = [message for turn in range(10) for message in (Hold(HoldReason.CALLER, f"Question {turn}?"), Resume())]
REPRIORITISED_FIVE_TIMES: list[Message] = [
    Reprioritise(Impact.SIGNIFICANT, urgency, f"change {turn}")
    for turn, urgency in enumerate([Urgency.HIGH, Urgency.LOW, Urgency.HIGH, Urgency.LOW, Urgency.HIGH])
]


@pytest.fixture
async def patient_desk() -> AsyncIterator[Desk]:
    """A desk whose histories are handed over as late as in production, so that one run holds a whole life."""
    queue, shelf = f"desk-{uuid4().hex[:8]}", Shelf()
    async with await start_time_server(hand_over_after=4096) as env, worker(env.client, shelf, queue):
        yield Desk(env, queue, shelf)


def bound(messages: int, firings: int) -> int:
    """The most a life still under way may cost: the beginning, and what each message and each firing of a timer brings with it.

    A message is its event; so is a firing. Each, and the report, wakes the incident (a task: three events), leads to at most one publication (three),
    whose answer wakes it again (three), and may set the alarm anew (one timer started, one cancelled).
    """
    causes = 1 + messages + firings
    return causes * (1 + 3 + 3 + 3 + 2)


async def test_holds_and_new_priorities_cost_what_the_formula_says(patient_desk: Desk) -> None:
    """Held ten times and reprioritised five times: clocks, pauses and ladders add at most one timer to a message, and no event of their own."""
    incident = await patient_desk.report(CARLA, REPORT)
    await patient_desk.settles(incident)
    messages = [*HELD_TEN_TIMES, *REPRIORITISED_FIVE_TIMES]
    ids = []
    for message in messages:
        ids.append(await patient_desk.says(incident, ASHA, message))
        await patient_desk.settles(incident)
    assert [patient_desk.shelf.outcomes[name].result for name in ids] == [Result.APPLIED] * 25
    names = [EventType.Name(event.event_type) async for event in incident.fetch_history_events()]
    cost = Counter(names)
    signals, publications = cost["EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"], cost["EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"]
    assert signals == len(messages)
    assert publications <= 1 + signals
    assert cost["EVENT_TYPE_TIMER_STARTED"] <= 1 + signals
    assert cost["EVENT_TYPE_TIMER_FIRED"] == 0
    assert cost["EVENT_TYPE_WORKFLOW_TASK_COMPLETED"] <= 1 + signals + publications
    assert len(names) - done_in_vain(names) <= bound(len(messages), firings=0)
    kinds = [event.kind for event in patient_desk.shelf.events[incident.id].values()]
    assert (kinds.count(EventKind.HELD), kinds.count(EventKind.REPRIORITISED)) == (10, 5)


async def test_a_threshold_costs_what_a_message_costs(patient_desk: Desk) -> None:
    """A warning or a breach is one firing: the timer, a task, a publication, a task, and the next timer."""
    # Time that skips sometimes wakes an incident for nothing; it can only add, so the cheapest of a few lives is the cost.
    assert min([await over_the_bound_after_a_month(patient_desk) for _ in range(3)]) <= 0


async def over_the_bound_after_a_month(desk: Desk) -> int:
    """How many history events more than the formula allows a reported incident has that nobody touches for thirty days."""
    incident = await desk.report(CARLA, Report("Printer on floor 3 is jammed", category="printing"))
    await desk.settles(incident)
    await desk.passes(incident, timedelta(days=30))
    await desk.settles(incident)
    names = [EventType.Name(event.event_type) async for event in incident.fetch_history_events()]
    cost = Counter(names)
    fired = cost["EVENT_TYPE_TIMER_FIRED"]
    told = [event.kind for event in desk.shelf.events[incident.id].values()]
    # Two clocks with three thresholds each; some share an instant, and so a timer.
    assert told.count(EventKind.THRESHOLD_PASSED) + told.count(EventKind.BREACHED) == 6
    assert 0 < fired <= 6
    skipping = sum(count for name, count in cost.items() if "TIME_SKIPPING" in name or "OPTIONS_UPDATED" in name)
    return len(names) - skipping - done_in_vain(names) - bound(0, fired)
