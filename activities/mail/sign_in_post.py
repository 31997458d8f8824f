"""Sends the one-time links that people ask for at the door (process.md S22).

Apart from the ledger of letters: such a letter is about no incident, is worth nothing after ten minutes, and nobody but its reader may ever read it,
so nothing of it is kept. The link is made at the moment of sending; at most one letter goes out for each request.
"""

from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.accounts import LASTS, Purpose, forget_link, make_link
from activities.database.tables import link_requests
from activities.mail.postbox import Address, address_of
from activities.mail.relay import OutcomeUnknownError, PermanentError, Relay, RelayAwayError, TemporaryError
from activities.settings import Settings
from emails.headers import Envelope, LetterRefusedError, bare, build, deliverable
from emails.rendering import render_sign_in

# Who waits at the door asks again; a letter that comes later only puzzles.
PATIENCE = timedelta(minutes=10)
RETRY = timedelta(seconds=20)
LANDING = "/sign-in/link/"
log = structlog.get_logger("holdfast.mail")


class SignInPost:
    """Takes requests one by one, next to the letters of incidents."""

    def __init__(self, engine: AsyncEngine, settings: Settings, relay: Relay) -> None:
        self._engine, self._settings, self._relay = engine, settings, relay

    async def send_next(self) -> bool:
        """Answers the next request; whether there was one. Raises RelayAwayError when nothing can be sent at present."""
        now = datetime.now(UTC)
        request = await self._next(now)
        if request is None:
            return False
        request_id, person, asked_at = request
        address = await address_of(self._engine, person) if person else None
        if address is None or self._settings.smtp_host is None or now - asked_at > PATIENCE:
            await self._done(request_id)
        elif await self._claim(request_id, now):
            await self._send(request_id, person or "", address, now)
        return True

    async def _next(self, now: datetime) -> tuple[str, str | None, datetime] | None:
        waiting = link_requests.c
        query = select(waiting.id, waiting.person, waiting.asked_at).where(waiting.next_attempt_at <= now).order_by(waiting.asked_at)
        async with self._engine.execution_options(read_only=True).connect() as connection:
            row = (await connection.execute(query.limit(1))).one_or_none()
        return (row[0], row[1], row[2]) if row else None

    async def _claim(self, request_id: str, now: datetime) -> bool:
        """Of two senders only one gets it; one that dies with it leaves it to run out, and the person asks again."""
        mine = (link_requests.c.id == request_id, link_requests.c.next_attempt_at <= now)
        async with self._engine.begin() as connection:
            return (await connection.execute(update(link_requests).where(*mine).values(next_attempt_at=now + PATIENCE))).rowcount == 1

    async def _send(self, request_id: str, person: str, address: Address, now: datetime) -> None:
        token = await make_link(self._engine, person, Purpose.SIGN_IN, now)
        try:
            wire = self._written(request_id, token, address, now)
            await self._relay.send(bare(self._settings.mail_from), deliverable(address.email), wire)
        except (RelayAwayError, TemporaryError) as error:
            await forget_link(self._engine, token)  # the next try has its own, and nobody has this one
            await self._later(request_id, now)
            if isinstance(error, RelayAwayError):
                raise
            return
        except (PermanentError, LetterRefusedError) as error:
            await forget_link(self._engine, token)
            log.warning("sign-in link not sent", error=type(error).__name__)
        except OutcomeUnknownError as error:  # it may have arrived, so it works; but no second one is sent
            log.warning("sign-in link not sent", error=type(error).__name__)
        await self._done(request_id)

    def _written(self, request_id: str, token: str, address: Address, now: datetime) -> bytes:
        url = f"{self._settings.base_url.rstrip('/')}{LANDING}{token}"
        rendered = render_sign_in(address.reader, url, int(LASTS[Purpose.SIGN_IN].total_seconds() // 60))
        key = f"sign-in:{request_id}"
        envelope = Envelope(
            sender=self._settings.mail_from,
            recipient=deliverable(address.email),
            recipient_name=address.reader.name,
            domain=self._settings.mail_domain,
            key=key,
            thread=key,
            at=now,
        )
        return build(envelope, rendered.subject, rendered.text, rendered.html)

    async def _later(self, request_id: str, now: datetime) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(update(link_requests).where(link_requests.c.id == request_id).values(next_attempt_at=now + RETRY))

    async def _done(self, request_id: str) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(delete(link_requests).where(link_requests.c.id == request_id))
