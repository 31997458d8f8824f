"""What ``holdfast gate`` does: replays open histories on the code of this tree, before that code is deployed (design rule 6).

A history that does not replay belongs to an incident that this code would stop, so each is told with the step at which the two part, and what to do. One
that replays and promises something else than it did is told as well: its people were given dates and letters under rules that no longer hold.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import Replayer

from activities.house.commands.reports import make_folder, write_report
from activities.house.commands.retelling import Listener, first_difference
from activities.house.refusals import RefusedError, UsageRefusedError
from activities.house.serving import adopt_policies
from activities.house.temporal_advice import temporal_advice
from activities.payloads.keyring import Keyring
from activities.payloads.keys import UnreadablePayloadError
from activities.payloads.opened import opened
from activities.settings import Settings
from activities.temporal_connection import DATA_CONVERTER, connect
from worker import runner
from workflows.counting import counted
from workflows.incident import IncidentWorkflow
from workflows.mail_room import MailRoomWorkflow

ALL_OPEN = "ExecutionStatus = 'Running' AND (WorkflowType = 'Incident' OR WorkflowType = 'MailRoom')"
_PATIENCE = 3
_TOOK_TOO_LONG = "TMPRL1101"
ADVICE = (
    "Do not deploy this. Leave the steps and rules that open incidents are under as they were: a changed rule is a new edition with a later "
    "valid_from, a changed step stands behind workflow.patched(...). See docs/deployment/gate.md."
)
CHANGED = (
    "They would go on, with other states, dates, letters or answers than their people were told. Put back what was changed under them: a changed rule is a new "
    "edition with a later valid_from. If a mistake was mended and open incidents shall get the right dates: holdfast gate --accept-changes."
)


@dataclass(frozen=True)
class Stopped:
    """An incident that this code would stop or change: at which event of its history, and what was expected and found there."""

    incident: str
    step: str
    problem: str

    def __str__(self) -> str:
        """For a person."""
        return f"{self.incident}: at {self.step}: {self.problem}"


@dataclass(frozen=True)
class Passage:
    """How many histories were replayed, which did not, and which replayed and promised something else."""

    replayed: int
    stopped: tuple[Stopped, ...]
    changed: tuple[Stopped, ...] = ()

    @property
    def advice(self) -> str | None:
        """What to do; nothing where all is well."""
        return ADVICE if self.stopped else CHANGED if self.changed else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        parts = {name: [asdict(each) for each in getattr(self, name)] for name in ("stopped", "changed")}
        return {"replayed": self.replayed, **parts, "advice": self.advice}

    def told(self) -> str:
        """The result for a person."""
        if not self.advice:
            return f"{counted(self.replayed, 'history replays', 'histories replay')} on this code."
        lines = (
            [
                f"{len(self.stopped)} of {counted(self.replayed, 'history does', 'histories do')} not replay on this code:",
                *map(str, self.stopped),
            ]
            if self.stopped
            else []
        )
        if self.changed:
            lines += [
                f"{len(self.changed)} of {counted(self.replayed, 'history', 'histories')} would promise something else on this code:",
                *map(str, self.changed),
            ]
        return "\n".join([*lines, self.advice])


async def of_the_server(settings: Settings) -> AsyncIterator[WorkflowHistory]:
    """Every open history of the desk's server. Raises UnavailableError where it does not answer."""
    with temporal_advice():
        client = await connect(settings)
        async for history in open_histories(client):
            yield history


def open_histories(client: Client) -> AsyncIterator[WorkflowHistory]:
    """The histories of all incidents that run, and of the mail room; one that ends meanwhile may be among them."""
    return client.list_workflows(ALL_OPEN).map_histories()


async def of_files(places: Iterable[Path]) -> AsyncIterator[WorkflowHistory]:
    """Exported histories: JSON files, and those in folders. Raises UsageRefusedError where one is none."""
    for place in places:
        files = sorted(place.glob("*.json")) if place.is_dir() else [place]
        if not files:
            raise UsageRefusedError(f"There is no history in {place}; export some with: holdfast gate --export {place}")
        for file in files:
            yield _read(file)


