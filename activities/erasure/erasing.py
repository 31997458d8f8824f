"""A person is erased: what stands against it, what would be done, and the doing, step by step (process.md S21, decision 0010).

Histories first, then the record, then the bytes. Whatever step it stops at, the same again goes on from there.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.access.security_log import Change, Hand, Seen, write_changes
from activities.database.tables import erasures, incidents, people
from activities.directory.lock import changing
from activities.erasure.concern import concern, rotas_with
from activities.erasure.marks import new_pseudonym
from activities.erasure.papers import Whom
from activities.erasure.pen import Pen, erase_from_directory, erase_incident, erase_letters
from activities.erasure.scrubbing import scrub
from activities.incident_facts import FACTS
from workflows.dates import ahead
from workflows.vocabulary import FINAL

_INCIDENTS_AT_A_TIME = 20
# So often something may come in between that knows the person, before it is somebody's task to stop it.
_ROUNDS = 5


class Remembered(Protocol):
    """What Temporal remembers of incidents."""

    async def running(self, numbers: Collection[str]) -> frozenset[str]:
        """Of which of these the process still runs."""

    async def delete(self, numbers: Collection[str], patience: float, say: Callable[[str], None]) -> None:
        """Takes the histories of these away."""


@dataclass(frozen=True)
class Running:
    """An incident whose process still runs; ``until`` is when it ends by itself, if it does."""

    number: str
    status: str | None
    until: datetime | None

    @property
    def is_over(self) -> bool:
        """Closed, and waits for the answer to a survey."""
        return self.status in FINAL


@dataclass(frozen=True)
class Look:
    """What an erasure would find. ``against``: incidents that must end first; ``later``: those in which they merely acted, and which go on."""

    person: str
    is_known: bool
    is_at_work: bool
    rotas: tuple[str, ...]
    theirs: tuple[str, ...]
    named: tuple[str, ...]
    against: tuple[Running, ...]
    later: tuple[Running, ...]
    counts: Mapping[str, int]
    bytes_left: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing in the record knows this person."""
        return not (self.is_known or self.theirs or self.named or self.later or any(self.counts.values()))


@dataclass
class Done:
    """What was done, under which pseudonym. ``later``: incidents after whose end it has to be done again."""

    pseudonym: str
    counts: Counter[str] = field(default_factory=Counter)
    later: tuple[str, ...] = ()


class StillNamedError(Exception):
    """Somebody goes on writing about this person; do it again when they have stopped."""


async def look(engine: AsyncEngine, histories: Remembered, person: str) -> Look:
    """What would be erased, counted by table, and what stands against it. Changes nothing."""
    now = datetime.now(UTC)
    async with engine.execution_options(read_only=True).connect() as connection:
        row = (await connection.execute(select(people.c.disabled_at).where(people.c.id == person))).one_or_none()
        found = await concern(connection, person)
        takes_turns = tuple(await rotas_with(connection, person, now))
        running = await histories.running(found.all)
        told = [await _standing(connection, number) for number in sorted(running)]
        pen = Pen(connection, Whom(person, ""), now, is_dry=True)
        for number in found.all:
            if number not in running:
                await erase_incident(pen, number)
        await _whole_rest(pen)
    return Look(
        person,
        is_known=row is not None,
        is_at_work=row is not None and row.disabled_at is None,
        rotas=takes_turns,
        theirs=tuple(sorted(found.theirs - running)),
        named=tuple(sorted(found.named - running)),
        against=tuple(each for each in told if each.number in found.gripped),
        later=tuple(each for each in told if each.number not in found.gripped),
        counts={table: count for table, count in sorted(pen.counts.items()) if count},
        bytes_left=await has_bytes_left(engine),
    )


async def _whole_rest(pen: Pen) -> None:
    after: str | None = ""
    while after is not None:
        after = await erase_letters(pen, after)
    await erase_from_directory(pen)


async def _standing(connection: AsyncConnection, number: str) -> Running:
    row = (await connection.execute(select(incidents.c.status, incidents.c.facts).where(incidents.c.number == number))).one_or_none()
    if row is None:
        return Running(number, None, None)
    standing = Running(number, row.status, None)
    if not standing.is_over:
        return standing
    return replace(standing, until=max((each.at for each in ahead(FACTS.validate_python(row.facts))), default=None))


