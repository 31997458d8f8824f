"""The builds of this desk's workers, as Temporal knows them (temporal.md 4.3): which is current, who follows it, and how that is changed.

An incident is pinned to the build that took it up, and hands over when Temporal has another one for it (``IncidentWorkflow.hand_over_where_that_is_due``).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import RoutingConfigUpdateState, TaskQueueType, WorkerDeploymentVersionStatus
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from activities.settings import Settings

_STUCK = "TemporalReportedProblems IN ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')"
_OF_NO_BUILD = "TemporalWorkerDeploymentVersion IS NULL"
_TAKES_EFFECT_WITHIN = 30.0  # seconds; it took about one
_GLANCE = 0.2
_POLLER_IS_OLD = timedelta(minutes=2)  # a worker asks at least once a minute


class DeploymentError(Exception):
    """Temporal does not do what was asked about builds; the text says why and what to do."""


@dataclass(frozen=True)
class Build:
    """One build: its part in the deployment, how many workers run it, how many open incidents are with it and how many of these are stuck in a failing task.

    ``name`` is none for what runs without a build. ``was_current_at``: when it was made current last, ``came_at``: when its first worker came, UTC.
    """

    name: str | None
    part: str
    workers: int = 0
    open: int = 0
    stuck: int = 0
    was_current_at: datetime | None = None
    came_at: datetime | None = None


@dataclass(frozen=True)
class Deployment:
    """All builds, newest first, and where incidents go: to the current build and, for a share of them, to the one that is ramped."""

    name: str
    builds: tuple[Build, ...]
    current: str | None
    ramping: str | None = None
    percent: float = 0
    has_taken_effect: bool = True

    @property
    def before(self) -> str | None:
        """The newest build that is older than the current one and was current once."""
        names = [each.name for each in self.builds]
        older = self.builds[names.index(self.current) + 1 :] if self.current in names else ()
        return next((each.name for each in older if each.was_current_at is not None), None)

    def first_after(self, build: str) -> datetime | None:
        """When the first build after that one came, UTC; none where there is none, or the build is not known."""
        names = [each.name for each in self.builds]
        newer = self.builds[: names.index(build)] if build in names else ()
        return newer[-1].came_at if newer else None


def versioning(settings: Settings) -> WorkerDeploymentConfig | None:
    """How a worker presents itself to Temporal: as one build among others, or as the only one there is."""
    if settings.build_id is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.deployment, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


async def routing(client: Client, name: str) -> Deployment | None:
    """The builds and where incidents go, without counting anything; none where no worker with a build ever ran."""
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name)
    try:
        info = (await client.workflow_service.describe_worker_deployment(request)).worker_deployment_info
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    route = info.routing_config
    return Deployment(
        name=name,
        builds=tuple(_build(each) for each in sorted(info.version_summaries, key=lambda each: each.create_time.ToDatetime(), reverse=True)),
        current=route.current_deployment_version.build_id or None,
        ramping=route.ramping_deployment_version.build_id or None,
        percent=route.ramping_version_percentage,
        has_taken_effect=info.routing_config_update_state != RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS,
    )


def _build(summary: WorkerDeploymentInfo.WorkerDeploymentVersionSummary) -> Build:
    part = WorkerDeploymentVersionStatus.Name(summary.status).removeprefix("WORKER_DEPLOYMENT_VERSION_STATUS_").lower()
    was_current = summary.last_current_time.ToDatetime(UTC) if summary.HasField("last_current_time") else None
    return Build(summary.deployment_version.build_id, part, was_current_at=was_current, came_at=summary.create_time.ToDatetime(UTC))


async def with_counts(client: Client, deployment: Deployment, queue: str) -> Deployment:
    """The same with workers, open and stuck incidents of each build, and a line for what runs without a build."""
    workers = await _workers(client, queue)
    builds = [await _counted(client, deployment.name, queue, each, workers) for each in deployment.builds]
    without = await _counted(client, deployment.name, queue, Build(None, "no build"), workers)
    told = (*builds, without) if without.open or without.workers else tuple(builds)
    return Deployment(**{**vars(deployment), "builds": told})


async def _counted(client: Client, name: str, queue: str, build: Build, workers: Counter[str | None]) -> Build:
    its = f"{open_on(queue)} AND {_of_build(name, build.name)}"
    found, stuck = [(await client.count_workflows(query)).count for query in (its, f"{its} AND {_STUCK}")]
    return Build(**{**vars(build), "workers": workers[build.name], "open": found, "stuck": stuck})


def open_on(queue: str) -> str:
    """Finds the open incidents of the desk with that task queue."""
    return f"WorkflowType = 'Incident' AND ExecutionStatus = 'Running' AND TaskQueue = '{queue}'"


def _of_build(name: str, build: str | None) -> str:
    return f"TemporalWorkerDeploymentVersion = '{name}:{build}'" if build else _OF_NO_BUILD


def of_others(name: str, build: str) -> str:
    """Finds the workflows that are not with a build, or are stuck on their way from one to another."""
    return f"(TemporalWorkerDeploymentVersion != '{name}:{build}' OR {_OF_NO_BUILD} OR {_STUCK})"


async def _workers(client: Client, queue: str) -> Counter[str | None]:
    kind = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    request = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind)
    pollers = (await client.workflow_service.describe_task_queue(request)).pollers
    now = datetime.now(UTC)
    alive = {(each.identity, each.deployment_options.build_id or None) for each in pollers if is_alive(each, now)}
    return Counter(build for _, build in alive)


def is_alive(poller: Any, now: datetime) -> bool:
    """Whether a worker has asked for work lately."""
    return bool(now - poller.last_access_time.ToDatetime(UTC) < _POLLER_IS_OLD)


async def make_current(client: Client, name: str, build: str) -> None:
    """From now on incidents begin with that build, and hand over to it. Comes back when that holds everywhere."""
    async with _explained(client, name, build):
        await client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=client.namespace, deployment_name=name, build_id=build, identity=client.identity
            )
        )
    await _takes_effect(client, name)


async def ramp(client: Client, name: str, build: str | None, percent: float) -> None:
    """So many percent of the incidents, chosen by Temporal by their number, go to that build; without a build the ramp ends."""
    async with _explained(client, name, build):
        await client.workflow_service.set_worker_deployment_ramping_version(
            SetWorkerDeploymentRampingVersionRequest(
                namespace=client.namespace, deployment_name=name, build_id=build or "", percentage=percent, identity=client.identity
            )
        )
    await _takes_effect(client, name)


async def _takes_effect(client: Client, name: str) -> None:
    """Temporal tells its task queues one after the other; who asks an incident before that asks in vain."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_TAKES_EFFECT_WITHIN):
            while (now := await routing(client, name)) is not None:
                if now.has_taken_effect:
                    return
                await asyncio.sleep(_GLANCE)


@asynccontextmanager
async def _explained(client: Client, name: str, build: str | None) -> AsyncIterator[None]:
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            known = await routing(client, name)
            raise DeploymentError(_unknown(name, build, known.builds if known else ())) from None
        if error.status in (RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.INVALID_ARGUMENT):
            raise DeploymentError(f"Temporal refuses: {error.message}.") from None
        raise


def _unknown(name: str, build: str | None, known: Sequence[Build]) -> str:
    there_are = f"It knows: {', '.join(each.name for each in known if each.name)}." if known else "It knows none yet."
    return f"Temporal knows no build {build} of {name}. Start a worker of it first, with HOLDFAST_BUILD_ID={build}. {there_are}"
