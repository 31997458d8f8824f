"""Categories and the groups they lead to, as the rules have them, and whether the directory fits (process.md S2, S5). Rules change by editions, not here."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from activities.directory.policy_check import Category, categories, misfits
from api.administration import admin_page
from api.identity import CATEGORIES_SIGNED_IN, Caller
from api.queries.people import whole_directory
from api.routes.incidents import TheDesk
from workflows.policies.book import book

router = APIRouter(prefix="/admin", include_in_schema=False)
Reader = Annotated[Caller, Depends(CATEGORIES_SIGNED_IN)]


@dataclass(frozen=True)
class Edition:
    """The categories from one day on: what they are, and what does not fit."""

    valid_from: str
    is_in_force: bool
    categories: list[Category]
    misfits: list[str]


@router.get("/categories")
async def shown(request: Request, desk: TheDesk, caller: Reader) -> Response:
    """The edition in force and those to come."""
    rules, today, known = book(), datetime.now(UTC).date(), await whole_directory(desk.database)
    present = book().name_of_edition(datetime.now(UTC))
    begun = [dated.valid_from for dated in rules.assignment if dated.valid_from <= today] or [rules.assignment[0].valid_from]
    editions = [(begun[-1], present, True)]
    editions += [
        (each.valid_from, each.valid_from.isoformat(), False) for each in rules.assignment if each.valid_from > max(today, begun[-1])
    ]
    found = [
        Edition(day.isoformat(), is_in_force, categories(rules.edition(name), known), misfits(rules.edition(name), known))
        for day, name, is_in_force in editions
    ]
    return admin_page(request, caller, "categories", "categories", editions=found)