def _read(file: Path) -> WorkflowHistory:
    try:
        return WorkflowHistory.from_json(file.stem, file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageRefusedError(f"{file} is no exported history: {type(error).__name__}.") from None


async def unlocked(
    histories: AsyncIterator[WorkflowHistory], keyring: Keyring, export: Path | None = None, *, is_readable: bool = False
) -> AsyncIterator[WorkflowHistory]:
    """The histories without encryption. With ``export`` each is also kept there as a file: as the server has it, or unencrypted if ``is_readable``.

    Raises RefusedError where no key reads one: what nobody can read is no history that passes.
    """
    async for history in histories:
        if export is not None and not is_readable:
            _keep(history, export)
        try:
            legible = opened(history, keyring)
        except UnreadablePayloadError as error:
            raise RefusedError(f"{history.workflow_id}: {error}. Set HOLDFAST_PAYLOAD_KEYS as the workers have it.") from None
        if export is not None and is_readable:
            _keep(legible, export)
        yield legible


async def pass_through(histories: AsyncIterator[WorkflowHistory]) -> Passage:
    """Replays as the worker runs: sandbox, converter and all."""
    listener = Listener()
    replayer = Replayer(
        workflows=[IncidentWorkflow, MailRoomWorkflow],
        data_converter=DATA_CONVERTER,
        workflow_runner=runner(),
        interceptors=[listener],
    )
    replayed, stopped, changed = 0, [], []
    async for history in histories:
        replayed += 1
        if (failure := await _failure(replayer, listener, history)) is not None:
            stopped.append(_stopped(history, failure))
        elif (difference := first_difference(history, listener.heard)) is not None:
            changed.append(_changed(history, *difference))
    return Passage(replayed, tuple(stopped), tuple(changed))


async def _failure(replayer: Replayer, listener: Listener, history: WorkflowHistory) -> Exception | None:
    """Why it does not replay. A task that took too long says something of a busy machine and nothing of the code: it is tried again."""
    for _ in range(_PATIENCE):
        listener.heard.clear()
        failure = (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure
        if failure is None or _TOOK_TOO_LONG not in str(failure):
            break
    return failure


def _keep(history: WorkflowHistory, folder: Path) -> None:
    write_report(folder / f"{history.workflow_id}.json", history.to_json())


def _stopped(history: WorkflowHistory, failure: Exception) -> Stopped:
    """What the SDK says is long and meant for its makers: the event it names, and its first message."""
    text = " ".join(str(failure).split())
    said = re.search(r'message: "([^"]+)"', text)
    found = re.search(r"(?:event_)?id: (\d+)", text)
    return Stopped(history.workflow_id, _step(history, int(found[1]) if found else 0), said[1] if said else text)


def _changed(history: WorkflowHistory, event_id: int, differing: Sequence[str]) -> Stopped:
    return Stopped(history.workflow_id, _step(history, event_id), f"other {', '.join(differing)} than it told its people")


def _step(history: WorkflowHistory, event_id: int) -> str:
    events = [each for each in history.events if each.event_id <= event_id]
    if not events:
        return "a step that the SDK does not name"
    heard = [each.workflow_execution_signaled_event_attributes.signal_name for each in events]
    last = next((f", after the message {name!r}" for name in reversed(heard) if name), ", before any message")
    kind = EventType.Name(events[-1].event_type).removeprefix("EVENT_TYPE_").lower().replace("_", " ")
    return f"event {events[-1].event_id} ({kind}){last}"


def passage(settings: Settings, places: Sequence[Path], export: Path | None, *, is_readable: bool = False) -> Passage:
    """Replays exported histories, or those of the server where no place is named, under the desk's own policies."""
    adopt_policies(settings)
    if export is not None:
        make_folder(export)
    # The SDK's core would tell each failure once more, in its own words.
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=None)), error_if_already_set=False)
    histories = of_files(places) if places else of_the_server(settings)
    return asyncio.run(pass_through(unlocked(histories, Keyring.of(settings.payload_keys), export, is_readable=is_readable)))
