"""A new build brought out, taken back and brought out again under a desk at work, with an audit of every answer given.

    python -m benchmarks.roll_out [--incidents 200] [--per-second 20] [--json FILE]

A desk of its own (``holdfast up``) in a temporary directory, two builds of the workers that could not replay each other's histories, incidents in every stage, and commands
that arrive all the while. How long each move takes, how long commands take meanwhile, and what the audit finds: it must be nothing. Only ratios within one run mean something.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from activities.deployments import Build
from tests.end_to_end.auditor import Record, lost_or_doubled, unheard_of, wrongly_answered
from tests.end_to_end.clients import Clients
from tests.end_to_end.fleet import Fleet, other_build
from tests.end_to_end.stages import Staged, all_of_them
from tests.house.whole_house import House
from tests.replay.tree import copy

OLD, NEW = "old", "new"
POLICIES = Path(__file__).resolve().parents[1] / "tests/end_to_end/quick_surveys.py"
SPEAKERS = 2
AT_ONCE = 8


@dataclass
class Move:
    """One move of all incidents: seconds until the last one had gone, and the milliseconds of each command that came meanwhile."""

    name: str
    seconds: float = 0.0
    commands: list[float] = field(default_factory=list, repr=False)

    def percentile(self, percent: int) -> float:
        """Milliseconds from a command to its answer."""
        return statistics.quantiles(self.commands, n=100)[percent - 1] if len(self.commands) > 1 else 0.0


async def _speak(staged: list[Staged], move: Move, is_over: asyncio.Event) -> None:
    """One command after the other, each to an incident that nobody else speaks to at that moment."""
    while not is_over.is_set():
        each = staged.pop(random.randrange(len(staged)))  # noqa: S311 -- dice, not secrets
        begun = time.perf_counter()
        await each.hear()
        move.commands.append(1000 * (time.perf_counter() - begun))
        staged.append(each)


async def moved(name: str, staged: list[Staged], doing: Awaitable[None]) -> Move:
    """Does it while commands arrive."""
    move, is_over, begun = Move(name), asyncio.Event(), time.perf_counter()
    speaking = [asyncio.create_task(_speak(staged, move, is_over)) for _ in range(SPEAKERS)]
    await doing
    move.seconds = time.perf_counter() - begun
    is_over.set()
    await asyncio.gather(*speaking)
    return move


def _deployed(fleet: Fleet, per_second: int, *commands: tuple[str, ...]) -> Awaitable[None]:
    def deploy() -> None:
        for command in (*commands, ("nudge", "--per-second", str(per_second), "--patience", "300")):
            fleet.deploys(*command)

    return asyncio.to_thread(deploy)


async def roll_out(house: House, fleet: Fleet, count: int, per_second: int, place: Path) -> tuple[list[Move], list[str], int]:
    """All moves, what the audit found, and how many commands were given."""
    old, new = copy(place / OLD), other_build(place / NEW)
    clients = Clients(house)
    staged = [Staged(clients, number) for number in range(count)]
    await all_of_them(staged, Staged.begin, AT_ONCE)
    moves = [await moved("nothing moves", staged, asyncio.sleep(20))]
    for build, tree in ((OLD, old), (NEW, new)):
        await asyncio.to_thread(fleet.start, build, tree)
    for name, *commands in (
        ("no build to old", ("promote", OLD)),
        ("a tenth to new", ("ramp", NEW, "--percent", "10")),
        ("all to new", ("promote", NEW)),
        ("back to old", ("rollback",)),
        ("to new again", ("promote", NEW)),
    ):
        moves.append(await moved(name, staged, _deployed(fleet, per_second, *commands)))
        where = ", ".join(f"{each.open} with {each.name or 'no build'}" for each in await _builds(fleet))
        _tell(f"{moves[-1].name}: {moves[-1].seconds:.1f} s, {where}")
    await all_of_them(staged, Staged.end, AT_ONCE)
    await clients.leave()
    record = Record.read(house.record)
    wrong = [*lost_or_doubled(record, clients.numbers), *wrongly_answered(record, clients.answered), *unheard_of(record, clients.answered)]
    return moves, wrong + [f"{each.name} has stuck incidents" for each in await _builds(fleet) if each.stuck], len(clients.answered)


async def _builds(fleet: Fleet) -> list[Build]:
    return list((await asyncio.to_thread(fleet.builds)).values())


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show(moves: list[Move], count: int, given: int, wrong: list[str]) -> None:
    """The table, and the audit."""
    table = Table(title=f"{count} open incidents in every stage, moved between builds while commands arrive")
    for column in ("move", "seconds", "commands meanwhile", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if column == "move" else "right")
    for each in moves:
        figures = (f"{each.seconds:.1f}", str(len(each.commands)), f"{each.percentile(50):.0f}", f"{each.percentile(99):.0f}")
        table.add_row(each.name, *figures)
    Console(width=120).print(table)
    print(f"{given} commands answered. Lost, doubled, or answered otherwise than recorded: {len(wrong)}.")
    print("\n".join(wrong[:20]))


def main() -> None:
    """As the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--per-second", type=int, default=20, help="how many incidents are asked in a second (default 20)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        house = House(place / "desk", {"HOLDFAST_POLICIES": str(POLICIES)})
        fleet = Fleet(house, place)
        try:
            house.open()
            moves, wrong, given = asyncio.run(roll_out(house, fleet, wanted.incidents, wanted.per_second, place))
        finally:
            fleet.tidy_up()
            house.tidy_up()
    show(moves, wanted.incidents, given, wrong)
    if wanted.json:
        figures = [asdict(each) | {"p50_ms": each.percentile(50), "p99_ms": each.percentile(99)} for each in moves]
        wanted.json.write_text(json.dumps({"moves": figures, "commands": given, "wrong": wrong}, indent=2), encoding="utf-8")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
