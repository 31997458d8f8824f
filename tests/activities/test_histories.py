"""Histories are deleted from a real Temporal: every run of a chain, and nobody else's (process.md S21, temporal.md)."""

import asyncio
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.erasure.histories import Histories, NotGoneError
from tests.desk import time_server

__all__ = ["time_server"]


@workflow.defn(name="Chain")
class Chain:
    """Hands over to itself some times, then ends, or waits for ever."""

    @workflow.run
    async def run(self, times: int, waits: bool) -> None:
        """Its whole life."""
        if times:
            workflow.continue_as_new(args=[times - 1, waits])
        await workflow.wait_condition(lambda: not waits)


async def _runs(client: Client, number: str) -> list[str]:
    """Every run, once they can all be listed."""
    for _ in range(200):
        found = [each.run_id async for each in client.list_workflows(f"WorkflowId = '{number}'")]
        if len(found) == 3:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("the chain is not listed")


async def test_every_run_of_a_chain_is_gone(time_server: WorkflowEnvironment) -> None:
    """And only when all of them are does it return; who is too impatient is told, and may ask again. Running ones and those of others stay."""
    client, queue = time_server.client, f"chains-{uuid4().hex[:8]}"
    over, runs_on, other = (f"INC-{uuid4().hex[:8]}" for _ in range(3))
    histories = Histories(client)
    async with Worker(client, task_queue=queue, workflows=[Chain], workflow_runner=UnsandboxedWorkflowRunner()):
        for number, waits in ((over, False), (runs_on, True), (other, False)):
            await client.start_workflow("Chain", args=[2, waits], id=number, task_queue=queue)
        await client.get_workflow_handle(over).result()
        runs = await _runs(client, over)
        assert await histories.running([over, runs_on, "INC-unknown"]) == {runs_on}
        with pytest.raises(NotGoneError):
            await histories.delete([over], 0, lambda _: None)
        await histories.delete([over, "INC-unknown"], 150, lambda _: None)
        for run in runs:
            with pytest.raises(RPCError, match="not found"):
                await client.get_workflow_handle(over, run_id=run).describe()
        await client.get_workflow_handle(other).describe()
        await client.get_workflow_handle(runs_on).terminate()
        await histories.delete([over], 0, lambda _: None)
