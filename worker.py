"""The worker: real activities plugged into the workflows, until somebody says stop (design section 4)."""

import asyncio
import os
import pkgutil
import signal
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import workflows
from activities.database.session import open_database
from activities.deployments import routing, versioning
from activities.files.keeper import FileKeeper
from activities.house.logs import HOUSE
from activities.house.serving import LETS_GO_WITHIN, leave
from activities.mail.mail_room import MailRoom
from activities.records import Records
from activities.settings import Settings
from activities.temporal_connection import connect_patiently
from activities.temporal_trouble import trouble_of
from workflows import mail_room
from workflows.incident import IncidentWorkflow
from workflows.mail_room import FollowingMailRoomWorkflow, MailRoomWorkflow

# A worker that is killed holds up its incidents by this time only (temporal.md 6.1).
STICKY_TIMEOUT = timedelta(seconds=3)
PATIENCE = timedelta(seconds=20)
LOOKS_EVERY = timedelta(minutes=1)
_GUARDED = {"incident", "mail_room"}
log = structlog.get_logger(HOUSE)


def runner() -> SandboxedWorkflowRunner:
    """The sandbox around the two workflow files; everything they import is loaded once and passed through (temporal.md 3.4)."""
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
    engine, build = open_database(settings.database_url), versioning(settings)
    worker = Worker(
        client,
        task_queue=settings.task_queue,
        workflows=[IncidentWorkflow, FollowingMailRoomWorkflow if build else MailRoomWorkflow],
        activities=[Records(engine).publish, MailRoom(engine, settings, client).send_letters],
        workflow_runner=runner(),
        max_concurrent_workflow_tasks=settings.workflow_tasks,
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
        graceful_shutdown_timeout=patience,
        deployment_config=build,
    )
    try:
        async with asyncio.timeout(None) as limit, worker:
            looks = asyncio.create_task(_look_after(client, settings), name="looks")
            keeping = asyncio.create_task(FileKeeper(engine, settings, client).run(), name="files")
            log.info("running", task_queue=settings.task_queue, pid=os.getpid(), build=settings.build_id)
            await stop.wait()
            log.info("stopping")
            looks.cancel()
            keeping.cancel()
            limit.reschedule(asyncio.get_running_loop().time() + (patience + LETS_GO_WITHIN).total_seconds())
    except TimeoutError:
        if not limit.expired():
            raise
        log.warning("Temporal's client does not let go; ending without it: whatever was in hand goes to another worker")
        leave(os.EX_OK)
    await engine.dispose()


async def _look_after(client: Client, settings: Settings) -> None:
    """Once a minute: letters leave, and work arrives. Whatever goes wrong with it is said each time, and looked at again."""
    while True:
        await _say_if_it_fails("the mail room cannot be kept open, letters may wait", _keep_letters_going(client, settings))
        await _say_if_it_fails("nobody can tell whether a build is current", _miss_a_current_build(client, settings))
        await asyncio.sleep(LOOKS_EVERY.total_seconds())


async def _say_if_it_fails(what: str, look: Coroutine[Any, Any, None]) -> None:
    try:
        await look
    except RPCError as error:
        trouble = trouble_of(error)
        log.warning(what, why=trouble.told, advice=trouble.advice)
    except Exception as error:
        # Nothing may end the looking: nobody would miss it.
        log.warning(what, exc_info=error)


async def _keep_letters_going(client: Client, settings: Settings) -> None:
    """The mail room is open, always: whoever closed it by accident finds it open again within a minute (S14)."""
    await client.start_workflow(
        MailRoomWorkflow.run,
        id=mail_room.WORKFLOW_ID,
        task_queue=settings.task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )


async def _miss_a_current_build(client: Client, settings: Settings) -> None:
    """A build gets no work before one is made current, and nothing else would say so."""
    if settings.build_id is None:
        return
    route = await routing(client, settings.deployment)
    if route is None or route.current is None:
        log.warning("no build is current, incidents wait; run: holdfast deploy promote", build=settings.build_id)
