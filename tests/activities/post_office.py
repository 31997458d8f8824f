"""A real SMTP server that behaves as told, and a ledger with letters in it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import letters
from activities.directory.file import load_directory
from activities.mail.mail_room import MailRoom
from activities.mail.relay import RelayAwayError
from activities.records import Records
from activities.settings import Settings
from tests.activities.test_records import DIRECTORY
from tests.process.life import Life
from workflows.messages import Report


@dataclass
class Post:
    """An SMTP server that answers the DATA of each letter with the next reply of its list, then accepts; ``unknown`` are addresses it refuses."""

    replies: list[str] = field(default_factory=list)
    rcpt_replies: list[str] = field(default_factory=list)
    unknown: tuple[str, ...] = ()
    accepted: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    delay: float = 0
    in_hand: bool = False
    port: int = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]) -> str:  # noqa: ARG002, N802 -- as aiosmtpd calls it
        """Answers for one recipient."""
        reply = self.rcpt_replies.pop(0) if self.rcpt_replies else "550 no such user" if address in self.unknown else "250 OK"
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 -- as aiosmtpd calls it
        """Takes the letter, or does what the list says."""
        reply = self.replies.pop(0) if self.replies else "250 OK"
        self.in_hand = True
        await asyncio.sleep(self.delay)
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        if reply == "drop before":
            server.transport.abort()
            return "421 gone"
        if reply == "drop after":
            self.accepted.append(content)
            server.transport.abort()
            return "421 gone"
        if reply.startswith("250"):
            self.accepted.append(content)
            self.senders.append(envelope.mail_from or "")
            self.recipients.append(envelope.rcpt_tos)
        return reply


def settings(port: int | None) -> Settings:
    """Settings with this relay, or none."""
    relay = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"} if port else {}
    return Settings(link_keys=(SecretStr("k" * 40),), base_url="https://desk.example.org", **relay)


async def with_letters(engine: AsyncEngine, count: int = 1, life: Life | None = None) -> None:
    """A ledger in which so many incidents owe their letters."""
    await load_directory(engine, DIRECTORY)
    for number in range(count):
        each = life or Life(Report(f"Printer {number}", category="printing"))
        publication = each.incident.publication()
        snapshot = publication.snapshot
        renamed = type(publication)(
            type(snapshot)(**(vars(snapshot) | {"number": f"INC-{number}"})), publication.up_to, (), (), publication.letters
        )
        await Records(engine).publish(renamed)


async def rows(engine: AsyncEngine) -> list[Any]:
    """The ledger as it stands."""
    async with engine.connect() as connection:
        return list((await connection.execute(select(letters).order_by(letters.c.key))).all())


async def states(engine: AsyncEngine) -> Counter[str]:
    """How many letters stand where."""
    return Counter(row.state for row in await rows(engine))


async def all_due(engine: AsyncEngine) -> None:
    """As if the time of every retry had come."""
    async with engine.begin() as connection:
        await connection.execute(update(letters).values(next_attempt_at=datetime(2020, 1, 1, tzinfo=UTC)))


async def send_all(engine: AsyncEngine, room: MailRoom, rounds: int = 6) -> None:
    """Lets the room work until nothing is left to do, with every retry due at once."""
    for _ in range(rounds):
        await all_due(engine)
        try:
            while await room.send_next():
                pass
        except RelayAwayError:
            continue
