"""The line to Temporal: starts incidents and tells them commands. The only module here that talks to it (design section 2).

What Temporal has taken in is durable, whether a worker runs or not; what it has not confirmed is answered 503 and may be sent again
under the same id (temporal.md 1.1 to 1.3).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.settings import Settings
from activities.temporal_connection import connect
from api.problems import Problem
from workflows.messages import Intake, Sent

PROCESS = "Incident"
PATIENCE = timedelta(seconds=5)


class Line:
    """One connection per process and event loop, made when first needed: the front door opens also while Temporal is down."""

    def __init__(self, settings: Settings, client: Client | None = None) -> None:
        self._settings = settings
        self._client = client

    async def _connected(self) -> Client:
        if self._client is None:
            self._client = await connect(self._settings, lazy=True)
        return self._client

    async def start(self, intake: Intake) -> None:
        """The process of this incident runs when this returns; if it ran before, or has already ended, nothing changes (S1)."""
        async with _confirmed():
            client = await self._connected()
            try:
                await client.start_workflow(
                    PROCESS,
                    intake,
                    id=intake.number,
                    task_queue=self._settings.task_queue,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    rpc_timeout=PATIENCE,
                )
            except WorkflowAlreadyStartedError:
                return

    async def tell(self, number: str, command: str, sent: Sent[Any]) -> bool:
        """Whether the incident has it now, durably. False: no process of that number runs any more."""
        async with _confirmed():
            client = await self._connected()
            try:
                await client.get_workflow_handle(number).signal(command, sent, rpc_timeout=PATIENCE)
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return False
                raise
        return True

    async def answers(self) -> bool:
        """Whether Temporal can be reached."""
        try:
            client = await self._connected()
            return await client.service_client.check_health(timeout=timedelta(seconds=2))
        except (RPCError, RuntimeError, TimeoutError, OSError):
            return False


@asynccontextmanager
async def _confirmed() -> AsyncIterator[None]:
    """A client that never connected raises RuntimeError, one that lost its connection RPCError: both mean *not accepted*."""
    try:
        async with asyncio.timeout(PATIENCE.total_seconds() + 1):
            yield
    except (RPCError, RuntimeError, TimeoutError, OSError) as error:
        raise Problem("not-accepted") from error
