"""The mail room: takes letters from the ledger, has them written, bundles what is too much, sends (design section 4, process.md S14).

One shift is one long-running activity that Temporal keeps alive. Promise: at least once, never lost, twice only where a crash or a broken line fell between the
relay's acceptance and our note of it, and then under the same Message-ID.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.mail.digests import DIGEST, entries_of, put_into_digest
from activities.mail.postbox import Claim, Entry, LetterState, address_of, claim_next, is_alone, last_sent, settle
from activities.mail.relay import OutcomeUnknownError, PermanentError, Relay, RelayAwayError, TemporaryError
from activities.mail.scribe import Ready, Scribe, UnreadableError
from activities.mail.sign_in_post import SignInPost
from activities.settings import Settings
from emails.headers import LetterRefusedError
from emails.letters import ASKS_FOR_CONFIRMATION
from workflows.house_messages import ReportUndeliverable
from workflows.messages import SYSTEM, Sent

SHIFT = timedelta(minutes=55)
PAUSE = timedelta(milliseconds=500)
PULSE = timedelta(seconds=4)
# Given up after this time, but never before this many attempts: a desk that was down over a weekend still gives each letter its chance.
PATIENCE, LEAST_ATTEMPTS = timedelta(days=2), 20
# For the letter in hand when the shift is called off.
LAST_LETTER = timedelta(seconds=10)
FIRST_RETRY, LONGEST_RETRY, BUSY_RETRY = timedelta(seconds=5), timedelta(minutes=15), timedelta(minutes=5)
# Replies that ask us to come back later rather than soon.
BUSY = ("421", "450", "451", "452")
UNKNOWN_AGAIN = 2
_AWAY = (OperationalError, InterfaceError, OSError)

T = TypeVar("T")
log = structlog.get_logger("holdfast.mail")


class MailRoom:
    """Sends letters; needs a client to tell incidents what could not be delivered."""

    def __init__(self, engine: AsyncEngine, settings: Settings, client: Client | None) -> None:
        self._engine, self._settings, self._client = engine, settings, client
        self._scribe = Scribe(settings)
        self._relay = Relay(settings)
        self._sign_in_post = SignInPost(engine, settings, self._relay)

    @activity.defn(name="send_letters")
    async def send_letters(self) -> None:
        """One shift: ends after an hour, when the worker stops, or when the desk is cancelled; a letter in hand is finished first."""
        ends, pulse = datetime.now(UTC) + SHIFT, asyncio.create_task(_beat())
        try:
            while datetime.now(UTC) < ends and not activity.is_worker_shutdown():
                pause = await _to_its_end(self._next_or_pause())
                await asyncio.sleep(pause.total_seconds())
        finally:
            pulse.cancel()
            await self._relay.close()

    async def _next_or_pause(self) -> timedelta:
        """How long to wait before looking again; a database that is away is waited for."""
        try:
            return timedelta(0) if await self.send_next() else PAUSE
        except RelayAwayError:
            return FIRST_RETRY
        except (SQLAlchemyError, OSError) as error:
            log.warning("record away", error=type(error).__name__)
            return FIRST_RETRY
        except Exception as error:  # noqa: BLE001 -- nothing about one letter may end the shift of all
            log.error("letter left in hand", error=type(error).__name__)  # noqa: TRY400 -- a traceback could hold personal data
            return PAUSE

    async def send_next(self) -> bool:
        """Sends the next letter that is due; whether there was one. Raises RelayAwayError when nothing can be sent at present."""
        if await self._sign_in_post.send_next():
            return True
        claim = await claim_next(self._engine, datetime.now(UTC))
        if claim is None:
            return False
        if claim.unknown_outcomes >= UNKNOWN_AGAIN:
            await self._leave_unknown(claim)
            return True
        try:
            await self._handle(claim)
        except RelayAwayError as error:
            await self._later(claim, error.reply, _back_off(claim.attempts))
            raise
        return True

    async def _handle(self, claim: Claim) -> None:
        address = await _patiently(lambda: address_of(self._engine, claim.recipient))
        if address is None:
            await self._give_up(claim, "the directory has no address")
            return
        entries = await self._entries(claim)
        follows = await _patiently(lambda: last_sent(self._engine, claim.number, claim.recipient)) if claim.number else None
        try:
            ready = self._scribe.write(claim, address, entries, follows)
        except UnreadableError as error:
            # After a rollback, or beside a newer build: the letter waits for a desk that knows it.
            log.warning("letter unreadable", letter=claim.letter, number=claim.number)
            await self._later(claim, str(error), BUSY_RETRY)
            return
        except Exception as error:  # noqa: BLE001 -- one broken letter must never stop the others
            log.error("letter broken", letter=claim.letter, number=claim.number, error=type(error).__name__)  # noqa: TRY400 -- a traceback could hold personal data
            await self._give_up(claim, f"refused: {error}" if isinstance(error, LetterRefusedError) else f"broken: {type(error).__name__}")
            return
        if self._settings.smtp_host is None:
            await self._settle(claim, LetterState.KEPT, ready, sent_at=datetime.now(UTC))
        elif not await _patiently(lambda: put_into_digest(self._engine, claim, datetime.now(UTC))):
            await self._hand_over(claim, ready)

    async def _entries(self, claim: Claim) -> tuple[Entry, ...]:
        """What the letter in hand tells: itself, or all that its digest holds."""
        return await _patiently(lambda: entries_of(self._engine, claim.key)) if claim.letter == DIGEST else (claim,)

    async def _hand_over(self, claim: Claim, ready: Ready) -> None:
        try:
            reply = await self._relay.send(ready.envelope_sender, ready.email, ready.wire)
        except PermanentError as error:
            await self._give_up(claim, error.reply, ready)
        except TemporaryError as error:
            busy = error.reply.startswith(BUSY)
            await self._later(claim, error.reply, BUSY_RETRY if busy else _back_off(claim.attempts))
        except OutcomeUnknownError as error:
            await self._unknown(claim, error.reply, ready)
        else:
            await self._settle(claim, LetterState.SENT, ready, sent_at=datetime.now(UTC), smtp_reply=reply)

    async def _settle(self, claim: Claim, state: LetterState, ready: Ready | None = None, **facts: Any) -> None:
        """Writes what became of a letter. Tried until the record is back: what the relay answered must not be forgotten meanwhile."""
        if ready is not None:
            facts |= ready.columns(links_work=state is LetterState.KEPT)
        await _patiently(lambda: settle(self._engine, claim, state, **facts))

    async def _later(self, claim: Claim, reply: str, delay: timedelta) -> None:
        now = datetime.now(UTC)
        if now - claim.at > PATIENCE and claim.attempts >= LEAST_ATTEMPTS:
            await self._give_up(claim, f"given up after {PATIENCE.days} days: {reply}")
        else:
            await self._settle(claim, LetterState.PLANNED, next_attempt_at=now + delay, smtp_reply=reply[:300])

    async def _unknown(self, claim: Claim, reply: str, ready: Ready) -> None:
        """Tried once more under the same Message-ID, then left as unknown for people to see."""
        count = claim.unknown_outcomes + 1
        if count >= UNKNOWN_AGAIN:
            await self._leave_unknown(claim, ready, unknown_outcomes=count, smtp_reply=reply[:300])
        else:
            next_attempt = datetime.now(UTC) + FIRST_RETRY
            await self._settle(
                claim, LetterState.PLANNED, ready, next_attempt_at=next_attempt, unknown_outcomes=count, smtp_reply=reply[:300]
            )

    async def _leave_unknown(self, claim: Claim, ready: Ready | None = None, **facts: Any) -> None:
        """Whoever may never have been asked does not consent by silence, so the incidents are told (S11). Until they are, the row comes back; the letter is not sent again."""
        if await self._tell_incidents(claim, may_have_arrived=True):
            await self._settle(claim, LetterState.UNKNOWN, ready, **facts)
        else:
            await self._settle(claim, LetterState.PLANNED, ready, next_attempt_at=datetime.now(UTC) + FIRST_RETRY, **facts)

    async def _give_up(self, claim: Claim, reply: str, ready: Ready | None = None) -> None:
        if await self._tell_incidents(claim):
            await self._settle(claim, LetterState.FAILED, ready, smtp_reply=reply[:300])
        else:
            await self._settle(claim, LetterState.PLANNED, next_attempt_at=datetime.now(UTC) + FIRST_RETRY, smtp_reply=reply[:300])

    async def _tell_incidents(self, claim: Claim, *, may_have_arrived: bool = False) -> bool:
        """Whether all have been told, before the ledger is: should we die in between, they are told again under the same command ids."""
        told = [await self._tell_incident(entry, may_have_arrived=may_have_arrived) for entry in await self._entries(claim)]
        return all(told)

    async def _tell_incident(self, entry: Entry, *, may_have_arrived: bool) -> bool:
        if self._client is None:
            return True
        message = ReportUndeliverable(
            entry.letter,
            entry.cycle,
            entry.recipient,
            entry.letter in ASKS_FOR_CONFIRMATION,
            may_have_arrived=may_have_arrived,
            cause=entry.cause,
            owed_at=entry.at,
            nobody_else=await _patiently(lambda: is_alone(self._engine, entry)),
        )
        sent = Sent(f"undeliverable:{hashlib.sha256(entry.key.encode()).hexdigest()[:40]}", SYSTEM, datetime.now(UTC), message)
        try:
            handle = self._client.get_workflow_handle(entry.number)
            await handle.signal("report_undeliverable", sent, rpc_timeout=timedelta(seconds=5))
        except RPCError as error:
            # Closed incidents have nobody left to tell; the ledger says it.
            return error.status is RPCStatusCode.NOT_FOUND
        return True


async def _beat() -> None:
    """A slow relay must not look like a dead worker: somebody else would take over with a letter still in our hand."""
    while True:
        activity.heartbeat()
        await asyncio.sleep(PULSE.total_seconds())


async def _to_its_end(work: Coroutine[Any, Any, timedelta]) -> timedelta:
    """Finishes the letter in hand also when the shift is cancelled, so that its outcome is known."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=LAST_LETTER.total_seconds())
        task.cancel()
        raise


async def _patiently(query: Callable[[], Awaitable[T]]) -> T:
    """Asks the record until it is there. Other errors of the database are the letter's own and are raised."""
    while True:
        try:
            return await query()
        except _AWAY as error:
            log.warning("record away", error=type(error).__name__)
            await asyncio.sleep(PAUSE.total_seconds())


def _back_off(attempts: int) -> timedelta:
    """5 s, doubled with each attempt, 15 minutes at most."""
    return min(FIRST_RETRY * (1 << min(attempts - 1, 10)), LONGEST_RETRY)
