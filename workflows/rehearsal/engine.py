"""A server in miniature: activations for the real workflow class, timers on a virtual clock, a record in memory.

It leans on internals of the pinned SDK (the activation protocol); a test proves that it and a real server agree. Unsandboxed: the sandbox costs time and is
used wherever a real server runs.
"""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, cast

import temporalio.api.common.v1 as payloads
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.common import MetricMeter, Priority, TypedSearchAttributes
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import PayloadConverter
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowInstanceDetails
from temporalio.workflow import Info, _Definition

from workflows.incident import IncidentWorkflow
from workflows.messages import NAMES, Intake, Sent
from workflows.publication import Closure, Event, Outcome, Publication, Published, Snapshot, Surveyed
from workflows.record import HandedOver

ACTIVITY_TAKES = timedelta(milliseconds=5)
_CONVERTER = pydantic_data_converter.payload_converter
_FAILURES = pydantic_data_converter.failure_converter


def written(publication: Publication) -> Published:
    """What a record answers that writes everything, reaches everybody and lets everybody be asked how it went."""
    return Published(publication.up_to, surveyed=Surveyed(publication.surveying) if publication.surveying else None)


@dataclass
class MemoryRecord:
    """Behaves as activities.records: newest facts win, an event and an outcome are written once."""

    facts: dict[str, Snapshot] = field(default_factory=dict)
    events: dict[str, dict[int, Event]] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Outcome]] = field(default_factory=dict)

    def publish(self, publication: Publication) -> Published:
        """One publication; everybody is reachable, and may be asked how it went."""
        number = publication.snapshot.number
        known = self.facts.get(number)
        if known is None or known.version < publication.snapshot.version:
            self.facts[number] = publication.snapshot
        happened, answers = self.events.setdefault(number, {}), self.outcomes.setdefault(number, {})
        for event in publication.events:
            happened.setdefault(event.seq, event)
        for outcome in publication.outcomes:
            answers.setdefault(outcome.command_id, outcome)
        return written(publication)


@dataclass
class _Run:
    """One run of one workflow."""

    number: str
    instance: Any
    timers: dict[int, bool] = field(default_factory=dict)
    activations: int = 0
    is_running: bool = True
    hand_over_is_suggested: bool = False


