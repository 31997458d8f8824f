"""What ``holdfast deploy`` does: shows the builds, sends incidents to another one, and asks those that sleep to go there."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from ulid import ULID

from activities.database.session import open_database
from activities.database.tables import events, incidents
from activities.deployments import Build, Deployment, DeploymentError, make_current, of_others, open_on, ramp, routing, with_counts
from activities.house.refusals import RefusedError
from activities.house.temporal_advice import temporal_advice
from activities.incident_facts import IS_OVER
from activities.pacing import at_a_pace
from activities.settings import Settings
from activities.temporal_connection import connect
from workflows.counting import counted
from workflows.house_messages import HandOver
from workflows.messages import NAMES, SYSTEM, Sent
from workflows.vocabulary import EventKind

T = TypeVar("T")
# An incident goes on within a second or two of being asked, unless its publication is under way.
_GLANCE, _GLANCES = 0.5, 10
_NONE_YET = "No worker with a build has ever run here. Start one with HOLDFAST_BUILD_ID set; see docs/deployment/roll-out.md."


@dataclass(frozen=True)
class Nudged:
    """How many incidents were asked, and how many are with which build afterwards."""

    asked: int
    left: int
    deployment: Deployment

    def told(self) -> str:
        """For a person."""
        goes_on = f"{self.asked} incidents were asked to go where they belong."
        if self.deployment.ramping:
            return f"{goes_on} {self.deployment.percent:g} percent of all belong to {self.deployment.ramping}; see: holdfast deploy status"
        if self.left:
            return f"{goes_on} {self.left} are not with {self.deployment.current} yet: see holdfast deploy status, then ask again."
        return f"{goes_on} All are with {self.deployment.current}."


def status(settings: Settings) -> Deployment:
    """All builds with their incidents. Raises RefusedError where no worker ever had a build."""

    async def look(client: Client) -> Deployment:
        return await with_counts(client, await _known(client, settings), settings.task_queue)

    return _with_temporal(settings, look)


def promoted(settings: Settings, build: str) -> str:
    """Makes a build current; answers with what to do next."""

    async def change(client: Client) -> str:
        before = (await _known(client, settings)).current
        await make_current(client, settings.deployment, build)
        return f"{build} is current{f' after {before}' if before not in (None, build) else ''}. {_NEXT}"

    return _with_temporal(settings, change)


_NEXT = "Incidents that sleep are asked by: holdfast deploy nudge"


def ramped(settings: Settings, build: str, percent: float) -> str:
    """Sends so many percent of all incidents to a build. Raises RefusedError while none is current, or for the current one."""

    async def change(client: Client) -> str:
        now = await _known(client, settings)
        if now.current in (None, build):
            raise RefusedError(
                f"{build} is current: nothing to ramp." if now.current else "No build is current; begin with: holdfast deploy promote BUILD"
            )
        await ramp(client, settings.deployment, build, percent)
        return f"{percent:g} percent go to {build}, the others to {now.current}. {_NEXT}"

    return _with_temporal(settings, change)


def rolled_back(settings: Settings, build: str | None, *, anyway: bool = False) -> str:
    """Ends a ramp, or makes the build current again that was so before, or the one named.

    Raises RefusedError where open incidents were moved to another edition since a newer build than that came, unless ``anyway``: a build without
    that edition goes on under other rules without a word, or is stuck (S21). A record that is away stops no rollback.
    """

    async def change(client: Client) -> str:
        now = await _known(client, settings)
        back_to = build or (now.current if now.ramping else now.before)
        if back_to is None:
            raise RefusedError("There is no earlier build to go back to; see: holdfast deploy status")
        warned = "" if anyway else await _warned(settings, now.first_after(back_to))
        if now.ramping:
            await ramp(client, settings.deployment, None, 0)
        if now.ramping and back_to == now.current:
            return f"Nothing goes to {now.ramping} any more; {now.current} stays current. {warned}{_NEXT}"
        await make_current(client, settings.deployment, back_to)
        return f"{back_to} is current again, {now.current} is not. {warned}{_NEXT}"

    return _with_temporal(settings, change)


async def _warned(settings: Settings, since: datetime | None) -> str:
    """What to tell where editions could not be looked at. Raises RefusedError where incidents were moved since then; none: no newer build came."""
    if since is None:
        return ""
    engine = open_database(settings.database_url)
    try:
        moved = await moved_since(engine, since)
    except (SQLAlchemyError, OSError):
        return "The record was not asked whether incidents were moved to another edition. "
    finally:
        await engine.dispose()
    if moved:
        raise RefusedError(
            f"{moved} open incidents were moved to another edition since a newer build came. A build that lacks the edition would go on under other "
            "rules, or be stuck. Where the older build has it: holdfast deploy rollback --anyway"
        )
    return ""


async def moved_since(engine: AsyncEngine, since: datetime) -> int:
    """How many incidents that are open on record were moved to another edition since then."""
    is_move = (events.c.kind == EventKind.EDITION_ADOPTED.value) & (events.c.at >= since)
    query = select(func.count(events.c.number.distinct())).join(incidents, incidents.c.number == events.c.number).where(~IS_OVER, is_move)
    async with engine.connect() as connection:
        return int((await connection.execute(query)).scalar_one())


async def _known(client: Client, settings: Settings) -> Deployment:
    found = await routing(client, settings.deployment)
    if found is None:
        raise RefusedError(_NONE_YET)
    return found


def nudged(settings: Settings, per_second: int, patience: float, say: Callable[[str], None]) -> Nudged:
    """Asks every incident that is not where it belongs, again and again for ``patience`` seconds or until none is left."""
    return _with_temporal(settings, lambda client: _nudge(client, settings, per_second, patience, say))


async def _nudge(client: Client, settings: Settings, per_second: int, patience: float, say: Callable[[str], None]) -> Nudged:
    now = await _known(client, settings)
    if now.current is None:
        raise RefusedError("No build is current; begin with: holdfast deploy promote BUILD")
    # Which incidents belong to a ramp is Temporal's secret: all are asked, once, and those that belong where they are stay there.
    every = open_on(settings.task_queue)
    query = every if now.ramping else f"{every} AND {of_others(now.name, now.current)}"
    asked, ends = set[str](), asyncio.get_running_loop().time() + patience
    while True:
        numbers = [each.id async for each in client.list_workflows(query)]
        await at_a_pace(numbers, lambda number: _ask(client, number), per_second)
        asked.update(numbers)
        if numbers:
            say(f"{len(numbers)} asked")
        left = 0 if now.ramping else await _left(client, query)
        if not left or asyncio.get_running_loop().time() >= ends:
            return Nudged(len(asked), left, now)


async def _left(client: Client, query: str) -> int:
    """How many are still found after some glances. None is believed the second time: an incident that hands over is counted nowhere for a moment."""
    glances: list[int] = []
    while glances[-2:] != [0, 0]:
        if len(glances) >= _GLANCES and glances[-1]:
            return glances[-1]
        glances.append((await client.count_workflows(query)).count)
        await asyncio.sleep(_GLANCE)
    return 0


async def _ask(client: Client, number: str) -> None:
    sent = Sent(f"hand-over:{ULID()}", SYSTEM, datetime.now(UTC), HandOver())
    try:
        await client.get_workflow_handle(number).signal(NAMES[HandOver], sent)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:  # it has ended meanwhile
            raise


def told(found: Deployment) -> str:
    """The builds for a person: one line each, and what follows from them."""
    rows = [(each.name or "(none)", _part(each, found), str(each.workers), str(each.open), str(each.stuck)) for each in found.builds]
    lines = [("build", "part", "workers", "open incidents", "stuck"), *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    table = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*table, *_warnings(found)])


def _part(build: Build, found: Deployment) -> str:
    return f"{build.part}, {found.percent:g} percent" if build.name and build.name == found.ramping else build.part


def _warnings(found: Deployment) -> list[str]:
    said = [] if found.current else ["No build is current: incidents wait. Run: holdfast deploy promote BUILD"]
    for each in found.builds:
        if each.open and not each.workers:
            said.append(
                f"{counted(each.open, 'incident is', 'incidents are')} with {each.name or 'no build'} and no worker runs it: start one, or they wait."
            )
        if each.stuck:
            said.append(
                f"{counted(each.stuck, 'incident is', 'incidents are')} stuck in {each.name or 'no build'}: its worker's log says why."
            )
    return said


def as_dict(found: Deployment) -> dict[str, Any]:
    """Plain values, for JSON."""
    times = ("was_current_at", "came_at")
    return asdict(found) | {"builds": [asdict(each) | {name: _text(getattr(each, name)) for name in times} for each in found.builds]}


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _with_temporal(settings: Settings, work: Callable[[Client], Awaitable[T]]) -> T:
    async def once() -> T:
        return await work(await connect(settings))

    with temporal_advice():
        try:
            return asyncio.run(once())
        except DeploymentError as error:
            raise RefusedError(str(error)) from None
