"""Looks after files: tells incidents of those that a front door could not tell, has files checked, and sees to it that infected ones are gone (process.md S4).

Every worker has one. Each file due is claimed by moving the time of its next look, so that two keepers never have the same one in hand, and one that is killed
leaves it to the next.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import RowMapping, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.database.tables import files, incidents, outcomes
from activities.files.kept_files import SENT, FileState, Scan, destroy, forget, parts_of
from activities.files.scanner import PATIENCE, ScannerAwayError, is_infected
from activities.settings import Settings
from workflows.attachments import QuarantineFile
from workflows.messages import NAMES, SYSTEM, Message, Sent
from workflows.publication import Result
from workflows.vocabulary import FINAL

PAUSE = timedelta(seconds=1)
# A server that takes a call and never answers must not hold up all other files.
ANSWERS_WITHIN = timedelta(seconds=5)
# Longer than any scan may take.
CLAIM = PATIENCE + timedelta(minutes=1)
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=5), timedelta(minutes=15)
# Until what was told has come back in a publication, or a scanner is configured.
LOOKS_AGAIN = timedelta(minutes=5)
# Each telling is an event of a history, and histories have an end: an incident that does not answer is told less and less often.
_DOUBLINGS = 8
log = structlog.get_logger("holdfast.files")


class FileKeeper:
    """Needs a client to tell incidents; without one, what is to be told waits."""

    def __init__(self, engine: AsyncEngine, settings: Settings, client: Client | None) -> None:
        self._engine, self._settings, self._client = engine, settings, client

    async def run(self) -> None:
        """For as long as the worker lives."""
        has_looked_back = False
        while True:
            has_looked_back = has_looked_back or await self._have_old_ones_checked()
            pause = await self._next_or_pause()
            await asyncio.sleep(pause.total_seconds())

    async def _next_or_pause(self) -> timedelta:
        """How long to wait before looking again; a record or a Temporal that is away is waited for."""
        try:
            return timedelta(0) if await self.look_at_next(datetime.now(UTC)) else PAUSE
        except (SQLAlchemyError, OSError, RPCError) as error:
            log.warning("files wait", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 -- nothing about one file may end the keeping of all
            log.error("file left in hand", error=type(error).__name__)  # noqa: TRY400 -- a traceback could hold personal data
        return FIRST_RETRY

    async def _have_old_ones_checked(self) -> bool:
        """Files that came while there was no scanner are checked as soon as there is one. False: the record is away."""
        if self._settings.file_scanner is None:
            return True
        came_unchecked = (files.c.scan == Scan.UNSCANNED.value) & (files.c.state == FileState.ATTACHED.value)
        try:
            async with self._engine.begin() as connection:
                await connection.execute(update(files).where(came_unchecked).values(next_look_at=datetime.now(UTC)))
        except (SQLAlchemyError, OSError) as error:
            log.warning("files wait", error=type(error).__name__)
            return False
        return True

    async def look_at_next(self, now: datetime) -> bool:
        """Does what is due about the next file; whether there was one."""
        file = await self._claim(now)
        if file is None:
            return False
        if file["state"] == FileState.RECEIVED:
            await self._tell_of(file, now)
        elif file["scan"] == Scan.INFECTED:
            await self._tell_that_infected(file, now)
        elif file["scan"] == Scan.CLEAN:
            await self._settle(file, next_look_at=None)
        else:
            await self._check(file, now)
        return True

    async def _claim(self, now: datetime) -> RowMapping | None:
        due = select(files).where(files.c.next_look_at <= now).order_by(files.c.next_look_at).limit(1)
        # Nearly always nothing is due, and then nobody who writes shall wait for this look.
        async with self._engine.execution_options(read_only=True).connect() as connection:
            if (await connection.execute(due)).first() is None:
                return None
        async with self._engine.begin() as connection:
            file = (await connection.execute(due.with_for_update(skip_locked=True))).mappings().one_or_none()
            if file is not None:
                await _note(connection, file, next_look_at=now + CLAIM)
        return file

    async def _settle(self, file: RowMapping, **values: Any) -> None:
        async with self._engine.begin() as connection:
            await _note(connection, file, **values)

    async def _settle_told(self, file: RowMapping, now: datetime) -> None:
        times = file["attempts"]
        await self._settle(file, attempts=times + 1, next_look_at=now + LOOKS_AGAIN * 2 ** min(times, _DOUBLINGS))

    # the incident

    async def _tell_of(self, file: RowMapping, now: datetime) -> None:
        """The front door stored it and got no further; the same command again is one file."""
        if await self._was_not_taken_on(file):
            await forget(self._engine, file["id"])
        elif await self._tell(file["number"], SENT.validate_python(file["sent"])):
            await self._settle_told(file, now)
        elif await self._is_over(file["number"]):
            await forget(self._engine, file["id"])
        else:
            await self._settle(file, next_look_at=now + LONGEST_RETRY)
            log.error("an open incident has no process, its file waits", incident=file["number"])

    async def _tell_that_infected(self, file: RowMapping, now: datetime) -> None:
        sent = Sent(f"scan:{file['id']}", SYSTEM, now, QuarantineFile(file["id"]))
        if await self._tell(file["number"], sent):
            await self._settle_told(file, now)
        else:
            await self._settle(file, state=FileState.INFECTED.value, next_look_at=None)

    async def _tell(self, number: str, sent: Sent[Any]) -> bool:
        """Whether the incident has it now; False when its process has ended."""
        if self._client is None:
            return True
        kind: type[Message] = type(sent.message)
        try:
            await self._client.get_workflow_handle(number).signal(NAMES[kind], sent, rpc_timeout=ANSWERS_WITHIN)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def _was_not_taken_on(self, file: RowMapping) -> bool:
        """Answered otherwise, perhaps by a worker that knew nothing of files; or the id belongs to another command, and this one is never heard."""
        mine = (outcomes.c.number == file["number"]) & (outcomes.c.command_id == file["command_id"])
        async with self._engine.execution_options(read_only=True).connect() as connection:
            answer = (await connection.execute(select(outcomes.c.result, outcomes.c.fingerprint).where(mine))).one_or_none()
        return answer is not None and (answer.result != Result.APPLIED or answer.fingerprint != file["sent"]["fingerprint"])

    async def _is_over(self, number: str) -> bool:
        async with self._engine.execution_options(read_only=True).connect() as connection:
            status = (await connection.execute(select(incidents.c.status).where(incidents.c.number == number))).scalar_one_or_none()
        return status in FINAL

    # the scanner

    async def _check(self, file: RowMapping, now: datetime) -> None:
        scanner = self._settings.file_scanner
        if scanner is None:
            # What a front door promised to have checked waits for whoever configures the workers; what came unchecked stays so.
            await self._settle(file, next_look_at=now + LOOKS_AGAIN if file["scan"] == Scan.WAITING else None)
            return
        try:
            infected = await is_infected(scanner, parts_of(self._engine, file["id"]))
        except ScannerAwayError as error:
            attempts = file["attempts"] + 1
            wait = min(FIRST_RETRY * 2 ** min(attempts - 1, 10), LONGEST_RETRY)
            log.warning("scanner away, the file waits", incident=file["number"], attempts=attempts, why=str(error))
            await self._settle(file, attempts=attempts, next_look_at=now + wait)
            return
        await (self._destroy(file) if infected else self._settle(file, scan=Scan.CLEAN.value, next_look_at=None))
        if infected:
            log.warning("infected file destroyed", incident=file["number"], file=file["id"])
            await self._tell_that_infected(file, now)

    async def _destroy(self, file: RowMapping) -> None:
        """First the bytes go; that the incident hears of it can wait."""
        async with self._engine.begin() as connection:
            await destroy(connection, file["id"])
            await _note(connection, file, scan=Scan.INFECTED.value)


async def _note(connection: AsyncConnection, file: RowMapping, **values: Any) -> None:
    """Only while it stands as it did: a publication may have come in between, and says more."""
    await connection.execute(update(files).where(files.c.id == file["id"], files.c.state == file["state"]).values(**values))
