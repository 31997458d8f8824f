"""The process on a real server, with real signals, timers and histories (design section 2)."""

from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.desk import Desk, done_in_vain, runner
from tests.process.life import ASHA, CARLA
from workflows.incident import IncidentWorkflow
from workflows.messages import Acknowledge, Assign, Confirm, Hold, Note, Reject, Report, Resolve, Take
from workflows.publication import Result
from workflows.vocabulary import ClosedBy, EventKind, HoldReason, Status

BROKEN = Report("Printer on floor 3 is jammed", category="printing")
FIXED = Resolve("fixed", "Took the paper out.")
UNDO = timedelta(minutes=10)


async def test_from_report_to_closure(desk: Desk) -> None:
    """Report, assign, acknowledge, resolve, confirm: closed after the undo period, all in the record."""
    incident = await desk.report(CARLA, BROKEN)
    for who, message in [(ASHA, Assign("service-desk", "asha")), (ASHA, Acknowledge()), (ASHA, FIXED), (CARLA, Confirm(1))]:
        await desk.says(incident, who, message)
        await desk.passes(incident, timedelta(minutes=1))
    await desk.passes(incident, UNDO)
    closure = await incident.result()
    assert (closure.status, closure.cycles) == (Status.CLOSED, 1)
    facts = desk.shelf.facts[incident.id]
    assert facts.closed_by is ClosedBy.CONFIRMATION
    assert sorted(desk.shelf.events[incident.id]) == list(range(1, facts.version + 1))


# What the server adds to a history for skipping time; a desk on a plain server has none of it.
SKIPPING = ("TIME_SKIPPING", "OPTIONS_UPDATED")


async def cost_of_a_plain_life(desk: Desk) -> int:
    """The history events of one incident that is assigned, acknowledged, resolved, confirmed and closed, each message by itself."""
    incident = await desk.report(CARLA, BROKEN)
    await desk.settles(incident)
    for who, message in [(ASHA, Assign("service-desk", "asha")), (ASHA, Acknowledge()), (ASHA, FIXED), (CARLA, Confirm(1))]:
        await desk.says(incident, who, message)
        await desk.settles(incident)
    await desk.passes(incident, UNDO)
    await incident.result()
    names = [EventType.Name(event.event_type) async for event in incident.fetch_history_events()]
    ours = [name for name in names if not any(mark in name for mark in SKIPPING)]
    return len(ours) - done_in_vain(ours)


async def test_a_plain_incident_costs_63_events(desk: Desk) -> None:
    """Message by message, with its letters and its service levels, a plain incident writes 63 history events."""
    # Time that skips sometimes wakes an incident for nothing, which a task of three events says; it can only add, so the cheapest of a few lives is the cost.
    assert min([await cost_of_a_plain_life(desk) for _ in range(4)]) == 63


async def test_a_timer_left_standing_takes_no_date_away(desk: Desk) -> None:
    """Acknowledged long before its response was due: the timer of that date rings in vain, and what falls due later is told on time."""
    incident = await desk.report(CARLA, BROKEN)
    await desk.says(incident, ASHA, Acknowledge())
    await desk.passes(incident, timedelta(days=40))
    names = [EventType.Name(event.event_type) async for event in incident.fetch_history_events()]
    assert not any(name.endswith("TIMER_CANCELED") for name in names)
    told = [event for event in desk.shelf.events[incident.id].values() if event.planned_at is not None]
    assert [event.kind for event in told] == [EventKind.THRESHOLD_PASSED, EventKind.THRESHOLD_PASSED, EventKind.BREACHED]
    assert sum(name.endswith("TIMER_FIRED") for name in names) == len(told) + 1
    assert all("late_seconds" not in event.after for event in told)


async def test_everything_at_once(desk: Desk) -> None:
    """All messages in one go end as they would one by one; nothing hangs on a state that was passed through."""
    incident = await desk.report(CARLA, BROKEN)
    ids = [
        await desk.says(incident, who, message)
        for who, message in [(ASHA, Take()), (ASHA, FIXED), (CARLA, Reject("no", 1)), (ASHA, FIXED), (CARLA, Confirm(2))]
    ]
    await desk.passes(incident, UNDO + timedelta(seconds=1))
    assert (await incident.result()).cycles == 2
    assert [desk.shelf.outcomes[name].result for name in ids] == [Result.APPLIED] * 5


