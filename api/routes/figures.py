"""The process owner's page: every figure of the desk with its definition, and the same as a file (process.md S23)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.desk import Desk
from api.figures.chapters import chapters
from api.figures.periods import Asked, By, asked, usual
from api.figures.presented import Chapter, Figure, counted_from, told
from api.figures.spreadsheets import table
from api.figures.standing import backlog
from api.identity import FIGURES_SIGNED_IN, Caller
from api.problems import invalid
from api.queries.figures import Waiting, lost_letters, open_now, reported, since, tallies
from api.queries.queues import desk_groups
from api.rendering import PRIVATE, page
from api.routes.incidents import TheDesk
from workflows.policies.book import book
from workflows.vocabulary import Priority

router = APIRouter(prefix="/figures", include_in_schema=False)
Reader = Annotated[Caller, Depends(FIGURES_SIGNED_IN)]
_HEADING = ("figure", "part", "column", "value", "unit")


@dataclass(frozen=True)
class Choices:
    """What can be left out: value and label of each, by what it is."""

    priority: list[tuple[str, str]]
    group: list[tuple[str, str]]
    category: list[tuple[str, str]]


@router.get("")
async def figures(request: Request, desk: TheDesk, caller: Reader) -> Response:
    """All figures of a period. What cannot be asked for is said, and the usual period shown."""
    now, wrong = datetime.now(UTC), None
    try:
        wanted = asked(request.query_params, now.date())
    except ValueError as error:
        wanted, wrong = asked({}, now.date()), str(error)
    choices = await _choices(desk, now)
    known: dict[str, Any] = {
        "caller": caller,
        "asked": wanted,
        "chapters": await _counted(desk, wanted, dict(choices.group), now),
        "wrong": wrong,
        "choices": choices,
        "ways": list(By),
        "usual": usual(now.date()),
        "told": told,
    }
    return page(request, "figures/figures.html", 422 if wrong else 200, PRIVATE, **known)


@router.get(".csv")
async def figures_as_csv(request: Request, desk: TheDesk, _: Reader) -> Response:
    """The same figures as one long table: a line for each cell."""
    now = datetime.now(UTC)
    try:
        wanted = asked(request.query_params, now.date())
    except ValueError as error:
        raise invalid("from, to, by", str(error)) from None
    found = await _counted(desk, wanted, dict((await _choices(desk, now)).group), now)
    rows = [line for chapter in found for figure in chapter.figures for line in _lines(figure)]
    name = f"figures-{wanted.first}-{wanted.last}-{wanted.by.value}.csv"
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(table(_HEADING, rows), headers=headers, media_type="text/csv; charset=utf-8; header=present")


async def _counted(desk: Desk, wanted: Asked, names: Mapping[str, str], now: datetime) -> list[Chapter]:
    # Half of the time goes into what was over; the database counts the rest meanwhile.
    found, (came, lost, waiting, (later, went)) = await asyncio.gather(tallies(desk.database, wanted), _beside(desk, wanted))
    parts = counted_from(names, found, came, lost, wanted, open_after=len(waiting) - later + went)
    return [*chapters(parts), Chapter("How it stands now", backlog(waiting, now))]


async def _beside(desk: Desk, wanted: Asked) -> tuple[dict[str, int], dict[str, dict[str, int]], list[Waiting], tuple[int, int]]:
    return (
        await reported(desk.database, wanted),
        await lost_letters(desk.database, wanted),
        await open_now(desk.database, wanted),
        await since(desk.database, wanted),
    )


async def _choices(desk: Desk, now: datetime) -> Choices:
    rules = book().edition(book().name_of_edition(now))
    return Choices(
        [(each.value, each.value) for each in Priority],
        await desk_groups(desk.database),
        [(each, each) for each in rules.assignment.categories],
    )


def _lines(figure: Figure) -> list[tuple[str, str, str, float | None, str]]:
    return [
        (figure.title, row.label, column.name, None if value is None else round(value, 3), column.unit.value)
        for row in (*figure.rows, figure.total)
        for column, value in zip(figure.columns, row.cells, strict=True)
    ]
