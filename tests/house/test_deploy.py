"""``holdfast deploy`` on a real server: who is current, how a ramp ends, what goes back, and what is refused (temporal.md 4.3)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.testing import WorkflowEnvironment
from ulid import ULID

from activities.database.migrate import migrate
from activities.database.session import open_database
from activities.deployments import Build, Deployment, versioning
from activities.house.commands import deploy_desk
from activities.house.doctor.surroundings import look_at_temporal
from activities.house.refusals import RefusedError, UnavailableError
from activities.records import Records
from activities.settings import Settings, read_settings
from tests.desk import Desk, Shelf, worker
from tests.process.life import ASHA, CARLA, Life
from tests.replay.scenarios import REPORT
from workflows.incident import IncidentWorkflow
from workflows.messages import Note, Sent, Take
from workflows.vocabulary import EventKind, Status

T = TypeVar("T")


class Deployer:
    """A desk whose workers have builds, all in this process, and the commands of whoever deploys."""

    def __init__(self, env: WorkflowEnvironment, settings: Settings, stack: AsyncExitStack) -> None:
        self.settings, self.shelf, self._env, self._stack = settings, Shelf(), env, stack
        self.desk = Desk(env, settings.task_queue, self.shelf)

    async def start(self, build: str, process: type = IncidentWorkflow) -> None:
        """A worker of that build."""
        config = versioning(self.settings.model_copy(update={"build_id": build}))
        served = worker(self._env.client, self.shelf, self.settings.task_queue, process, deployment_config=config)
        await self._stack.enter_async_context(served)
        await self._until(lambda found: any(each.name == build and each.workers for each in found.builds))

    async def told(self, command: Callable[[], T]) -> T:
        """What a command answers; it has a loop of its own."""
        return await asyncio.to_thread(command)

    async def promoted(self, build: str) -> str:
        """Makes it current."""
        return await self.told(lambda: deploy_desk.promoted(self.settings, build))

    async def ramped(self, build: str, percent: float) -> str:
        """Sends a share to it."""
        return await self.told(lambda: deploy_desk.ramped(self.settings, build, percent))

    async def rolled_back(self, build: str | None = None, *, anyway: bool = False) -> str:
        """Takes it back."""
        return await self.told(lambda: deploy_desk.rolled_back(self.settings, build, anyway=anyway))

    async def come_to(self, build: str, count: int) -> None:
        """Asks all incidents, and waits until so many are with the build and none with another."""
        await self.told(lambda: deploy_desk.nudged(self.settings, 100, 30, lambda _: None))
        await self._until(lambda found: {each.name: each.open for each in found.builds if each.open} == {build: count})

    async def _until(self, reached: Callable[[Deployment], bool]) -> None:
        async with asyncio.timeout(180):
            while True:
                if reached(await self.told(lambda: _status(self.settings))):
                    return
                await asyncio.sleep(0.1)


def _status(settings: Settings) -> Deployment:
    try:
        return deploy_desk.status(settings)
    except RefusedError:
        return Deployment("", (), None)


@pytest.fixture
async def deployer(time_server: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deployer]:
    """Nothing runs yet."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", time_server.client.service_client.config.target_host)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", time_server.client.namespace)
    name = f"desk-{uuid4().hex[:8]}"
    settings = read_settings().model_copy(update={"task_queue": name, "deployment": name})
    migrate(settings.database_url)
    async with AsyncExitStack() as stack:
        yield Deployer(time_server, settings, stack)


async def refused(command: Any) -> str:
    """The sentence with which a command ends."""
    with pytest.raises(RefusedError) as refusal:
        await command
    return str(refusal.value)


async def test_forward_by_a_ramp_and_back(deployer: Deployer) -> None:
    """A ramp moves nobody against the plan, promote moves all, rollback goes to the build before, and not further when there is none."""
    assert "No worker with a build has ever run here" in await refused(deployer.promoted("1"))
    await deployer.start("1")
    assert "begin with: holdfast deploy promote BUILD" in await refused(deployer.ramped("1", 10))
    assert await deployer.promoted("1") == f"1 is current. {deploy_desk._NEXT}"
    incidents = [await deployer.desk.report(CARLA, REPORT) for _ in range(4)]
    await deployer.desk.says(incidents[0], ASHA, Take())
    assert "Temporal knows no build 2" in await refused(deployer.promoted("2"))
    await deployer.start("2")
    assert await deployer.ramped("2", 100) == f"100 percent go to 2, the others to 1. {deploy_desk._NEXT}"
    await deployer.come_to("2", 4)
    assert await deployer.rolled_back() == f"Nothing goes to 2 any more; 1 stays current. {deploy_desk._NEXT}"
    await deployer.come_to("1", 4)
    assert await deployer.promoted("2") == f"2 is current after 1. {deploy_desk._NEXT}"
    await deployer.come_to("2", 4)
    assert await deployer.rolled_back() == f"1 is current again, 2 is not. {deploy_desk._NEXT}"
    await deployer.come_to("1", 4)
    assert "no earlier build" in await refused(deployer.rolled_back())
    await deployer.desk.says(incidents[0], ASHA, Note("still here"), "last")
    await deployer.desk.settles(incidents[0])
    assert "last" in deployer.shelf.outcomes