async def erase(engine: AsyncEngine, histories: Remembered, person: str, by: Hand, patience: float, say: Callable[[str], None]) -> Done:
    """Erases; the caller has looked. Raises NotGoneError where Temporal takes longer than so many seconds, StillNamedError, and what databases raise."""
    for _ in range(_ROUNDS):
        async with engine.execution_options(read_only=True).connect() as connection:
            found = await concern(connection, person)
        running = await histories.running(found.all)
        if running & found.gripped:
            raise StillNamedError
        ended = [number for number in found.all if number not in running]
        await histories.delete(ended, patience, say)
        pseudonym = await _begin(engine, person)
        await _erase_incidents(engine, person, pseudonym, ended)
        await _erase_letters(engine, person, pseudonym)
        if (done := await _finish(engine, person, pseudonym, running, by)) is not None:
            return done
    raise StillNamedError


async def _begin(engine: AsyncEngine, person: str) -> str:
    """The pseudonym: that of an erasure of this person that has not come to its end, else a new one."""
    async with engine.begin() as connection:
        mine = select(erasures.c.pseudonym).where(erasures.c.person == person)
        known = (await connection.execute(mine)).scalar_one_or_none()
        if known is None:
            known = new_pseudonym()
            line = {"pseudonym": known, "person": person, "began_at": datetime.now(UTC), "counts": {}}
            await connection.execute(erasures.insert().values(line))
    return str(known)


async def _erase_incidents(engine: AsyncEngine, person: str, pseudonym: str, numbers: list[str]) -> None:
    for start in range(0, len(numbers), _INCIDENTS_AT_A_TIME):
        async with engine.begin() as connection:
            pen = Pen(connection, Whom(person, pseudonym), datetime.now(UTC))
            for number in numbers[start : start + _INCIDENTS_AT_A_TIME]:
                await erase_incident(pen, number)
            await _add_up(pen)


async def _erase_letters(engine: AsyncEngine, person: str, pseudonym: str) -> None:
    after: str | None = ""
    while after is not None:
        async with engine.begin() as connection:
            pen = Pen(connection, Whom(person, pseudonym), datetime.now(UTC))
            after = await erase_letters(pen, after)
            await _add_up(pen)


async def _add_up(pen: Pen) -> Counter[str]:
    """What was changed so far, this pen's work included."""
    mine = erasures.c.pseudonym == pen.whom.pseudonym
    counted = Counter((await pen.connection.execute(select(erasures.c.counts).where(mine))).scalar_one()) + pen.counts
    await pen.connection.execute(update(erasures).where(mine).values(counts=dict(sorted(counted.items()))))
    return counted


async def _finish(engine: AsyncEngine, person: str, pseudonym: str, running: Collection[str], by: Hand) -> Done | None:
    """Directory and audit, with the line that says so; nothing where somebody wrote about the person meanwhile."""
    async with changing(engine) as connection:
        left = await concern(connection, person)
        if set(left.all) - set(running) or left.gripped:
            return None
        pen = Pen(connection, Whom(person, pseudonym), datetime.now(UTC))
        await _whole_rest(pen)
        counted = await _add_up(pen)
        detail = f"not finished, {len(left.all)} incidents still run" if left.all else ""
        change = Change(Seen.PERSON_ERASED, f"person {pseudonym}", None, dict(sorted(counted.items())), pseudonym, detail)
        await write_changes(connection, by, change)
        if not left.all:
            await connection.execute(update(erasures).where(erasures.c.pseudonym == pseudonym).values(person=None))
    return Done(pseudonym, counted, tuple(left.all))


async def let_go(engine: AsyncEngine, url: str) -> None:
    """The bytes of what was erased are gone too; erasures that only waited for this have come to their end. Raises NotScrubbedError."""
    await engine.dispose()
    await asyncio.to_thread(scrub, url)
    async with engine.begin() as connection:
        await connection.execute(delete(erasures).where(erasures.c.person.is_(None)))


async def has_bytes_left(engine: AsyncEngine) -> bool:
    """Whether an erasure has still to let go of old bytes."""
    async with engine.execution_options(read_only=True).connect() as connection:
        return (await connection.execute(select(erasures.c.pseudonym).where(erasures.c.person.is_(None)).limit(1))).first() is not None
