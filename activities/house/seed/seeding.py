"""``holdfast seed``: fills a record with incidents for tests and benchmarks. Nobody needs it in earnest.

Lives run through the real workflow and are copied, so that rows, events, letters, surveys and measures are those its publications write.
No workflow runs behind them: what is seeded as open answers no command.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.database.session import insert
from activities.database.tables import groups, incidents, memberships, numbers, people
from activities.directory.file import load_directory
from activities.directory.who_is_meant import recipients
from activities.front_door import SEQUENCE
from activities.house.commands.office import on_record
from activities.house.refusals import RefusedError, UsageRefusedError
from activities.house.seed.bulk_loading import Loader, loader
from activities.house.seed.lines import CALLER, Crew, in_our_words, invented
from activities.house.seed.lives import Life, live
from activities.house.seed.rows import TABLES, Copy, Pattern
from activities.house.serving import adopt_policies
from activities.house.up.first_run import sample_directory
from activities.incident_numbers import FIRST, number_of
from activities.settings import Settings
from workflows.counting import counted
from workflows.policies.book import book
from workflows.publication import LetterOwed
from workflows.rehearsal.playing import NEWEST, named
from workflows.rehearsal.report import UnreadableFileError, read_lines
from workflows.vocabulary import Audience

# So many different lives are lived; all further incidents are copies of them.
LIVES = 400
_CALLERS = 1000
_CHUNK = 1000
_WEEK = timedelta(weeks=1)
# Until the first publication is out.
_MOMENT = timedelta(seconds=1)
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Wanted:
    """How many incidents, reported over so many days until now, from that file or invented; ``lot`` makes the same choices again."""

    incidents: int
    days: int = 730
    file: Path | None = None
    beside_others: bool = False
    lot: int = 1


def seed(settings: Settings, wanted: Wanted, progress: Progress = lambda _: None) -> str:
    """Fills the record; answers with a sentence. RefusedError where it holds incidents already, UsageRefusedError for a file that holds none."""
    adopt_policies(settings)
    now, chance = datetime.now(UTC), Random(wanted.lot)  # noqa: S311 -- no secret is drawn here
    crew, callers = on_record(settings, lambda engine: _prepare(engine, wanted))
    try:
        lives = _lives(wanted, crew, now, chance)
    except UnreadableFileError as error:
        raise UsageRefusedError(str(error)) from None
    on_record(settings, lambda engine: _fill(engine, lives, callers, wanted, now, chance, progress))
    return f"{counted(wanted.incidents, 'incident was', 'incidents were')} seeded, copies of {counted(len(lives), 'life', 'lives')}. They are for tests: no workflow runs behind them."


async def _prepare(engine: AsyncEngine, wanted: Wanted) -> tuple[Crew, list[str]]:
    await _refuse_a_used_record(engine, beside_others=wanted.beside_others)
    return await _people(engine, min(_CALLERS, wanted.incidents // 10 + 1))


async def _fill(
    engine: AsyncEngine,
    lives: Sequence[Life],
    callers: Sequence[str],
    wanted: Wanted,
    now: datetime,
    chance: Random,
    progress: Progress,
) -> None:
    with loader(engine.url) as load:
        async with engine.connect() as connection:
            patterns = [await Pattern(load, life).write(_post(connection, now), chance) for life in lives]
        copies = _copies(patterns, wanted, now, chance)
        first = await _numbers(engine, len(copies))
        numbered = (
            (pattern, Copy(number_of(first + place), chance.choice(callers), shift)) for place, (pattern, shift) in enumerate(copies)
        )
        _load(load, numbered, now, progress)


async def _refuse_a_used_record(engine: AsyncEngine, *, beside_others: bool) -> None:
    async with engine.connect() as connection:
        there = (await connection.execute(select(func.count()).select_from(incidents))).scalar_one()
    if there and not beside_others:
        raise RefusedError(
            f"This record holds {there} incidents; seeded ones would stand among them for ever. Name another database, or say --beside-others."
        )


async def _people(engine: AsyncEngine, callers: int) -> tuple[Crew, list[str]]:
    """Who works here, from the sample directory where nobody does, and invented callers beside them."""
    async with engine.connect() as connection:
        is_empty = not (await connection.execute(select(func.count()).select_from(groups))).scalar_one()
    if is_empty:
        await load_directory(engine, sample_directory())
    ids = [f"caller-{place:04d}" for place in range(callers)]
    async with engine.begin() as connection:
        rows = [{"id": each, "name": each.replace("-", " ").title(), "email": f"{each}@example.org"} | _PLAIN for each in ids]
        await connection.execute(insert(connection, people).on_conflict_do_nothing(), rows)
        levels = {row.id: row.level for row in await connection.execute(select(groups.c.id, groups.c.level))}
        members: dict[str, list[str]] = {}
        for row in await connection.execute(select(memberships.c.group, memberships.c.person).order_by(memberships.c.person)):
            members.setdefault(row.group, []).append(row.person)
    return Crew(members, levels), ids


_PLAIN: dict[str, Any] = {"language": "en", "zone": "Europe/Istanbul", "roles": ["caller"]}


def _lives(wanted: Wanted, crew: Crew, now: datetime, chance: Random) -> list[Life]:
    edition, count = named(NEWEST), min(LIVES, wanted.incidents)
    rules, lives = book().edition(edition), []
    for place, line in enumerate(islice(_lines(wanted.file, count, chance), count)):
        starts = now - timedelta(days=chance.uniform(0, wanted.days))
        try:
            lives.append(live(in_our_words(line, rules, crew, starts, place), edition, crew, chance))
        except (ValueError, LookupError, TypeError) as error:
            raise UnreadableFileError(f"not a recorded incident: {str(line)[:60]}: {type(error).__name__} {error}") from None
    if not lives:
        raise UnreadableFileError(f"{wanted.file} holds no incident")
    return lives


def _lines(file: Path | None, count: int, chance: Random) -> Iterator[Any]:
    """Lines from all over the file, again from its beginning where it has too few."""
    if file is None:
        yield from invented(chance)
        return
    total = sum(1 for _ in read_lines(file))
    step = max(1, total // count)
    while total:
        for text in islice(read_lines(file), 0, None, step):
            try:
                yield json.loads(text)
            except ValueError:
                raise UnreadableFileError(f"not a recorded incident: {text[:60]!r}") from None


def _post(connection: AsyncConnection, now: datetime) -> Callable[[LetterOwed], Any]:
    """Who is meant by a letter, looked up once for each letter and audience."""
    known: dict[Any, tuple[str, ...]] = {}

    async def meant(owed: LetterOwed) -> tuple[str, ...]:
        if owed.to is Audience.CALLER:
            return (CALLER,)
        key = (owed.letter, owed.to, owed.addressees)
        if key not in known:
            known[key] = await recipients(connection, owed, now)
        return known[key]

    return meant


def _copies(patterns: Sequence[Pattern], wanted: Wanted, now: datetime, chance: Random) -> list[tuple[Pattern, timedelta]]:
    """Which life is copied to which week, in the order of reporting; each life where it was lived before any is copied elsewhere."""
    found = []
    for place in range(wanted.incidents):
        pattern, shift = (patterns[place], timedelta(0)) if place < len(patterns) else (chance.choice(patterns), None)
        reported = pattern.life.reported_at
        if shift is None:
            shift = _WEEK * round((now - timedelta(days=chance.uniform(0, wanted.days)) - reported) / _WEEK)
        found.append((pattern, shift if reported + shift < now - _MOMENT else shift - _WEEK))
    return sorted(found, key=lambda each: each[0].life.reported_at + each[1])


async def _numbers(engine: AsyncEngine, count: int) -> int:
    """Takes so many numbers from those of the front door; answers with the first."""
    async with engine.begin() as connection:
        start = insert(connection, numbers).values(name=SEQUENCE, last=FIRST - 1 + count)
        taken = start.on_conflict_do_update(index_elements=[numbers.c.name], set_={"last": numbers.c.last + count})
        return int((await connection.execute(taken.returning(numbers.c.last))).scalar_one()) - count + 1


def _load(load: Loader, copies: Iterator[tuple[Pattern, Copy]], now: datetime, progress: Progress) -> None:
    while chunk := list(islice(copies, _CHUNK)):
        rows: dict[Table, list[list[Any]]] = {table: [] for table in TABLES}
        for pattern, copy in chunk:
            for table, row in pattern.rows(copy, now):
                rows[table].append(row)
        for table, found in rows.items():
            if found:
                load.add(table, found)
        load.keep()
        progress(len(chunk))
