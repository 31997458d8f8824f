"""The worker: real activities plugged into the workflows, until somebody says stop (design section 4)."""

import asyncio
import os
import pkgutil
import signal
from contextlib import suppress
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import workflows
from activities.database.session import open_database
from activities.house.logs import HOUSE
from activities.mail import MailRoom
from activities.records import Records
from activities.settings import Settings
from activities.temporal_connection import connect_patiently
from workflows import mail_room
from workflows.incident import IncidentWorkflow
from workflows.mail_room import MailRoomWorkflow

# A worker that is killed holds up its incidents by this time only (temporal.md decision 9).
STICKY_TIMEOUT = timedelta(seconds=3)
PATIENCE = timedelta(seconds=20)
LETTER_CHECK = timedelta(minutes=1)
_GUARDED = {"incident", "mail_room"}
log = structlog.get_logger(HOUSE)


def runner() -> SandboxedWorkflowRunner:
    """The sandbox around the two workflow files; everything they import is loaded once and passed through (costs.md 1.6)."""
    ours = [f"workflows.{module.name}" for module in pkgutil.iter_modules(workflows.__path__) if module.name not in _GUARDED]
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*ours, "activities", "emails"))


async def run_worker(settings: Settings, patience: timedelta = PATIENCE) -> None:
    """Serves the desk's task queue until SIGTERM or SIGINT; what runs then has ``patience`` to finish."""
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    connecting, stopping = asyncio.create_task(connect_patiently(settings)), asyncio.create_task(stop.wait())
    await asyncio.wait((connecting, stopping), return_when=asyncio.FIRST_COMPLETED)
    if connecting.done():
        await _serve(connecting.result(), settings, patience, stop)
    connecting.cancel()
    stopping.cancel()


async def _serve(client: Client, settings: Settings, patience: timedelta, stop: asyncio.Event) -> None:
    engine = open_database(settings.database_url)
    worker = Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[IncidentWorkflow, MailRoomWorkflow],
        activities=[Records(engine).publish, MailRoom(engine, settings, client).send_letters],
        workflow_runner=runner(),
        max_concurrent_workflow_tasks=settings.workflow_tasks,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        graceful_shutdown_timeout=patience,
    )
    async with worker:
        letters = asyncio.create_task(_keep_letters_going(client, settings), name="letters")
        log.info("running", task_queue=settings.task_queue, pid=os.getpid())
        await stop.wait()
        log.info("stopping")
        letters.cancel()
    await engine.dispose()


async def _keep_letters_going(client: Client, settings: Settings) -> None:
    """The mail room is open, always: whoever closed it by accident finds it open again within a minute (S14)."""
    while True:
        with suppress(RPCError):
            await client.start_workflow(
                MailRoomWorkflow.run,
                id=mail_room.WORKFLOW_ID,
                task_queue=settings.task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
        await asyncio.sleep(LETTER_CHECK.total_seconds())
