"""What ``holdfast oncall`` shows and ``holdfast doctor`` warns about: how the rotas stand (process.md S10). Times are told in the rota's zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.session import open_database
from activities.directory.on_call import Absences, Rota, Turn
from activities.directory.who_is_meant import absences, all_rotas
from activities.house.doctor.findings import Finding, ok, warn
from activities.house.refusals import UsageRefusedError
from activities.settings import Settings
from workflows.counting import counted

_DAYS_OF_THE_DOCTOR = 14
_LONGEST_LOOK = timedelta(days=366)  # for the next handover
_YEARS = range(1970, 2200)
_NOBODY = "nobody"
_UNREADABLE = "cannot be read, so nobody is on call by it: another release wrote it, or its zone is unknown on this machine"


@dataclass(frozen=True)
class Standing:
    """How one rota stands: who is on call, the turn that comes next, and the gaps (from and to, UTC)."""

    rota: str
    zone: str
    person: str | None
    following: Turn | None
    gaps: tuple[tuple[datetime, datetime], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; instants with the offset of the rota's zone."""
        following = self.following and {"at": self._local(self.following.start).isoformat(), "on_call": self.following.person}
        gaps = [{"from": self._local(start).isoformat(), "to": self._local(end).isoformat()} for start, end in self.gaps]
        return {"rota": self.rota, "zone": self.zone, "on_call": self.person, "next_handover": following, "gaps": gaps}

    def row(self) -> list[tuple[str, ...]]:
        """The cells for a person; from the second gap on, a line each."""
        handover = f"{self._clock(self.following.start)} to {self.following.person or _NOBODY}" if self.following else "none within a year"
        gaps = self.told_gaps() or ["none"]
        return [(self.rota, self.person or _NOBODY, handover, self.zone, gaps[0]), *(("", "", "", "", gap) for gap in gaps[1:])]

    def told_gaps(self) -> list[str]:
        """Each gap by the wall clock of the rota's zone."""
        return [f"{self._clock(start)} to {self._clock(end)}" for start, end in self.gaps]

    def _clock(self, instant: datetime) -> str:
        return f"{self._local(instant):%a %Y-%m-%d %H:%M}"

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(ZoneInfo(self.zone))


@dataclass(frozen=True)
class Board:
    """How the rotas stand, and the names of those that cannot be read."""

    standings: tuple[Standing, ...]
    unreadable: tuple[str, ...]


async def board(engine: AsyncEngine, at: datetime, days: int) -> Board:
    """How every rota stands at an instant (UTC), with the gaps of so many days of 24 hours from then on."""
    async with engine.connect() as connection:
        found = await all_rotas(connection)
        standings = [_standing(rota, await absences(connection, rota.people), at, days) for rota in found.known]
    return Board(tuple(standings), found.unreadable)


def _standing(rota: Rota, away: Absences, at: datetime, days: int) -> Standing:
    current, *later = rota.turns(at, at + _LONGEST_LOOK, away)
    gaps = rota.gaps(at, at + timedelta(days=days), away)
    return Standing(rota.name, rota.zone, current.person, later[0] if later else None, tuple(gaps))


def told(found: Board, days: int) -> str:
    """The standings as a table for a person."""
    if not found.standings and not found.unreadable:
        return "There are no rotas; describe them in a directory file (see docs/operations.md), then: holdfast directory import FILE"
    heading = ("rota", "on call", "next handover", "zone", f"gaps in {counted(days, 'day')}")
    rows = [heading, *(line for each in found.standings for line in each.row())]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def told_unreadable(found: Board) -> list[str]:
    """A sentence for each rota that cannot be read."""
    return [f"The rota {rota} {_UNREADABLE}." for rota in found.unreadable]


def instant(text: str | None) -> datetime:
    """An instant as it is typed, or now; UTC. Raises UsageRefusedError where it has no offset."""
    try:
        typed = datetime.fromisoformat(text) if text else datetime.now(UTC)
    except ValueError:
        typed = None
    if typed is None or typed.tzinfo is None or typed.year not in _YEARS:
        raise UsageRefusedError(f"{text} is no instant with an offset, such as 2026-12-31T20:00+03:00 or 2026-12-31T17:00Z.")
    return typed.astimezone(UTC)


async def look_at_rotas(settings: Settings) -> Sequence[Finding]:
    """Somebody is on call at every moment of the next days."""
    engine = open_database(settings.database_url)
    try:
        found = await board(engine, datetime.now(UTC), _DAYS_OF_THE_DOCTOR)
    except (SQLAlchemyError, OSError):
        return [warn("rotas", "not looked at, the database cannot be asked", "see the database's line")]
    finally:
        await engine.dispose()
    unreadable = [warn("rotas", each.rstrip("."), "import it again: holdfast directory import FILE") for each in told_unreadable(found)]
    gaps = [_gap(each) for each in found.standings if each.gaps]
    return unreadable + gaps or [_without_a_gap(len(found.standings))]


def _without_a_gap(count: int) -> Finding:
    return ok("rotas", f"{count}, without a gap in the next {_DAYS_OF_THE_DOCTOR} days" if count else "none")


def _gap(standing: Standing) -> Finding:
    first, *more = standing.told_gaps()
    others = f", the first of {len(standing.gaps)} gaps in the next {_DAYS_OF_THE_DOCTOR} days" if more else ""
    return warn(
        "rotas",
        f"{standing.rota}: nobody is on call {first} ({standing.zone}){others}",
        "see: holdfast oncall; add a layer or an override to the directory file, then: holdfast directory import FILE",
    )
