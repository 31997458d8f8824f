"""Builds of the workers beside an open house: a tree for each, processes that are started and ended here, and what ``holdfast deploy`` says."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.client import Client

from activities.deployments import Build, routing, with_counts
from tests.house.whole_house import PATIENCE, House, clean_environment, holdfast, wait_until
from tests.replay.tree import Tree, copy

RUN = "        while not self.incident.is_over:\n"
FIELD = "    may_be_asked_about: bool = False\n"
LOOP = "            self.take_in_messages()\n"


def other_build(place: Path) -> Tree:
    """A tree whose workflow has a step more in every run, and whose state has a field more: neither build could replay the other's histories."""
    tree = copy(place)
    tree.edit(
        "workflows/incident.py", RUN, f'        workflow.upsert_memo({{"looks": "twice"}})\n        await workflow.sleep(0.01)\n{RUN}'
    )
    tree.edit("workflows/record.py", FIELD, f"{FIELD}    looks: int = 0\n")
    return tree.edit("workflows/incident.py", LOOP, f"            self.incident.looks += 1\n{LOOP}")


@dataclass
class Fleet:
    """Workers with builds, beside the worker without one that ``holdfast up`` looks after."""

    house: House
    place: Path
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """What every process of the fleet needs to find the house's server and record."""
        return self.house.settings | {"TEMPORAL_ADDRESS": f"127.0.0.1:{self.house.settings['HOLDFAST_TEMPORAL_PORT']}"}

    def start(self, build: str, tree: Tree) -> None:
        """Starts a worker of that tree under that name, and waits until Temporal knows it."""
        surroundings = clean_environment(self.settings | {"HOLDFAST_BUILD_ID": build, "PYTHONPATH": str(tree.place)})
        written = self.place / f"worker-{build}.log"
        before = _times_running(written)
        with written.open("ab") as log:
            self.workers[build] = subprocess.Popen(
                [sys.executable, "cli.py", "worker"], cwd=tree.place, env=surroundings, stdout=log, stderr=subprocess.STDOUT
            )
        # Temporal remembers the workers of before for a while, so it is not asked alone.
        wait_until(
            lambda: self.workers[build].poll() is not None or (_times_running(written) > before and build in self.builds()),
            f"build {build}",
        )
        assert self.workers[build].poll() is None, written.read_text(encoding="utf-8")

    def stop(self, build: str) -> None:
        """Ends it as an operator does; what it has in hand is finished."""
        worker = self.workers.pop(build)
        worker.terminate()
        assert worker.wait(PATIENCE) == os.EX_OK

    def deploys(self, *arguments: str) -> str:
        """One ``holdfast deploy`` command that succeeds; answers with what it said."""
        done = holdfast("deploy", *arguments, **self.settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def builds(self) -> dict[str | None, Build]:
        """Each build as ``holdfast deploy status`` shows it, without a process for the question."""
        return asyncio.run(self._looked_up())

    async def _looked_up(self) -> dict[str | None, Build]:
        client = await Client.connect(self.settings["TEMPORAL_ADDRESS"])
        known = await routing(client, "holdfast")
        return {} if known is None else {each.name: each for each in (await with_counts(client, known, "holdfast")).builds}

    def tidy_up(self) -> None:
        """Leaves no worker behind."""
        for worker in self.workers.values():
            if worker.poll() is None:
                worker.kill()
                worker.wait()


def _times_running(written: Path) -> int:
    """How often workers have said there that they run."""
    return written.read_text(encoding="utf-8").count('"event": "running"') if written.exists() else 0