class Engine:
    """Incidents on a virtual clock that starts at ``now`` (UTC). Values cross as a server would carry them, unless ``converter`` says otherwise."""

    def __init__(
        self, now: datetime, publish: Callable[[Publication], Published] | None = None, converter: PayloadConverter = _CONVERTER
    ) -> None:
        self._now, self._publish, self._converter = now, publish or MemoryRecord().publish, converter
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._runs: dict[str, _Run] = {}
        self._runner, self._loop = UnsandboxedWorkflowRunner(), asyncio.new_event_loop()
        self.closures: dict[str, Closure] = {}
        self.hand_overs = 0
        # Whether a server would have another build for every incident, at every activation.
        self.has_another_build = False

    @property
    def now(self) -> datetime:
        """The virtual present."""
        return self._now

    def start(self, intake: Intake) -> None:
        """A report becomes an incident, now."""
        self._start(intake.number, intake)

    def send(self, number: str, *messages: Sent[Any]) -> None:
        """Delivers messages in one activation. Raises LookupError when the incident's workflow has ended."""
        if number in self.closures:
            raise LookupError(f"{number} has ended")
        self.send_raw(number, [(NAMES[type(sent.message)], sent) for sent in messages])

    def send_raw(self, number: str, signals: Sequence[tuple[str, Any]], with_due_timers: bool = False) -> None:
        """Delivers any signals by name; with ``with_due_timers`` together with the timers that ring at this moment, as after an outage."""
        run = self._runs[number]
        activation = self._activation(run)
        for name, argument in signals:
            job = activation.jobs.add().signal_workflow
            job.signal_name, job.originating_event_id = name, 10 * run.activations + 4
            job.input.extend(self._converter.to_payloads([argument]))
        if with_due_timers:
            for seq in [seq for seq, is_waiting in run.timers.items() if is_waiting]:
                run.timers[seq] = False
                activation.jobs.add().fire_timer.seq = seq
        self._activate(run, activation)

    def suggest_hand_over(self, number: str) -> None:
        """From the next activation on the history counts as long."""
        self._runs[number].hand_over_is_suggested = True

    def advance_to(self, instant: datetime) -> None:
        """Time goes by; timers ring and publications end when they are due."""
        while self._agenda and self._agenda[0][0] <= instant:
            at, _, action = heapq.heappop(self._agenda)
            self._now = max(self._now, at)
            action()
        self._now = max(self._now, instant)

    def outage_until(self, instant: datetime) -> None:
        """Time goes by while nothing runs: what is due stays due until the next activation or ``advance_to``."""
        self._now = max(self._now, instant)

    def close(self) -> None:
        """Drops what still runs."""
        for run in [run for run in self._runs.values() if run.is_running]:
            self._evict(run, "engine closed")
        self._loop.close()

    # one run

    def _start(self, number: str, opening: Intake | HandedOver) -> None:
        definition = _Definition.must_from_class(IncidentWorkflow)
        details = WorkflowInstanceDetails(
            # One for all runs: each converter builds its own readers of types, which costs more than the life of a plain incident.
            payload_converter_factory=lambda: self._converter,
            failure_converter_class=pydantic_data_converter.failure_converter_class,
            interceptor_classes=[],
            defn=definition,
            info=self._info(number, definition.name or ""),
            randomness_seed=0,
            extern_functions=_EXTERN_FUNCTIONS,
            disable_eager_activity_execution=False,
            worker_level_failure_exception_types=[],
            patch_activation_callback=None,
            last_completion_result=payloads.Payloads(),
            last_failure=None,
        )
        asyncio._set_running_loop(self._loop)  # noqa: SLF001 -- the instance asks for the loop it is made on
        try:
            instance = self._runner.create_instance(details)
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001 -- as before
        run = self._runs[number] = _Run(number, instance)
        activation = self._activation(run)
        job = activation.jobs.add().initialize_workflow
        job.workflow_type, job.workflow_id = definition.name or "", number
        job.arguments.extend(self._converter.to_payloads([opening]))
        self._activate(run, activation)

    def _info(self, number: str, workflow_type: str) -> Info:
        return Info(
            attempt=1,
            continued_run_id=None,
            cron_schedule=None,
            execution_timeout=None,
            first_execution_run_id=number,
            headers={},
            namespace="rehearsal",
            original_execution_run_id=number,
            parent=None,
            root=None,
            priority=Priority.default,
            raw_memo={},
            retry_policy=None,
            run_id=number,
            run_timeout=None,
            search_attributes={},
            start_time=self._now,
            task_queue="rehearsal",
            task_timeout=timedelta(seconds=10),
            typed_search_attributes=TypedSearchAttributes.empty,
            workflow_id=number,
            workflow_start_time=self._now,
            workflow_type=workflow_type,
        )

    def _activation(self, run: _Run) -> WorkflowActivation:
        activation = WorkflowActivation(
            run_id=run.number,
            history_length=10 * run.activations + 3,
            continue_as_new_suggested=run.hand_over_is_suggested,
            target_worker_deployment_version_changed=self.has_another_build,
        )
        activation.timestamp.FromDatetime(self._now)
        return activation

    def _activate(self, run: _Run, activation: WorkflowActivation) -> None:
        run.activations += 1
        completion = run.instance.activate(activation)
        if completion.HasField("failed"):
            raise _FAILURES.from_failure(completion.failed.failure, _CONVERTER)
        for command in completion.successful.commands:
            self._carry_out(run, command)

    def _carry_out(self, run: _Run, command: WorkflowCommand) -> None:
        kind = command.WhichOneof("variant")
        action = _COMMANDS.get(kind or "")
        if action is None:
            raise NotImplementedError(f"the incident workflow issues {kind}; teach the engine what it means")
        action(self, run, getattr(command, cast("str", kind)))

    # commands

    def _start_timer(self, run: _Run, command: Any) -> None:
        run.timers[command.seq] = True

        def ring() -> None:
            if run.is_running and run.timers[command.seq]:
                run.timers[command.seq] = False
                activation = self._activation(run)
                activation.jobs.add().fire_timer.seq = command.seq
                self._activate(run, activation)

        self._later(command.start_to_fire_timeout.ToTimedelta(), ring)

    def _cancel_timer(self, run: _Run, command: Any) -> None:
        run.timers[command.seq] = False

    def _schedule_activity(self, run: _Run, command: Any) -> None:
        publication = self._converter.from_payloads(list(command.arguments), [Publication])[0]

        def finish() -> None:
            answer = self._publish(publication)
            if run.is_running:
                activation = self._activation(run)
                job = activation.jobs.add().resolve_activity
                job.seq = command.seq
                job.result.completed.result.CopyFrom(self._converter.to_payloads([answer])[0])
                self._activate(run, activation)

        self._later(ACTIVITY_TAKES, finish)

    def _complete(self, run: _Run, command: Any) -> None:
        self.closures[run.number] = self._converter.from_payloads([command.result], [Closure])[0]
        self._evict(run, "completed")

    def _continue_as_new(self, run: _Run, command: Any) -> None:
        opening = self._converter.from_payloads(list(command.arguments), [HandedOver])[0]
        self._evict(run, "continued as new")
        self.hand_overs += 1
        self._start(run.number, opening)

    def _evict(self, run: _Run, why: str) -> None:
        run.is_running = False
        activation = self._activation(run)
        activation.jobs.add().remove_from_cache.message = why
        run.instance.activate(activation)

    def _later(self, delay: timedelta, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self._now + delay, next(self._order), action))


_COMMANDS: dict[str, Callable[[Engine, _Run, Any], None]] = {
    "start_timer": Engine._start_timer,  # noqa: SLF001 -- the table of this class
    "cancel_timer": Engine._cancel_timer,  # noqa: SLF001
    "schedule_activity": Engine._schedule_activity,  # noqa: SLF001
    "complete_workflow_execution": Engine._complete,  # noqa: SLF001
    "continue_as_new_workflow_execution": Engine._continue_as_new,  # noqa: SLF001
}
_EXTERN_FUNCTIONS: dict[str, Any] = {
    "__temporal_get_metric_meter": lambda: MetricMeter.noop,
    "__temporal_assert_local_activity_valid": lambda _: None,
}


def at(text: str) -> datetime:
    """An instant of the recorded data: wall-clock minutes without a zone, taken as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
