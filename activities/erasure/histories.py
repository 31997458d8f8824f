"""What Temporal remembers of incidents: whether a process still runs, and histories that are deleted for good (process.md S21, temporal.md)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.pacing import at_a_pace

_PER_SECOND = 50
# Temporal deletes half a minute after it was asked to.
_GLANCE = 1.0


class NotGoneError(Exception):
    """Temporal has been asked, and some histories are still there."""


class Histories:
    """The histories of one namespace, by number of the incident."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def running(self, numbers: Collection[str]) -> frozenset[str]:
        """Of which of these the process still runs, and can publish."""
        found = await at_a_pace(numbers, self._described, _PER_SECOND)
        running = WorkflowExecutionStatus.RUNNING
        return frozenset(number for number, each in zip(numbers, found, strict=True) if each and each.status is running)

    async def delete(self, numbers: Collection[str], patience: float, say: Callable[[str], None]) -> None:
        """Every run of these incidents is gone when this returns; NotGoneError after so many seconds. Their processes must have ended."""
        chains = await at_a_pace(numbers, self._runs, _PER_SECOND)
        ends = asyncio.get_running_loop().time() + patience
        # The newest run leads to the others, so it goes last: whoever begins again still finds all.
        for runs in ([run for chain in chains for run in chain[1:]], [chain[0] for chain in chains if chain]):
            if runs:
                say(f"Temporal deletes {len(runs)} histories; this takes about half a minute.")
                await self._ask_and_wait(runs, ends)

    async def _runs(self, number: str) -> list[tuple[str, str]]:
        """The runs of an incident, newest first, by the chain that they make, and any that the chain has lost."""
        found: list[str] = []
        newest = await self._described(number)
        run = newest.run_id if newest else None
        while run:
            found.append(run)
            run = await self._before(number, run)
        listed = [each.run_id async for each in self._client.list_workflows(f"WorkflowId = '{number}'") if each.run_id not in found]
        return [(number, run) for run in (*found, *listed)]

    async def _before(self, number: str, run: str) -> str | None:
        """The run that was handed over to this one; none where this was the first, or that has expired."""
        try:
            async for event in self._client.get_workflow_handle(number, run_id=run).fetch_history_events(page_size=1):
                before = event.workflow_execution_started_event_attributes.continued_execution_run_id
                return before if before and await self._is_there((number, before)) else None
        except RPCError as error:
            _unless_gone(error)
            return None
        return None

    async def _ask_and_wait(self, runs: list[tuple[str, str]], ends: float) -> None:
        await at_a_pace(runs, self._ask, _PER_SECOND)
        left = runs
        while left := await _those(left, self._is_there):
            if asyncio.get_running_loop().time() >= ends:
                raise NotGoneError
            await asyncio.sleep(_GLANCE)

    async def _ask(self, run: tuple[str, str]) -> None:
        which = WorkflowExecution(workflow_id=run[0], run_id=run[1])
        try:
            await self._client.workflow_service.delete_workflow_execution(
                DeleteWorkflowExecutionRequest(namespace=self._client.namespace, workflow_execution=which)
            )
        except RPCError as error:
            _unless_gone(error)

    async def _is_there(self, run: tuple[str, str]) -> bool:
        return await self._described(*run) is not None

    async def _described(self, number: str, run: str | None = None) -> WorkflowExecutionDescription | None:
        """That run, or the newest; none where Temporal has nothing of it."""
        try:
            return await self._client.get_workflow_handle(number, run_id=run).describe()
        except RPCError as error:
            _unless_gone(error)
            return None


def _unless_gone(error: RPCError) -> None:
    if error.status is not RPCStatusCode.NOT_FOUND:
        raise error


async def _those(runs: Iterable[tuple[str, str]], hold: Callable[[tuple[str, str]], Awaitable[bool]]) -> list[tuple[str, str]]:
    every = list(runs)
    found = await at_a_pace(every, hold, _PER_SECOND)
    return [run for run, holds in zip(every, found, strict=True) if holds]
