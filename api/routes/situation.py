"""The incident manager's page: what is open, late and soon late, in whose hands, and gaps on call (process.md S8, S10, S22)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.console.countdown import countdown
from api.figures.presented import told
from api.identity import SITUATION_SIGNED_IN, Caller
from api.queries.queues import names_of
from api.queries.situation import all_groups, everything_open, on_call_rotas, titles_of, workers
from api.rendering import PRIVATE, page
from api.routes.incidents import TheDesk
from api.situation import DAYS_ON_CALL, NAMED, loads_of_groups, loads_of_people, on_call, situation
from workflows.policies.book import book

router = APIRouter(prefix="/situation", include_in_schema=False)
Manager = Annotated[Caller, Depends(SITUATION_SIGNED_IN)]


@router.get("")
async def the_situation(request: Request, desk: TheDesk, caller: Manager) -> Response:
    """Everything at this moment."""
    now = datetime.now(UTC)
    found = situation(await everything_open(desk.database), book().edition(book().name_of_edition(now)), now)
    late, at_risk = found.breached[:NAMED], found.at_risk[:NAMED]
    groups, rotas = await all_groups(desk.database), await on_call_rotas(desk.database)
    working = await workers(desk.database, {each.person for each in found.open if each.person})
    names = await names_of(desk.database, {*(person for rota in rotas.known for person in rota.people), *(each.id for each in working)})
    known: dict[str, Any] = {
        "caller": caller,
        "now": now,
        "found": found,
        "titles": await titles_of(desk.database, {each.number for each in (*late, *at_risk)}),
        "lists": [
            ("Breached", [(each, *countdown(each.promised_by, now)) for each in late], len(found.breached)),
            ("At risk", [(each, *countdown(each.promised_by, now)) for each in at_risk], len(found.at_risk)),
        ],
        "names": names | dict(groups),
        "groups": loads_of_groups(found, groups),
        "people": loads_of_people(found, working, now),
        "rotas": on_call(rotas, names, now),
        "unreadable": rotas.unreadable,
        "days": DAYS_ON_CALL,
        "told": told,
    }
    return page(request, "figures/situation.html", 200, PRIVATE, **known)
