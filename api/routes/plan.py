"""The incident response plan as a page for the people of the desk, edition by edition, differences marked."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.identity import STAFF_SIGNED_IN, Caller
from api.plan.comparing import marked
from api.plan.composing import editions, plan
from api.plan.contacts import contacts
from api.plan.diagram import drawn
from api.problems import Problem
from api.queries.contacts import directory
from api.rendering import PRIVATE, page
from api.routes.incidents import TheDesk
from workflows.policies.book import book

router = APIRouter(include_in_schema=False)
Staff = Annotated[Caller, Depends(STAFF_SIGNED_IN)]
Name = Annotated[str, Query(max_length=10)]


@router.get("/plan")
async def response_plan(request: Request, desk: TheDesk, caller: Staff, edition: Name = "", against: Name = "") -> Response:
    """The plan in force, or of another edition; 404 where the book has none of that name."""
    rules, present = book(), book().name_of_edition(datetime.now(UTC))
    names = editions(rules)
    if any(name and name not in names for name in (edition, against)):
        raise Problem("not-found")
    known, own = contacts(await directory(desk.database)), desk.settings.policies
    shown = marked(plan(rules, edition or present, own, known), plan(rules, against, own, known) if against else None)
    return page(
        request,
        "plan/page.html",
        200,
        PRIVATE,
        caller=caller,
        plan=shown,
        diagram=drawn(shown.stages),
        editions=names,
        present=present,
    )
