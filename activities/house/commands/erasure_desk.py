"""What ``holdfast directory erase`` does: shows what would be erased and what stands against it, then erases (process.md S21, decision 0010)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.access.security_log import COMMAND_LINE, Hand
from activities.database.session import open_database
from activities.database.tables import api_keys, incidents
from activities.erasure.erasing import Done, Look, Running, StillNamedError, erase, let_go, look
from activities.erasure.histories import Histories, NotGoneError
from activities.erasure.scrubbing import NotScrubbedError
from activities.house.commands.office import is_known, on_record, with_advice
from activities.house.refusals import RefusedError, UnavailableError, UsageRefusedError
from activities.house.temporal_advice import temporal_advice
from activities.incident_facts import IS_OVER
from activities.settings import Settings
from activities.temporal_connection import connect
from workflows.counting import counted

T = TypeVar("T")
_SHOWN = 20
_AGAIN = "Run the same command again."


def deciding(settings: Settings, person: str | None) -> Hand:
    """In whose name it is done; nobody's in particular: whoever has the command line. Raises UsageRefusedError for somebody the desk does not have."""
    if person is None:
        return COMMAND_LINE
    if not on_record(settings, lambda engine: is_known(engine, person)):
        raise UsageRefusedError(f"There is no person {person} in the directory; name whoever decides by their id.")
    return Hand(actor=person)


def look_at(settings: Settings, person: str) -> Look:
    """What would be erased. Raises UnavailableError without record or Temporal, UsageRefusedError for what is no person, RefusedError with the wrong Temporal."""

    async def work(engine: AsyncEngine, histories: Histories) -> Look:
        await _check_is_a_person(engine, person)
        found = await look(engine, histories, person)
        await _check_temporal_knows(engine, {*found.theirs, *found.named})
        return found

    return _with_both(settings, work)


async def _check_is_a_person(engine: AsyncEngine, person: str) -> None:
    """Mailboxes of groups and integrations write and receive under ids, too, and are nobody's data."""
    query = select(api_keys.c.id).where(api_keys.c.integration == person)
    async with engine.connect() as connection:
        is_integration = (await connection.execute(query)).first() is not None
    if is_integration or ":" in person:
        raise UsageRefusedError(
            f"{person} is the id of {'an integration' if is_integration else 'a mailbox'}, and no person; nothing was erased."
        )


async def _check_temporal_knows(engine: AsyncEngine, ended: set[str]) -> None:
    """An incident that is open on record, and that Temporal knows nothing of, is a sign that this is another desk's Temporal."""
    query = select(incidents.c.number).where(~IS_OVER)
    async with engine.connect() as connection:
        lost = sorted(ended.intersection((await connection.execute(query)).scalars()))
    if lost:
        raise RefusedError(
            f"Nothing was erased. {', '.join(lost[:_SHOWN])}: open on record, and Temporal does not know of them. "
            "See that TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE are those of this desk; holdfast doctor tells more."
        )


def refuse_if_against(found: Look) -> None:
    """Raises RefusedError with everything that stands against it, and what to do."""
    reasons = list(_against(found))
    if reasons:
        raise RefusedError("\n".join(["Nothing was erased.", *reasons]))


def _against(found: Look) -> Iterator[str]:
    if found.is_at_work:
        yield f"{found.person} is still of the desk: disable them first, under /admin/people or with disabled = true in the directory file."
    if found.rotas:
        yield f"{found.person} takes turns in {', '.join(found.rotas)}: put somebody else there first; taking one out moves everybody's turn."
    for each in found.against:
        yield f"{each.number} still runs{_how(each)}"


def _how(each: Running) -> str:
    if each.status is None:
        return " and is not in the record yet: see that a worker runs, then close or cancel it."
    if not each.is_over:
        return f" ({each.status.replace('_', ' ')}): close or cancel it, or give it to somebody else if they only hold it."
    until = f" until {each.until:%Y-%m-%d %H:%M}Z at the latest" if each.until else ""
    return f", although it is {each.status}: its survey is out{until}."


def carry_out(settings: Settings, found: Look, by: Hand, patience: float, say: Callable[[str], None]) -> Done | None:
    """Erases what was looked at; nothing where only old bytes were left. Raises RefusedError or UnavailableError with what is left and what to do."""

    async def work(engine: AsyncEngine, histories: Histories) -> Done | None:
        done = None if found.is_empty else await erase(engine, histories, found.person, by, patience, say)
        say("The database lets go of the old bytes; who writes meanwhile may have to wait.")
        await let_go(engine, settings.database_url)
        return done

    with _in_sentences():
        return _with_both(settings, work)


@contextmanager
def _in_sentences() -> Iterator[None]:
    try:
        yield
    except NotGoneError:
        raise UnavailableError(
            f"Temporal has not deleted all histories yet; nothing in the record was changed by this try. {_AGAIN}"
        ) from None
    except StillNamedError:
        raise RefusedError(f"Somebody goes on writing about this person. {_AGAIN}") from None
    except NotScrubbedError:
        raise UnavailableError(
            f"The person is erased, but old bytes lie in the file: others are using it. {_AGAIN} Best while the desk is stopped."
        ) from None


def _with_both(settings: Settings, work: Callable[[AsyncEngine, Histories], Awaitable[T]]) -> T:
    async def once() -> T:
        engine = open_database(settings.database_url)
        try:
            return await work(engine, Histories(await connect(settings)))
        finally:
            await engine.dispose()

    with temporal_advice():
        return with_advice(lambda: asyncio.run(once()))


def as_json(found: Look | Done | None) -> dict[str, Any]:
    """Plain values."""
    told = asdict(found) if found else {}
    for name in ("against", "later") if isinstance(found, Look) else ():
        told[name] = [each | {"until": each["until"].isoformat() if each["until"] else None} for each in told[name]]
    return told


def look_told(found: Look) -> str:
    """For whoever decides."""
    if found.is_empty:
        return f"Nothing in the record knows {found.person}." + (" Old bytes of an earlier erasure are left." if found.bytes_left else "")
    lines = [
        f"All words go from {_numbers(found.theirs)}.",
        f"Only the id goes from {_numbers(found.named)}.",
        "Rows that are changed or taken away:",
        *(f"  {table:<16} {count}" for table, count in found.counts.items()),
        "What stays: numbers, instants, states, priorities, groups, categories, codes and marks, so all figures; what they wrote in incidents of others.",
    ]
    lines += [f"Left for a second run: {each.number} still runs{_how_later(each)}" for each in found.later]
    return "\n".join([*lines, *(f"Against it: {reason}" for reason in _against(found))])


def _how_later(each: Running) -> str:
    return f", until {each.until:%Y-%m-%d %H:%M}Z at the latest." if each.until else "."


def _numbers(numbers: tuple[str, ...]) -> str:
    shown = ", ".join(numbers[:_SHOWN]) + (", ..." if len(numbers) > _SHOWN else "")
    return counted(len(numbers), "incident") + (f": {shown}" if shown else "")


def done_told(done: Done | None) -> str:
    """What became of it."""
    if done is None:
        return "The old bytes are gone."
    if not done.later:
        return f"Erased. {done.pseudonym} stands in their place ({counted(sum(done.counts.values()), 'row')})."
    return (
        f"Not finished: {_numbers(done.later)} still run and name them as somebody who acted. Everywhere else {done.pseudonym} stands in their place. "
        "Run the same command again when these have ended."
    )