async def _moved(settings: Settings, status: Status, at: datetime) -> None:
    """One incident on record whose edition was changed then."""
    life = Life(number=f"INC-{ULID()}")
    publication = life.incident.publication()
    move = replace(publication.events[0], seq=99, kind=EventKind.EDITION_ADOPTED, at=at)
    engine = open_database(settings.database_url)
    await Records(engine).publish(
        replace(publication, snapshot=replace(publication.snapshot, status=status), events=(move,), outcomes=(), letters=())
    )
    await engine.dispose()


async def test_nobody_goes_back_behind_an_edition_unawares(deployer: Deployer) -> None:
    """Open incidents that were moved to another edition since the newer build came stop a rollback until somebody says anyway; others, and a record that is away, do not."""
    before = datetime.now(UTC)
    for build in ("1", "2"):
        await deployer.start(build)
        await deployer.promoted(build)
    await _moved(deployer.settings, Status.IN_PROGRESS, before)
    await _moved(deployer.settings, Status.CLOSED, datetime.now(UTC))
    assert await deployer.rolled_back() == f"1 is current again, 2 is not. {deploy_desk._NEXT}"
    await deployer.promoted("2")
    await _moved(deployer.settings, Status.IN_PROGRESS, datetime.now(UTC))
    assert (await refused(deployer.rolled_back())).startswith("1 open incidents were moved to another edition")
    await deployer.ramped("1", 5)
    assert "2 is not" in await deployer.rolled_back("1", anyway=True)
    await deployer.promoted("2")
    deployer.settings = deployer.settings.model_copy(update={"database_url": "postgresql://127.0.0.1:9/nothing"})
    assert "The record was not asked" in await deployer.rolled_back()


@workflow.defn(name="Incident")
class BrokenWorkflow:
    """A build that cannot do anything with an incident."""

    @workflow.run
    async def run(self, _opening: Any) -> None:
        """Fails, again and again."""
        raise RuntimeError("this build is broken")

    @workflow.signal(dynamic=True)
    def anything(self, _name: str, _: Sequence[RawValue]) -> None:
        """Hears everything."""


async def test_incidents_come_back_from_a_broken_build(deployer: Deployer) -> None:
    """What a build could not begin to work on goes back by itself with the rollback, with everything that was said meanwhile, once."""
    await deployer.start("1")
    await deployer.promoted("1")
    incident = await deployer.desk.report(CARLA, REPORT)
    await deployer.desk.says(incident, ASHA, Take(), "before")
    await deployer.start("2", BrokenWorkflow)
    await deployer.promoted("2")
    told = await deployer.told(lambda: deploy_desk.nudged(deployer.settings, 100, 2, lambda _: None))
    assert told.left == 1
    assert "1 are not with 2 yet" in told.told()
    sent = Sent("meanwhile", ASHA, datetime.now(UTC), Note("said to a broken build"))
    await incident.signal("note", sent)
    await deployer.rolled_back()
    async with asyncio.timeout(300):
        while "meanwhile" not in deployer.shelf.outcomes:
            await deployer.told(lambda: deploy_desk.nudged(deployer.settings, 100, 1, lambda _: None))
            await asyncio.sleep(0.5)
    noted = [event for event in deployer.shelf.events[incident.id].values() if event.kind is EventKind.NOTED]
    assert [event.command_id for event in noted] == ["meanwhile"]


@pytest.mark.parametrize(("counts", "left"), [([3] * 9 + [0, 2], 2), ([3, 0, 1, 0, 0], 0), ([3] * 10, 3), ([3] * 9 + [0, 0], 0)])
async def test_that_nobody_is_left_is_believed_the_second_time(monkeypatch: pytest.MonkeyPatch, counts: list[int], left: int) -> None:
    """An incident that hands over is counted nowhere for a moment: it is not taken for one that has come."""
    told = iter(counts)

    class Counting:
        async def count_workflows(self, _: str) -> Any:
            return SimpleNamespace(count=next(told))

    monkeypatch.setattr(deploy_desk, "_GLANCE", 0)
    assert await deploy_desk._left(Counting(), "any") == left  # type: ignore[arg-type]


async def test_the_doctor_misses_a_current_build(deployer: Deployer) -> None:
    """Workers that all have a build, and none that is current: nothing would happen, so it is told with what to do."""
    await deployer.start("1")
    before = (await look_at_temporal(deployer.settings))[-1]
    assert (before.level, before.advice) == ("fail", "run: holdfast deploy promote 1")
    await deployer.promoted("1")
    assert (await look_at_temporal(deployer.settings))[-1].level == "ok"


def test_a_server_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 5 and a sentence, as everywhere."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    with pytest.raises(UnavailableError, match="Temporal does not answer"):
        deploy_desk.status(read_settings())


def test_the_status_says_what_is_wrong() -> None:
    """Incidents of a build that no worker runs, incidents that are stuck, and a current build that is missing are told below the table."""
    found = Deployment("holdfast", (Build("2", "ramping", 1, 5, 2), Build("1", "draining", 0, 3)), None, "2", 5)
    assert deploy_desk.told(found).splitlines() == [
        "build  part                workers  open incidents  stuck",
        "2      ramping, 5 percent  1        5               2",
        "1      draining            0        3               0",
        "No build is current: incidents wait. Run: holdfast deploy promote BUILD",
        "2 incidents are stuck in 2: its worker's log says why.",
        "3 incidents are with 1 and no worker runs it: start one, or they wait.",
    ]
