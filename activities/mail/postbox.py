"""The mail ledger: which letters wait, who has one in hand, what became of it (process.md S14).

planned -> handed_over -> sent, failed or unknown; back to planned after a temporary error; kept where no relay is configured; in_digest where the
row of a digest goes on for it.
A letter in hand longer than the lease belongs to a sender that died: whether it went out is unknown.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, ColumnElement, Select, bindparam, case, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.session import insert
from activities.database.tables import NO_PRIORITY, Instant, groups, incidents, letters, people
from activities.directory.attendance import OF_THE_HOUSE
from activities.directory.who_is_meant import GROUP_MAILBOX
from activities.erasure.marks import ERASED, is_pseudonym
from emails.letters import Reader
from workflows.vocabulary import Priority

LEASE = timedelta(minutes=3)
_RESENT = ":resend:"


class LetterState(StrEnum):
    """Where a letter stands."""

    PLANNED = "planned"
    HANDED_OVER = "handed_over"
    SENT = "sent"
    KEPT = "kept"
    FAILED = "failed"
    UNKNOWN = "unknown"
    IN_DIGEST = "in_digest"


@dataclass(frozen=True)
class Entry:
    """What a row of the ledger says is to be told to whom.

    ``letter`` and ``facts`` are as the row has them: one that cannot be read is the failure of that letter, not of whoever takes the next one.
    """

    key: str
    number: str
    letter: str
    recipient: str
    cycle: int
    facts: Any


@dataclass(frozen=True)
class Claim(Entry):
    """A letter in hand. ``attempts`` counts this one; ``unknown_outcomes`` how often nobody could tell whether it went out."""

    at: datetime
    attempts: int
    unknown_outcomes: int
    token: str


@dataclass(frozen=True)
class Address:
    """Where a letter goes, and how its reader reads."""

    email: str
    reader: Reader


def root_of(key: str) -> str:
    """The send key under which the letter was owed; deliveries that staff asked for again have a suffix."""
    return key.partition(_RESENT)[0]


_DUE = (letters.c.state == LetterState.PLANNED, letters.c.next_attempt_at <= bindparam("now", type_=Instant))


def _next_in_line() -> Select[Any]:
    """The letter of the gravest priority that became due first. The index leads to the first one of each priority, so a claim costs the same however many wait."""
    left = (letters.c.state == LetterState.HANDED_OVER, letters.c.claimed_at <= bindparam("lapsed", type_=Instant))
    # Those that dead senders left are few.
    ranked = (select(_first(place, priority).subquery()) for place, priority in enumerate(Priority))
    candidates = (*ranked, _unranked(), _places(_place_of(letters.c.priority)).where(*left))
    found = union_all(*candidates).subquery()
    key = select(found.c.key).order_by(found.c.place, found.c.next_attempt_at, found.c.cause).limit(1).scalar_subquery()
    return select(letters).where(letters.c.key == key)


def _first(place: int, priority: str) -> Select[Any]:
    return (
        _places(literal(place)).where(*_DUE, letters.c.priority == priority).order_by(letters.c.next_attempt_at, letters.c.cause).limit(1)
    )


def _unranked() -> Select[Any]:
    """Digests, and what workers of an older build owe: those are ranked by their incident. There are few of either."""
    of_an_incident = _places(_place_of(incidents.c.priority)).join_from(
        letters, incidents, letters.c.number == incidents.c.number, isouter=True
    )
    return of_an_incident.where(*_DUE, letters.c.priority == NO_PRIORITY)


def _place_of(priority: Column[str]) -> ColumnElement[int]:
    return case({each: place for place, each in enumerate(Priority)}, value=priority, else_=len(Priority))


def _places(place: ColumnElement[int]) -> Select[Any]:
    return select(letters.c.key, letters.c.next_attempt_at, letters.c.cause, place.label("place"))


_NEXT = _next_in_line()


async def claim_next(engine: AsyncEngine, now: datetime) -> Claim | None:
    """Takes the next letter that is due into hand, P1 first; none if there is none. Of two senders only one gets it."""
    async with engine.execution_options(read_only=True).connect() as connection:
        row = (await connection.execute(_NEXT, {"now": now, "lapsed": now - LEASE})).mappings().one_or_none()
    return await _claim(engine, row, now) if row is not None else None


async def _claim(engine: AsyncEngine, row: Any, now: datetime) -> Claim | None:
    token, was_left = uuid4().hex, row["state"] == LetterState.HANDED_OVER
    mine = (letters.c.key == row["key"], letters.c.state == row["state"], letters.c.attempts == row["attempts"])
    taken = (
        update(letters)
        .where(*mine)
        .values(
            state=LetterState.HANDED_OVER,
            claim=token,
            claimed_at=now,
            attempts=row["attempts"] + 1,
            unknown_outcomes=row["unknown_outcomes"] + was_left,
        )
    )
    async with engine.begin() as connection:
        if (await connection.execute(taken)).rowcount != 1:
            return None
    return Claim(
        key=row["key"],
        number=row["number"],
        letter=row["letter"],
        recipient=row["recipient"],
        cycle=row["cycle"],
        at=row["at"],
        facts=row["facts"],
        attempts=row["attempts"] + 1,
        unknown_outcomes=row["unknown_outcomes"] + was_left,
        token=token,
    )


async def settle(engine: AsyncEngine, claim: Claim, state: LetterState, **facts: Any) -> None:
    """Writes what became of a letter in hand; a letter that somebody else has taken over meanwhile is left to them."""
    mine = (letters.c.key == claim.key, letters.c.claim == claim.token)
    async with engine.begin() as connection:
        await connection.execute(update(letters).where(*mine).values(state=state, claimed_at=None, **facts))


async def address_of(engine: AsyncEngine, recipient: str) -> Address | None:
    """Where the letter goes as the directory knows it now, or none without an address."""
    async with engine.execution_options(read_only=True).connect() as connection:
        if recipient.startswith(GROUP_MAILBOX):
            return await _mailbox(connection, recipient.removeprefix(GROUP_MAILBOX))
        query = select(people.c.name, people.c.email, people.c.language, people.c.zone).where(people.c.id == recipient, OF_THE_HOUSE)
        found = (await connection.execute(query)).one_or_none()
    return Address(found.email, Reader(found.name, found.language, found.zone)) if found is not None and found.email else None


async def _mailbox(connection: AsyncConnection, group: str) -> Address | None:
    found = (await connection.execute(select(groups.c.name, groups.c.email).where(groups.c.id == group))).one_or_none()
    return Address(found.email, Reader(found.name, "en", "UTC")) if found is not None and found.email else None


# What people may ask for once more: it is over, and its reader may not have it.
CAN_BE_RESENT = frozenset({LetterState.SENT, LetterState.FAILED, LetterState.UNKNOWN})


async def send_again(engine: AsyncEngine, key: str, count: int, by: str, now: datetime) -> str | None:
    """Owes the letter once more, as the ``count``-th delivery asked for, by whom and when (S14); its send key, or none where it cannot be asked for.

    The same count twice is one delivery, so that pressing twice sends once.
    """
    root = root_of(key)
    again = f"{root}{_RESENT}{count}"
    async with engine.begin() as connection:
        row = (await connection.execute(select(letters).where(letters.c.key == key))).mappings().one_or_none()
        if row is None or row["state"] not in CAN_BE_RESENT or ERASED in row["facts"].values() or is_pseudonym(row["recipient"]):
            return None
        owed = {name: row[name] for name in ("number", "letter", "recipient", "cycle", "cause", "facts", "priority")}
        fresh = {"key": again, "at": now, "state": LetterState.PLANNED, "attempts": 0, "unknown_outcomes": 0, "next_attempt_at": now}
        await connection.execute(insert(connection, letters).values(owed | fresh | {"resent_by": by}).on_conflict_do_nothing())
    return again
