"""What all pages of callers share: whose incident it is, what is promised to them, where the pages are (process.md S6, S22)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from activities.incident_facts import FACTS
from api.delivery import find
from api.desk import Desk
from api.identity import Caller
from api.problems import Problem
from api.queries.incidents import Standing, facts_of
from api.rendering import SCRIPTED, page
from api.sentences import Sentences
from workflows.owed_letters import promised


async def own(desk: Desk, caller: Caller, number: str) -> Standing:
    """In the portal everybody is a caller: of others' incidents nothing is shown here, to the desk neither."""
    standing = await find(desk, caller, number)
    if caller.actor.id not in standing.people:
        raise Problem("not-found")
    return standing


def promises(facts: Mapping[str, Any], say: Sentences) -> list[tuple[datetime, str]]:
    """Until when the desk promises what, as the caller reads it."""
    return [(promise.due_at, say(f"promise_{promise.clock}")) for promise in promised(FACTS.validate_python(facts))]


async def received(request: Request, desk: Desk, caller: Caller, number: str, refused: tuple[str, ...] = ()) -> Response:
    """The page with the number and what happens next, also of what was taken in a moment ago and is not on record yet; ``refused``: files that were not."""
    facts = await facts_of(desk.database, number)
    told: dict[str, Any] = {"number": number, "promises": promises(facts, caller.say) if facts else [], "refused": refused}
    told["sends_mail"] = desk.settings.smtp_host is not None
    return page(request, "portal/reported.html", 200, SCRIPTED, caller=caller, say=caller.say, **told)
