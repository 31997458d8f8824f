"""The digest rule: more than five letters to one person within ten minutes become one letter; P1 is exempt (process.md S14).

A letter that is about to go out joins the digest of its reader that still gathers, or opens one when the person has had enough. Joining and
claiming both begin with an update of the digest's row, so they come one after the other: a digest that somebody has in hand, or had once,
takes no more letters, and one that gathers loses none.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.session import insert
from activities.database.tables import letters
from activities.mail.postbox import Claim, Entry, LetterState, root_of
from activities.mail.preferences import wants_no_digests
from emails.letters import MOST_IN_A_DIGEST
from workflows.vocabulary import Priority

DIGEST = "digest"
FREE, WINDOW = 5, timedelta(minutes=10)
# The first digest of a rush waits so long for what else comes; later ones come a window apart.
GATHERING = timedelta(minutes=1)


class _GoneError(Exception):
    """Somebody else took the letter over."""


async def put_into_digest(engine: AsyncEngine, claim: Claim, now: datetime) -> bool:
    """Whether the letter in hand goes out inside a digest; its row then names it. One that may have gone out already, or was asked for again, goes alone."""
    if claim.letter == DIGEST or claim.unknown_outcomes or root_of(claim.key) != claim.key or claim.facts["priority"] == Priority.P1:
        return False
    try:
        async with engine.begin() as connection:
            digest = await _digest_for(connection, claim, now)
            return digest is not None and await _move(connection, claim, digest, now)
    except _GoneError:
        return True


async def entries_of(engine: AsyncEngine, digest: str) -> tuple[Entry, ...]:
    """The letters in a digest, oldest first."""
    columns = [letters.c[name] for name in ("key", "number", "letter", "recipient", "cycle", "cause", "at", "facts")]
    query = select(*columns).where(letters.c.digest == root_of(digest)).order_by(letters.c.at, letters.c.key)
    async with engine.execution_options(read_only=True).connect() as connection:
        return tuple(Entry(*row) for row in (await connection.execute(query)).all())


async def _digest_for(connection: AsyncConnection, claim: Claim, now: datetime) -> str | None:
    if await wants_no_digests(connection, claim.recipient):
        return None
    gathering = await _newest(connection, claim.recipient)
    if gathering is not None and await _takes_one_more(connection, gathering.key):
        return str(gathering.key)
    if await _letters_lately(connection, claim.recipient, now) <= FREE:
        return None
    return await _open(connection, claim.recipient, gathering, now)


async def _newest(connection: AsyncConnection, recipient: str) -> Any:
    query = select(letters.c.key, letters.c.sent_at).where(
        letters.c.recipient == recipient, letters.c.letter == DIGEST, letters.c.resent_by.is_(None)
    )
    return (await connection.execute(query.order_by(letters.c.cause.desc()).limit(1))).one_or_none()


async def _takes_one_more(connection: AsyncConnection, key: str) -> bool:
    """Locks the row until this transaction ends: nobody can take the digest into hand meanwhile."""
    gathers = (letters.c.key == key, letters.c.state == LetterState.PLANNED, letters.c.attempts == 0)
    if (await connection.execute(update(letters).where(*gathers).values(attempts=0))).rowcount != 1:
        return False
    count = select(func.count()).select_from(letters).where(letters.c.digest == key)
    return int((await connection.execute(count)).scalar_one()) < MOST_IN_A_DIGEST


async def _letters_lately(connection: AsyncConnection, recipient: str, now: datetime) -> int:
    """Letters this person got in the last ten minutes, inside a digest or alone, or would get now; those of P1 do not count."""
    since = now - WINDOW
    is_due = and_(letters.c.state.in_((LetterState.PLANNED, LetterState.HANDED_OVER)), letters.c.next_attempt_at <= now)
    theirs = select(letters.c.facts["priority"].as_string()).where(
        letters.c.recipient == recipient, letters.c.letter != DIGEST, or_(letters.c.sent_at > since, is_due)
    )
    return sum(priority != Priority.P1 for priority in (await connection.execute(theirs)).scalars())


async def _open(connection: AsyncConnection, recipient: str, last: Any, now: datetime) -> str | None:
    """A new digest; where another sender opens it at the same moment, theirs is ours. None where that one is full already."""
    count = 1 if last is None else int(str(last.key).rpartition(":")[2]) + 1
    due = now + GATHERING if last is None or last.sent_at is None else max(now + GATHERING, last.sent_at + WINDOW)
    key = f"{DIGEST}:{recipient}:{count}"
    row: dict[str, Any] = {
        "key": key,
        "number": "",
        "letter": DIGEST,
        "recipient": recipient,
        "cycle": 0,
        "cause": count,
        "at": now,
        "facts": {},
        "state": LetterState.PLANNED,
        "attempts": 0,
        "unknown_outcomes": 0,
        "next_attempt_at": due,
    }
    await connection.execute(insert(connection, letters).values(row).on_conflict_do_nothing())
    return key if await _takes_one_more(connection, key) else None


async def _move(connection: AsyncConnection, claim: Claim, digest: str, now: datetime) -> bool:
    mine = (letters.c.key == claim.key, letters.c.claim == claim.token, letters.c.state == LetterState.HANDED_OVER)
    moved = update(letters).where(*mine).values(state=LetterState.IN_DIGEST, digest=digest, claimed_at=None, sent_at=now)
    if (await connection.execute(moved)).rowcount != 1:
        raise _GoneError
    return True
