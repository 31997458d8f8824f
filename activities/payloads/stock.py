"""Takes stock of running incidents: which keys their histories need."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from activities.payloads.opened import keys_needed

RUNNING = "ExecutionStatus = 'Running' AND WorkflowType = 'Incident'"
_AT_ONCE = 8


@dataclass(frozen=True)
class Stock:
    """How many running incidents were looked at, and how many of them need each key; under ``None`` those with something unencrypted."""

    looked_at: int
    need: Mapping[str | None, int]

    def missing(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """What is needed and not among these keys, with how many incidents wait for it."""
        return {name: count for name, count in self.need.items() if name is not None and name not in names}


async def take_stock(client: Client, at_most: int | None = None) -> Stock:
    """Reads the histories of running incidents, the newest first; nothing is decrypted. Raises RPCError where Temporal does not answer."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def needed(incident: WorkflowExecution) -> frozenset[str | None] | None:
        async with turn:
            return await _needed(client, incident)

    running = [each async for each in client.list_workflows(RUNNING, limit=at_most)]
    found = [each for each in await asyncio.gather(*map(needed, running)) if each is not None]
    return Stock(len(found), Counter(name for each in found for name in each))


async def _needed(client: Client, incident: WorkflowExecution) -> frozenset[str | None] | None:
    """Nothing where its history has gone meanwhile."""
    try:
        return keys_needed(await client.get_workflow_handle(incident.id, run_id=incident.run_id).fetch_history())
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
