"""A whole desk in one thread of its own: real Temporal server, real worker, real HTTP, the record in a SQLite file."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.access.keys import issue_key
from activities.access.sessions import begin
from activities.database.migrate import migrate
from activities.database.session import open_database
from activities.database.tables import groups, memberships, people
from activities.records import Records
from activities.settings import Settings
from activities.temporal_connection import DATA_CONVERTER
from api.app import create_app
from emails.links import Link, Signer
from tests.alone import alone
from tests.desk import STARTS_WITHIN
from tests.ports import free_port
from workflows.incident import IncidentWorkflow
from workflows.vocabulary import Role

TEMPORAL = Path(sys.executable).with_name("temporal")
# Seconds. A busy machine is no fault of the code; whatever hangs in earnest is ended by the limit of its test.
LONGEST = 120.0
LINK_KEY = SecretStr("3f0c9a51d2e84b7796aa10cc5be7d8f24e61")
Result = TypeVar("Result")

# Who works and calls here, with their roles and groups.
PEOPLE: dict[str, tuple[tuple[Role, ...], tuple[str, ...]]] = {
    "carla": ((Role.CALLER,), ()),
    "dora": ((Role.CALLER,), ()),
    "asha": ((Role.AGENT, Role.CALLER), ("service-desk",)),
    "noah": ((Role.AGENT,), ("network",)),
    "ines": ((Role.INCIDENT_MANAGER,), ()),
    "omar": ((Role.PROCESS_OWNER,), ()),
    "aude": ((Role.AUDITOR,), ()),
    "adam": ((Role.ADMIN,), ()),
}
GROUPS = {"service-desk": 1, "network": 2, "applications": 2}


async def fill_directory(engine: AsyncEngine) -> dict[str, str]:
    """People and groups as above, and a key for each of them; also for the integration ``monitor``."""
    named = {"language": "en", "zone": "Europe/Paris"}
    async with engine.begin() as connection:
        for person, (roles, _) in PEOPLE.items():
            line = {"id": person, "name": person.title(), "email": f"{person}@example.org", "roles": [role.value for role in roles]}
            await connection.execute(people.insert().values(line | named))
        for group, level in GROUPS.items():
            await connection.execute(groups.insert().values(id=group, name=group.title(), level=level))
        for person, (_, theirs) in PEOPLE.items():
            for group in theirs:
                await connection.execute(memberships.insert().values(group=group, person=person))
    keys = {person: (await issue_key(engine, person=person)).secret for person in PEOPLE}
    return keys | {"monitor": (await issue_key(engine, integration="monitor", roles=(Role.AGENT,))).secret}


@dataclass
class RunningDesk:
    """Where it is, the keys of its people, and its loop for those who want to look inside."""

    base_url: str
    settings: Settings
    keys: dict[str, str]
    engine: AsyncEngine
    client: Client
    loop: asyncio.AbstractEventLoop
    _clients: dict[str, httpx.Client] = field(default_factory=dict)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Runs work on the loop of the desk and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(LONGEST)

    def as_(self, person: str | None) -> httpx.Client:
        """An HTTP client with the key of this person, or with none."""
        name = person or ""
        if name not in self._clients:
            headers = {"Authorization": f"Bearer {self.keys[name]}"} if name else {}
            self._clients[name] = httpx.Client(base_url=self.base_url, headers=headers, timeout=LONGEST, trust_env=False)
        return self._clients[name]

    def signed_in(self, person: str) -> httpx.Client:
        """A browser of a kind: it keeps the cookie of a new session, and says that its forms come from our own pages."""
        token = self.run(begin(self.engine, person, "test", datetime.now(UTC)))
        headers = {"Sec-Fetch-Site": "same-origin"}
        return httpx.Client(base_url=self.base_url, cookies={"holdfast": token}, headers=headers, timeout=LONGEST, trust_env=False)

    def report(self, person: str = "carla", **more: Any) -> str:
        """Reports an incident and gives its number."""
        answer = self.as_(person).post("/api/v1/incidents", json={"title": "Printer is on fire", **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["number"])

    def tell(self, number: str, command: str, by: str = "asha", /, **message: Any) -> httpx.Response:
        """Sends a command."""
        return self.as_(by).post(f"/api/v1/incidents/{number}/{command}", json=message)

    def resolved(self, person: str = "carla") -> str:
        """A resolved incident of this person."""
        number = self.report(person)
        assert self.tell(number, "resolve", code="fixed", notes="Extinguished it.").status_code == 200
        return number

    def closed(self) -> str:
        """A cancelled incident of carla: its process has ended."""
        number = self.report()
        assert self.tell(number, "cancel", reason="test").status_code == 200
        return number

    def read(self, number: str, person: str = "asha") -> dict[str, Any]:
        """The incident as this person sees it."""
        answer = self.as_(person).get(f"/api/v1/incidents/{number}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def link(self, number: str, person: str = "carla", cycle: int = 1, purpose: str = "answer", days: int = 30) -> str:
        """The path of a signed link."""
        signer = Signer(self.settings.link_keys, self.base_url, self.settings.link_days)
        ends = datetime.now(UTC) + timedelta(days=days)
        return signer.sign(Link(purpose, number, cycle, person, ends)).removeprefix(self.base_url)


@asynccontextmanager
async def _desk(directory: Path, **more: Any) -> AsyncIterator[RunningDesk]:
    port = free_port()
    usual: dict[str, Any] = {
        "database_url": f"sqlite:///{directory / 'desk.db'}",
        "listen_port": port,
        "link_keys": (LINK_KEY,),
        "outcome_wait_seconds": 20,
        "commands_in_flight": 8,
    }
    settings = Settings(**usual | more)
    await asyncio.to_thread(migrate, settings.database_url)
    engine = open_database(settings.database_url)
    keys = await fill_directory(engine)
    options = ["--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000"]
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        environment = await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(TEMPORAL),
            dev_server_log_level="error",
            dev_server_startup_timeout=STARTS_WITHIN,
            dev_server_extra_args=options,
            data_converter=DATA_CONVERTER,
        )
        await stack.enter_async_context(environment)
        client = environment.client
        worker = Worker(client, task_queue=settings.task_queue, workflows=[IncidentWorkflow], activities=[Records(engine).publish])
        await stack.enter_async_context(worker)
        app = create_app(settings, engine=engine, temporal=client)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False, timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 -- uvicorn offers no event
            await asyncio.sleep(0.02)
        yield RunningDesk(settings.base_url, settings, keys, engine, client, asyncio.get_running_loop())
        server.should_exit = True
        await serving


@contextmanager
def running_desk(directory: Path, **more: Any) -> Iterator[RunningDesk]:
    """The desk, with more settings where wanted, up until the block ends; or a skip with the reason.

    It runs in its own thread, so that tests and browsers can wait for it without holding it up.
    """
    if not TEMPORAL.exists():
        pytest.skip(f"no Temporal dev server at {TEMPORAL}; install the extra embedded")
    with alone("the desk", lambda: _desk(directory, **more)) as desk:
        yield desk
