"""What the front door writes itself: the intake ledger, numbers, commands that came too late, and when a key was used (design section 4).

Nothing here is decided by a workflow, and no incident row is touched.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.session import insert
from activities.database.tables import api_keys, intake, numbers, turned_away
from activities.incident_numbers import FIRST, number_of

SEQUENCE = "incident"
# When a key was last used is for people who clean up; a write for each request would cost more than it tells.
KEY_USE_IS_NOTED_EVERY = timedelta(minutes=5)


def signature(actor_kind: str, actor: str) -> str:
    """What tells whose a command id is: one person's ids never meet another's."""
    return hashlib.sha256(f"{actor_kind}/{actor}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Accepted:
    """A line of the intake ledger. ``fingerprint`` is that of the report that came first under this key."""

    number: str
    fingerprint: str
    accepted_at: datetime
    started_at: datetime | None


async def accept(engine: AsyncEngine, channel: str, key: str, fingerprint: str, now: datetime) -> Accepted:
    """The number for this key: the same for ever, however often and from wherever it comes (S1). Written before anything starts."""
    try:
        return await _accept(engine, channel, key, fingerprint, now)
    except IntegrityError:  # somebody else was faster with the same key
        return await _accept(engine, channel, key, fingerprint, now)


async def _accept(engine: AsyncEngine, channel: str, key: str, fingerprint: str, now: datetime) -> Accepted:
    async with engine.begin() as connection:
        if (known := await _line(connection, channel, key)) is not None:
            return known
        number = number_of(await _next(connection))
        line = {"channel": channel, "key": key, "number": number, "fingerprint": fingerprint, "accepted_at": now}
        await connection.execute(intake.insert().values(line))
        return Accepted(number, fingerprint, now, None)


async def _line(connection: AsyncConnection, channel: str, key: str) -> Accepted | None:
    columns = (intake.c.number, intake.c.fingerprint, intake.c.accepted_at, intake.c.started_at)
    row = (await connection.execute(select(*columns).where(intake.c.channel == channel, intake.c.key == key))).one_or_none()
    return Accepted(*row) if row else None


async def _next(connection: AsyncConnection) -> int:
    counted = (
        insert(connection, numbers)
        .values(name=SEQUENCE, last=FIRST)
        .on_conflict_do_update(index_elements=[numbers.c.name], set_={"last": numbers.c.last + 1})
        .returning(numbers.c.last)
    )
    return int((await connection.execute(counted)).scalar_one())


async def note_start(engine: AsyncEngine, number: str, now: datetime) -> None:
    """The process of this incident runs; it is never started again, also when Temporal has long forgotten it."""
    async with engine.begin() as connection:
        await connection.execute(update(intake).where(intake.c.number == number, intake.c.started_at.is_(None)).values(started_at=now))


@dataclass(frozen=True)
class TurnedAway:
    """A command that came after the end of its incident (S12), kept for the audit trail (S4)."""

    number: str
    command_id: str
    message: str
    actor_kind: str
    actor: str
    at: datetime
    fingerprint: str
    rule: str


async def turn_away(engine: AsyncEngine, refused: TurnedAway) -> None:
    """Keeps the refusal; the first one under a command id stands."""
    async with engine.begin() as connection:
        await connection.execute(insert(engine, turned_away).values(vars(refused)).on_conflict_do_nothing())


async def note_key_use(engine: AsyncEngine, key_id: str, now: datetime) -> None:
    """When the key was last used, to within ``KEY_USE_IS_NOTED_EVERY``."""
    async with engine.begin() as connection:
        await connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(used_at=now))
