"""Files in the record and their keeper: whole or not there, told once, checked before anybody reads them, and gone when they are gone (process.md S4)."""

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.database.tables import file_parts, files, search_entries
from activities.files.keeper import CLAIM, LOOKS_AGAIN, FileKeeper
from activities.files.kept_files import PART, TOLD_WITHIN, Upload, file_id, forget, parts_of, store
from activities.files.scanner import ScannerAwayError, is_infected
from activities.house.doctor.examination import examine
from activities.records import Records
from activities.settings import Settings
from tests.files import EICAR, PNG
from tests.process.life import ASHA, CARLA, TUESDAY, Life
from workflows.attachments import AttachFile, RemoveFile
from workflows.decisions import receive
from workflows.lifecycle import Rule
from workflows.messages import SYSTEM, Cancel, PublicMessage, Sent
from workflows.publication import Published
from workflows.reading import read
from workflows.vocabulary import CancelReason, EventKind

LARGE = bytes(range(256)) * 4096 + b"end"
LATER = TUESDAY + TOLD_WITHIN
SECRET = "hush-4711.png"


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), PART):
        yield content[start : start + PART]


async def _broken(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise ConnectionResetError


async def _read(engine: AsyncEngine, file: str) -> bytes:
    return b"".join([part async for part in parts_of(engine, file)])


async def _count(engine: AsyncEngine, table: Any) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def _row(engine: AsyncEngine, file: str) -> dict[str, Any]:
    async with engine.connect() as connection:
        return dict((await connection.execute(select(files).where(files.c.id == file))).mappings().one())


def _upload(life: Life, command: str = "upload", size: int = len(PNG), *, inside: bool = False, is_to_be_scanned: bool = False) -> Upload:
    number = life.facts.number
    message = AttachFile(file_id(number, command), size, "png", "ab" * 32, inside)
    who = ASHA if inside else CARLA
    return Upload(number, SECRET, Sent(command, who, TUESDAY, message, "print"), is_to_be_scanned)


async def _published(engine: AsyncEngine, life: Life) -> None:
    """What has happened is in the record, and the record has answered."""
    await Records(engine).publish(life.incident.publication())
    life.incident.published(Published(life.incident.publication().up_to), life.now)


async def _attached(engine: AsyncEngine, life: Life, content: bytes = PNG, **more: Any) -> str:
    upload = _upload(life, size=len(content), **more)
    await store(engine, upload, _parts(content), TUESDAY)
    life.says(upload.sent.actor, upload.sent.message, "upload")
    await _published(engine, life)
    return upload.sent.message.file


@dataclass
class Incidents:
    """Stands where Temporal would: incidents that take in what they are told, or are over, or cannot be reached."""

    lives: dict[str, Life] = field(default_factory=dict)
    told: list[tuple[str, Sent[Any]]] = field(default_factory=list)
    fails_with: RPCStatusCode | None = None

    def get_workflow_handle(self, number: str) -> "_Handle":
        """One of them."""
        return _Handle(self, number)


@dataclass
class _Handle:
    incidents: Incidents
    number: str

    async def signal(self, name: str, sent: Sent[Any], *, rpc_timeout: timedelta) -> None:
        assert rpc_timeout < CLAIM, "the next keeper would have it in hand too"
        life = self.incidents.lives.get(self.number)
        status = self.incidents.fails_with or (None if life else RPCStatusCode.NOT_FOUND)
        if status is not None:
            raise RPCError("not now", status, b"")
        self.incidents.told.append((name, sent))
        assert life is not None
        life.says(sent.actor, sent.message, sent.command_id)


def _keeper(engine: AsyncEngine, incidents: Incidents, scanner: str | None = None) -> FileKeeper:
    return FileKeeper(engine, Settings(file_scanner=scanner), cast(Client, incidents))


def _script(code: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


# What scanners are like: reads all of it, and knows one virus.
CAREFUL = _script("import sys; sys.exit(b'EICAR-STANDARD-' in sys.stdin.buffer.read())")
HASTY = _script("import sys; sys.exit(sys.stdin.buffer.read(68)[:4] == b'X5O!')")
BROKEN = _script("import sys; sys.exit(2)")
NOT_INSTALLED = _script("import no_such_scanner")


# the record


async def test_a_file_comes_back_as_it_was(database: AsyncEngine) -> None:
    """Every byte, in order, in parts that are small to hold (S4)."""
    upload = _upload(Life(), size=len(LARGE))
    assert await store(database, upload, _parts(LARGE), TUESDAY)
    sizes = [len(part) async for part in parts_of(database, upload.sent.message.file)]
    assert max(sizes) == PART
    assert await _read(database, upload.sent.message.file) == LARGE


async def test_an_upload_that_breaks_off_leaves_nothing(database: AsyncEngine) -> None:
    """A file is there whole or not at all, and can be sent again (S4)."""
    upload = _upload(Life())
    with pytest.raises(ConnectionResetError):
        await store(database, upload, _broken(PNG[:9]), TUESDAY)
    assert (await _count(database, files), await _count(database, file_parts)) == (0, 0)
    assert await store(database, upload, _parts(PNG), TUESDAY)
    assert await _read(database, upload.sent.message.file) == PNG


async def test_the_same_command_side_by_side_is_one_file(database: AsyncEngine) -> None:
    """Whoever comes second finds it there; parts of two uploads never mix (design rule 3)."""
    upload = _upload(Life())
    made = await asyncio.gather(*(store(database, upload, _parts(PNG), TUESDAY) for _ in range(4)))
    assert sorted(made) == [False, False, False, True]
    assert await _read(database, upload.sent.message.file) == PNG


async def test_a_refusal_takes_the_bytes_with_it(database: AsyncEngine) -> None:
    """In the transaction that publishes the refusal, so that no crash in between leaves them behind (design rule 8)."""
    life = Life()
    upload = _upload(life)
    await store(database, upload, _parts(PNG), TUESDAY)
    life.says(ASHA, Cancel(CancelReason.TEST))
    assert life.says(CARLA, upload.sent.message, "upload").rule == Rule.CLOSED_IS_FINAL
    await _published(database, life)
    assert (await _count(database, files), await _count(database, file_parts)) == (0, 0)


async def test_what_an_incident_has_nobody_forgets_by_accident(database: AsyncEngine) -> None:
    """A late refusal of the front door, and a publication that comes twice, leave a file that was taken on as it is."""
    life = Life()
    file = await _attached(database, life)
    await forget(database, file)
    assert await _read(database, file) == PNG
    assert (await _row(database, file))["state"] == "attached"


async def test_a_removed_file_is_gone(database: AsyncEngine) -> None:
    """Bytes, name, and what it could be found by; that it was there, and why it went, stays (S21, S22)."""
    life = Life()
    file = await _attached(database, life)
    assert await _words(database) >= {"hush", "4711"}
    life.says(ASHA, RemoveFile(file, "shows a password"))
    await _published(database, life)
    row = await _row(database, file)
    assert (row["state"], row["name"], row["size"]) == ("removed", "", len(PNG))
    assert await _count(database, file_parts) == 0
    assert not await _words(database) & {"hush", "4711"}


async def _words(engine: AsyncEngine, *, public_only: bool = False) -> set[str]:
    query = select(search_entries.c.words)
    async with engine.connect() as connection:
        found = (await connection.execute(query.where(search_entries.c.public) if public_only else query)).scalars().all()
    return {word for words in found for word in words.split()}


async def test_inner_names_are_found_by_the_desk_only(database: AsyncEngine) -> None:
    """What an inner file is called helps nobody else to find the incident (S22)."""
    await _attached(database, Life(), inside=True)
    assert "hush" in await _words(database)
    assert "hush" not in await _words(database, public_only=True)


# the keeper


async def test_a_front_door_that_dies_in_between_loses_nothing(database: AsyncEngine) -> None:
    """Stored and not yet told: the keeper tells it, once, as its sender said it; before its time it leaves that to the front door (design rule 8)."""
    life = Life()
    await _published(database, life)
    upload, incidents = _upload(life), Incidents({life.facts.number: life})
    await store(database, upload, _parts(PNG), TUESDAY)
    keeper = _keeper(database, incidents)
    assert not await keeper.look_at_next(LATER - timedelta(seconds=1))
    assert await keeper.look_at_next(LATER)
    assert incidents.told == [("attach_file", upload.sent)]
    await _published(database, life)
    assert (await _row(database, upload.sent.message.file))["state"] == "attached"
    assert await _read(database, upload.sent.message.file) == PNG


async def test_a_command_that_arrived_after_all_is_told_twice_and_counts_once(database: AsyncEngine) -> None:
    """Whether the front door died before or after Temporal had it, the incident has one file; while nothing comes of it, it is told less and less often."""
    life = Life()
    upload, incidents = _upload(life), Incidents({life.facts.number: life})
    await store(database, upload, _parts(PNG), TUESDAY)
    life.says(CARLA, upload.sent.message, "upload")
    keeper = _keeper(database, incidents)
    looks = [LATER]
    for _ in range(3):
        assert await keeper.look_at_next(looks[-1])
        looks.append((await _row(database, upload.sent.message.file))["next_look_at"])
    assert [after - before for before, after in pairwise(looks)] == [LOOKS_AGAIN, 2 * LOOKS_AGAIN, 4 * LOOKS_AGAIN]
    assert len(life.facts.files) == 1
    assert len(life.events(EventKind.CALLER_ADDED_FILE)) == 1


async def test_nobody_waits_for_a_file_of_an_incident_that_is_over(database: AsyncEngine) -> None:
    """Its process has ended and never took it on: nothing stays (S12)."""
    life = Life()
    life.says(ASHA, Cancel(CancelReason.TEST))
    await _published(database, life)
    await store(database, _upload(life), _parts(PNG), TUESDAY)
    assert await _keeper(database, Incidents()).look_at_next(LATER)
    assert (await _count(database, files), await _count(database, file_parts)) == (0, 0)


async def test_a_file_that_an_older_worker_could_not_read_about_does_not_stay(on_file: AsyncEngine) -> None:
    """Its command was answered as unreadable by a build without files: nothing waits for it for ever."""
    life = Life()
    receive(life.incident, read("no such signal", {"command_id": "upload"}), life.now)
    await Records(on_file).publish(life.incident.publication())
    await store(on_file, _upload(life), _parts(PNG), TUESDAY)
    assert await _keeper(on_file, Incidents({life.facts.number: life})).look_at_next(LATER)
    assert (await _count(on_file, files), await _count(on_file, file_parts)) == (0, 0)


async def test_a_file_under_the_id_of_another_command_does_not_stay(database: AsyncEngine) -> None:
    """The incident took that id for something else and hears no second command under it: it is not told of the file for ever (design rule 3)."""
    life = Life()
    life.says(CARLA, PublicMessage("Here is a picture of it."), "upload")
    await store(database, _upload(life), _parts(PNG), TUESDAY)
    await _published(database, life)
    assert await _keeper(database, Incidents({life.facts.number: life})).look_at_next(LATER)
    assert (await _count(database, files), await _count(database, file_parts)) == (0, 0)


async def test_a_file_outlasts_a_process_that_is_missing(database: AsyncEngine) -> None:
    """An open incident that Temporal does not know is a fault of the house, no reason to throw its files away."""
    life = Life()
    await _published(database, life)
    await store(database, _upload(life), _parts(PNG), TUESDAY)
    assert await _keeper(database, Incidents()).look_at_next(LATER)
    assert await _count(database, files) == 1


async def test_two_keepers_never_have_the_same_file_in_hand(database: AsyncEngine) -> None:
    """What one has claimed the other does not see, until the claim has run out."""
    lives = {number: Life(number=number) for number in ("INC-1001-2", "INC-1002-4", "INC-1003-6")}
    for life in lives.values():
        await store(database, _upload(life), _parts(PNG), TUESDAY)
    incidents = Incidents(lives)
    keepers = [_keeper(database, incidents) for _ in range(6)]
    looked = await asyncio.gather(*(keeper.look_at_next(LATER) for keeper in keepers))
    assert len(incidents.told) == len({sent.message.file for _, sent in incidents.told})
    while await keepers[0].look_at_next(LATER):
        looked.append(True)
    assert sum(looked) == 3
    assert sorted(sent.message.file for _, sent in incidents.told) == sorted(file_id(number, "upload") for number in lives)


@pytest.mark.parametrize("scanner", [CAREFUL, HASTY])
async def test_infected_files_are_destroyed_and_told(database: AsyncEngine, scanner: str) -> None:
    """First the bytes go, then the incident hears of it, and says so on its timeline (S4)."""
    life = Life()
    file = await _attached(database, life, EICAR + bytes(PART), is_to_be_scanned=True)
    assert await _keeper(database, Incidents({life.facts.number: life}), scanner).look_at_next(LATER)
    assert await _count(database, file_parts) == 0
    assert [event.after for event in life.events(EventKind.FILE_INFECTED)] == [{"file": file}]
    await _published(database, life)
    row = await _row(database, file)
    assert (row["state"], row["scan"], row["name"], row["next_look_at"]) == ("infected", "infected", SECRET, None)


async def test_clean_files_are_left_in_peace(database: AsyncEngine) -> None:
    """Found clean, a file can be read and is not looked at again."""
    life = Life()
    file = await _attached(database, life, LARGE, is_to_be_scanned=True)
    keeper = _keeper(database, Incidents({life.facts.number: life}), CAREFUL)
    assert (await _row(database, file))["scan"] == "waiting"
    assert await keeper.look_at_next(LATER)
    row = await _row(database, file)
    assert (row["scan"], row["next_look_at"]) == ("clean", None)
    assert await _read(database, file) == LARGE


@pytest.mark.parametrize("scanner", [BROKEN, NOT_INSTALLED, "/no/such/scanner", "clamd:///no/such/socket", None])
async def test_while_no_scanner_answers_a_file_waits(database: AsyncEngine, scanner: str | None) -> None:
    """It stays unreadable, is tried again later, and is checked when the scanner is back; one that takes everything for infected destroys nothing (S4)."""
    life = Life()
    file = await _attached(database, life, is_to_be_scanned=True)
    incidents = Incidents({life.facts.number: life})
    assert await _keeper(database, incidents, scanner).look_at_next(LATER)
    row = await _row(database, file)
    assert (row["scan"], row["next_look_at"] > LATER) == ("waiting", True)
    assert not incidents.told
    assert await _keeper(database, incidents, CAREFUL).look_at_next(row["next_look_at"])
    assert (await _row(database, file))["scan"] == "clean"


async def test_that_a_file_is_infected_is_told_although_temporal_was_away(database: AsyncEngine) -> None:
    """A verdict is never lost: the bytes are gone at once, the incident hears of it when it can be reached."""
    life = Life()
    file = await _attached(database, life, EICAR, is_to_be_scanned=True)
    incidents = Incidents({life.facts.number: life}, fails_with=RPCStatusCode.UNAVAILABLE)
    keeper = _keeper(database, incidents, CAREFUL)
    with pytest.raises(RPCError):
        await keeper.look_at_next(LATER)
    assert await _count(database, file_parts) == 0
    incidents.fails_with = None
    assert await keeper.look_at_next((await _row(database, file))["next_look_at"])
    assert [(name, sent.actor) for name, sent in incidents.told] == [("quarantine_file", SYSTEM)]


async def test_a_new_scanner_looks_at_what_came_before_it(on_file: AsyncEngine) -> None:
    """Files taken in while there was none are checked when the worker starts with one."""
    life = Life()
    file = await _attached(on_file, life, EICAR)
    async with on_file.begin() as connection:
        await connection.execute(update(files).values(next_look_at=None))
    keeper = _keeper(on_file, Incidents({life.facts.number: life}), CAREFUL)
    running = asyncio.create_task(keeper.run())
    while (await _row(on_file, file))["scan"] != "infected":  # noqa: ASYNC110 -- the record has no event to wait for
        await asyncio.sleep(0.02)
    running.cancel()
    assert await _count(on_file, file_parts) == 0


async def test_a_record_that_is_away_at_first_is_looked_through_later(on_file: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that starts before its database still has the old files checked (S4)."""
    monkeypatch.setattr("activities.files.keeper.FIRST_RETRY", timedelta(milliseconds=20))
    life = Life()
    file = await _attached(on_file, life, EICAR)
    async with on_file.begin() as connection:
        await connection.execute(update(files).values(next_look_at=None))
        await connection.execute(text("ALTER TABLE files RENAME TO away"))
    with capture_logs() as told:
        running = asyncio.create_task(_keeper(on_file, Incidents({life.facts.number: life}), CAREFUL).run())
        while not told:  # noqa: ASYNC110 -- a log has no event to wait for
            await asyncio.sleep(0.02)
    async with on_file.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO files"))
    while (await _row(on_file, file))["scan"] != "infected":  # noqa: ASYNC110 -- the record has no event to wait for
        await asyncio.sleep(0.02)
    running.cancel()


# scanners


@asynccontextmanager
async def clamd(answers: Callable[[bytes], bytes], socket: Path | None = None) -> AsyncIterator[str]:
    """A server that speaks clamd's INSTREAM, and answers as the function says; over TCP, or a socket in a file."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            content += await reader.readexactly(length)
        writer.write(answers(content) + b"\0")
        await writer.drain()
        writer.close()

    if socket is not None:
        async with await asyncio.start_unix_server(serve, socket):
            yield f"clamd://{socket}"
        return
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"clamd://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("over", ["TCP", "a socket in a file"])
async def test_clamd_is_asked_in_its_own_words(over: str, tmp_path: Path) -> None:
    """The whole file goes over its socket; found is infected, OK is clean, and before an infected one goes it is asked about something harmless (S4)."""
    seen: list[bytes] = []

    def answers(content: bytes) -> bytes:
        seen.append(content)
        return b"stream: Win.Test.EICAR_HDB-1 FOUND" if EICAR in content else b"stream: OK"

    async with clamd(answers, None if over == "TCP" else tmp_path / "clamd") as address:
        assert await is_infected(address, _parts(EICAR))
        assert not await is_infected(address, _parts(LARGE))
    infected, harmless, clean = seen
    assert (infected, clean) == (EICAR, LARGE)
    assert EICAR not in harmless


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR", b"", b"stream: OK but", b"PONG"])
async def test_what_is_no_verdict_is_none(answer: bytes) -> None:
    """Only a plain yes or no counts; a file about which clamd says anything else stays unread."""
    async with clamd(lambda _: answer) as address:
        with pytest.raises(ScannerAwayError):
            await is_infected(address, _parts(PNG))


async def test_a_scanner_learns_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command gets the bytes of the file and no setting of the desk (ecosystem 3.16)."""
    monkeypatch.setenv("HOLDFAST_DATABASE_PASSWORD", "hush-4711")
    curious = _script("import os, sys; sys.stdin.buffer.read(); sys.exit(any('hush' in value for value in os.environ.values()))")
    assert not await is_infected(curious, _parts(PNG))


async def test_the_doctor_tells_of_a_scanner_that_is_away(monkeypatch: pytest.MonkeyPatch, sqlite_url: str, on_file: AsyncEngine) -> None:
    """Whether the scanner answers, and how many files wait for it, is one look (S4)."""
    life = Life()
    await _attached(on_file, life, is_to_be_scanned=True)
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", sqlite_url)
    said = {}
    for scanner in (CAREFUL, BROKEN, ""):
        monkeypatch.setenv("HOLDFAST_FILE_SCANNER", scanner)
        said[scanner] = [(each.level.value, each.finding) for each in await examine(["files"])]
    assert [level for level, _ in said[CAREFUL]] == ["ok", "warn"]
    assert [level for level, _ in said[BROKEN]] == ["fail", "warn"]
    assert [level for level, _ in said[""]] == ["ok", "fail"]
    assert all("1 file" in findings[1][1] for findings in said.values())