async def test_silence_closes_on_a_real_server(desk: Desk) -> None:
    """Timers for reminders and closure fire in their order."""
    incident = await desk.report(CARLA, BROKEN)
    await desk.says(incident, ASHA, FIXED)
    await desk.passes(incident, timedelta(days=21))
    await incident.result()
    kinds = [event.kind for _, event in sorted(desk.shelf.events[incident.id].items())]
    assert kinds[-3:] == [EventKind.CONFIRMATION_REMINDED, EventKind.CONFIRMATION_REMINDED, EventKind.CLOSED]


async def test_a_record_that_is_away_holds_up_nothing(desk: Desk) -> None:
    """Messages and timers work while the database is away; the record is complete when it is back, each event once."""
    desk.shelf.is_away = True
    incident = await desk.report(CARLA, BROKEN)
    await desk.says(
        incident, ASHA, Hold(HoldReason.SCHEDULED, until=(await incident.query(IncidentWorkflow.facts)).logged_at + timedelta(hours=800))
    )
    await desk.says(incident, ASHA, FIXED)
    assert (await incident.query(IncidentWorkflow.facts)).status is Status.RESOLVED
    desk.shelf.is_away = False
    await desk.passes(incident, timedelta(days=21))
    await incident.result()
    assert sorted(desk.shelf.events[incident.id]) == list(range(1, desk.shelf.facts[incident.id].version + 1))


async def test_a_signal_nobody_knows_blocks_nothing(desk: Desk) -> None:
    """Nonsense by signal is answered as malformed and the incident goes on."""
    incident = await desk.report(CARLA, BROKEN)
    await incident.signal("no_such_message", {"command_id": "x"})
    await incident.signal("hold", {"command_id": "broken", "message": 7})
    await incident.signal("hold", "nonsense")
    name = await desk.says(incident, ASHA, Note("still here"))
    await desk.passes(incident, timedelta(minutes=1))
    assert desk.shelf.outcomes["broken"].result is Result.MALFORMED
    assert desk.shelf.outcomes[name].result is Result.APPLIED


async def test_its_history_replays(desk: Desk) -> None:
    """What ran in the sandbox replays in the sandbox."""
    incident = await desk.report(CARLA, BROKEN)
    for who, message in [(ASHA, Take()), (ASHA, FIXED), (CARLA, Confirm(1))]:
        await desk.says(incident, who, message)
        await desk.passes(incident, timedelta(minutes=1))
    await desk.passes(incident, UNDO)
    await incident.result()
    replayer = Replayer(workflows=[IncidentWorkflow], data_converter=pydantic_data_converter, workflow_runner=runner())
    await replayer.replay_workflow(await incident.fetch_history())


async def test_a_long_history_is_handed_over_and_nothing_is_lost(desk: Desk) -> None:
    """Sixty notes across several runs: each applied once and in order, a date set before the first hand-over still comes, repeated commands are still known."""
    incident = await desk.report(CARLA, BROKEN)
    first_run = (await incident.describe()).run_id
    await desk.says(incident, ASHA, FIXED, command_id="resolved")
    ids = []
    for number in range(60):
        ids.append(await desk.says(incident, ASHA, Note(f"note {number}")))
        if number % 7 == 0:
            await desk.settles(incident)
    await desk.says(incident, ASHA, FIXED, command_id="resolved")
    assert (await incident.describe()).run_id != first_run
    await desk.passes(incident, timedelta(days=21))
    assert (await incident.result()).status is Status.CLOSED
    events = desk.shelf.events[incident.id]
    assert sorted(events) == list(range(1, desk.shelf.facts[incident.id].version + 1))
    noted = [event.after["text"] for _, event in sorted(events.items()) if event.kind is EventKind.NOTED]
    assert noted == [f"note {number}" for number in range(60)]
    assert [event.kind for event in events.values()].count(EventKind.RESOLVED) == 1
    assert {desk.shelf.outcomes[name].result for name in ids} == {Result.APPLIED}


async def test_a_signal_without_or_with_too_many_arguments_blocks_nothing(desk: Desk) -> None:
    """An operator who sends a signal with an empty body, or with two, is answered as malformed; the incident works on."""
    incident = await desk.report(CARLA, BROKEN)
    await incident.signal("acknowledge")
    await incident.signal("note", args=["one", "two"])
    await desk.says(incident, ASHA, Acknowledge())
    await desk.settles(incident)
    kinds = [event.kind for event in desk.shelf.events[incident.id].values()]
    assert kinds.count(EventKind.MALFORMED) == 2
    assert kinds.count(EventKind.ACKNOWLEDGED) == 1
