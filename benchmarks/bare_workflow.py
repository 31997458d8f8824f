"""What Temporal alone costs for the same messages: the yardstick beside ``benchmarks/lifecycle.py``.

Five signals, two timers started and cancelled, four empty activities; no rules, no record, no letters, no HTTP. Client and worker share one process
and the workflow runs without a sandbox: as cheap as the SDK allows. Run by ``lifecycle.py``; prints one line of JSON.
"""

import argparse
import asyncio
import json
import os
import resource
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

QUEUE = "bare"
SIGNALS = ("acknowledge", "escalate", "hold", "resolve", "confirm")
# What each message waits for before the next one is sent, as a caller of the desk does.
_took_effect: dict[tuple[str, str], asyncio.Event] = {}


def _effect(incident: str, message: str) -> asyncio.Event:
    return _took_effect.setdefault((incident, message), asyncio.Event())


@activity.defn(name="empty")
async def empty(incident: str, message: str) -> None:
    """Does nothing but tell that it ran."""
    _effect(incident, message).set()


@workflow.defn(name="Bare", sandboxed=False)
class BareWorkflow:
    """The messages of an incident without the incident."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    @workflow.signal(dynamic=True)
    def note(self, name: str, _: Sequence[RawValue]) -> None:
        """Keeps that it came."""
        self._seen.add(name)

    @workflow.run
    async def run(self, incident: str) -> None:
        """To the last signal."""
        response = asyncio.create_task(asyncio.sleep(3600))
        resolution = asyncio.create_task(asyncio.sleep(7200))
        await self._do(incident, "report")
        await self._await("acknowledge")
        response.cancel()
        await self._do(incident, "acknowledge")
        for message in ("escalate", "hold"):
            await self._await(message)
            _effect(incident, message).set()
        await self._await("resolve")
        resolution.cancel()
        await self._do(incident, "resolve")
        await self._await("confirm")
        await self._do(incident, "confirm")

    async def _await(self, message: str) -> None:
        await workflow.wait_condition(lambda: message in self._seen)

    async def _do(self, incident: str, message: str) -> None:
        await workflow.execute_activity(empty, args=(incident, message), start_to_close_timeout=timedelta(seconds=10))


async def _one_life(client: Client, clicks: list[float]) -> int:
    incident = f"bare-{uuid4()}"

    async def _timed(message: str, sending: Any) -> Any:
        begun = time.perf_counter()
        answer = await sending
        await _effect(incident, message).wait()
        clicks.append(time.perf_counter() - begun)
        return answer

    handle = await _timed("report", client.start_workflow(BareWorkflow.run, incident, id=incident, task_queue=QUEUE))
    for message in SIGNALS:
        await _timed(message, handle.signal(message, "x" * 200))
    await handle.result()
    return int((await handle.describe()).history_length)


async def measure(address: str, in_flight: int, count: int) -> dict[str, Any]:
    """Incidents per second, each click's seconds, CPU seconds of this process, history events."""
    client = await Client.connect(address)
    clicks: list[float] = []
    waiting, events = list(range(count)), list[int]()
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareWorkflow],
        activities=[empty],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_workflow_tasks=8,
    ):
        await _one_life(client, [])  # caches filled, connections made

        async def _work() -> None:
            while waiting:
                waiting.pop()
                events.append(await _one_life(client, clicks))

        before, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        await asyncio.gather(*(_work() for _ in range(in_flight)))
        seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "clicks": clicks, "cpu": cpu, "events": events}


def main() -> None:
    """As the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("in_flight", type=int)
    parser.add_argument("count", type=int)
    wanted = parser.parse_args()
    print(json.dumps(asyncio.run(measure(wanted.address, wanted.in_flight, wanted.count))), flush=True)
    os._exit(0)  # the SDK's threads may abort an interpreter that ends in the ordinary way


if __name__ == "__main__":
    main()
