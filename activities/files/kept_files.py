"""Files as the record keeps them: stored before their incident hears of them, gone when it lets them go (process.md S1, S4, S22).

A file is stored whole or not at all, in parts, so that nobody who writes or reads one holds all of it in memory. What the incident says of it follows in the
transaction that publishes it: taken on, refused, taken away. No event and no row ever speaks of bytes that another process has still to write.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.session import insert
from activities.database.tables import file_parts, files, search_entries
from activities.search_index import keep_name_findable
from workflows.attachments import AttachFile
from workflows.messages import Sent
from workflows.publication import Event, Publication, Result
from workflows.vocabulary import EventKind

# In bytes. Small enough that many uploads at once are little memory, large enough that a file is few rows.
PART = 256 * 1024
# The front door tells the incident itself; only what it could not tell is left for the keeper.
TOLD_WITHIN = timedelta(seconds=30)
SENT: TypeAdapter[Sent[AttachFile]] = TypeAdapter(Sent[AttachFile])
_ADDED = (EventKind.CALLER_ADDED_FILE, EventKind.AGENT_ADDED_FILE)


class FileState(StrEnum):
    """Where a file stands. Received: stored, and its incident has not yet answered."""

    RECEIVED = "received"
    ATTACHED = "attached"
    REMOVED = "removed"
    INFECTED = "infected"


class Scan(StrEnum):
    """What the scanner says. Unscanned: there was none when the file came, so it can be read as it is."""

    UNSCANNED = "unscanned"
    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"


@dataclass(frozen=True)
class Upload:
    """A file as a front door took it in: its name, and what will be told to the incident about it."""

    number: str
    name: str
    sent: Sent[AttachFile]
    is_to_be_scanned: bool


def file_id(number: str, command_id: str) -> str:
    """The same command is the same file, however often it comes; ids of others cannot be guessed from it, and are of no use to them."""
    return hashlib.sha256(f"{number}/{command_id}".encode()).hexdigest()[:32]


async def store(engine: AsyncEngine, upload: Upload, content: AsyncIterator[bytes], now: datetime) -> bool:
    """Keeps the file, whole or not at all; whether it was new. Of the same command the one that came first is kept."""
    message, actor = upload.sent.message, upload.sent.actor
    row = {
        "id": message.file,
        "number": upload.number,
        "command_id": upload.sent.command_id,
        "name": upload.name,
        "kind": message.kind,
        "size": message.size,
        "digest": message.digest,
        "inside": message.inside,
        "actor_kind": actor.kind.value,
        "actor": actor.id,
        "received_at": now,
        "sent": SENT.dump_python(upload.sent, mode="json"),
        "state": FileState.RECEIVED.value,
        "scan": (Scan.WAITING if upload.is_to_be_scanned else Scan.UNSCANNED).value,
        "attempts": 0,
        "next_look_at": now + TOLD_WITHIN,
    }
    once = insert(engine, files).values(row).on_conflict_do_nothing().returning(files.c.id)
    async with engine.begin() as connection:
        is_new = (await connection.execute(once)).first() is not None
        if is_new:
            await _put(connection, message.file, content)
    return is_new


async def _put(connection: AsyncConnection, file: str, content: AsyncIterator[bytes]) -> None:
    part = 0
    async for each in content:
        await connection.execute(file_parts.insert().values(file=file, part=part, content=each))
        part += 1


async def parts_of(engine: AsyncEngine, file: str) -> AsyncIterator[bytes]:
    """The bytes of a file, a part at a time; each is asked for only when its reader has taken the one before."""
    reading, part = engine.execution_options(read_only=True), 0
    query = select(file_parts.c.content)
    while True:
        async with reading.connect() as connection:
            found = (await connection.execute(query.where(file_parts.c.file == file, file_parts.c.part == part))).scalar_one_or_none()
        if found is None:
            return
        yield bytes(found)
        part += 1


async def forget(engine: AsyncEngine, file: str) -> None:
    """Of a file that its incident has not taken on, nothing stays."""
    async with engine.begin() as connection:
        await _forget(connection, file)


async def _forget(connection: AsyncConnection, file: str) -> None:
    gone = await connection.execute(delete(files).where(files.c.id == file, files.c.state == FileState.RECEIVED.value))
    if gone.rowcount:
        await destroy(connection, file)


async def destroy(connection: AsyncConnection, file: str) -> None:
    """Its bytes are gone; that it was there, the row still tells."""
    await connection.execute(delete(file_parts).where(file_parts.c.file == file))


async def follow_files(connection: AsyncConnection, publication: Publication) -> None:
    """What this publication says of files, for the files: in its order, and once, however often it comes."""
    number = publication.snapshot.number
    for outcome in publication.outcomes:
        if outcome.message == "attach_file" and outcome.result is not Result.APPLIED:
            await _forget(connection, file_id(number, outcome.command_id))
    for event in publication.events:
        if event.kind in _ADDED:
            await _attached(connection, number, event)
        elif event.kind is EventKind.FILE_REMOVED:
            await _let_go(connection, event.after["file"], FileState.REMOVED, name="")
        elif event.kind is EventKind.FILE_INFECTED:
            await _let_go(connection, event.after["file"], FileState.INFECTED)


async def _attached(connection: AsyncConnection, number: str, event: Event) -> None:
    is_it = (files.c.id == event.after["file"]) & (files.c.state == FileState.RECEIVED.value)
    name = (await connection.execute(select(files.c.name).where(is_it))).scalar_one_or_none()
    if name is None:
        return
    await connection.execute(
        update(files).where(is_it).values(state=FileState.ATTACHED.value, seq=event.seq, attempts=0, next_look_at=event.at)
    )
    await keep_name_findable(connection, number, event.seq, name, is_public=event.public)


async def _let_go(connection: AsyncConnection, file: str, state: FileState, **more: Any) -> None:
    await destroy(connection, file)
    known = (await connection.execute(select(files.c.number, files.c.seq).where(files.c.id == file))).one_or_none()
    if known is not None and state is FileState.REMOVED:
        await connection.execute(delete(search_entries).where(search_entries.c.number == known.number, search_entries.c.seq == known.seq))
    await connection.execute(update(files).where(files.c.id == file).values(state=state.value, next_look_at=None, **more))
