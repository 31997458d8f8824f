"""Report an incident, read one, list many (process.md S1, S21, S22)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from ulid import ULID

from api.bodies import Plausible, ReadBody, described, pointer
from api.catalogue import check_service
from api.cursors import cursor_of, place_in
from api.delivery import etag, find
from api.desk import Desk, desk_of
from api.examples import NUMBER
from api.identity import KNOWN, REPORTERS, Caller
from api.problems import Problem, documented, send_again_with
from api.queries.incidents import FILTERS, Wanted, facts_of, intake_key, listed
from api.queries.search import MOST_WORDS
from api.queries.timelines import MOST, USUAL, timeline_of
from api.reception import as_told_by, check_category, check_when, check_who_is_affected, take_in
from api.views import FOR_CALLERS, facts_for, timeline_for_caller
from workflows.fields import Key
from workflows.messages import Report
from workflows.vocabulary import Priority, Status

router = APIRouter(prefix="/api/v1/incidents", tags=["Incidents"])
CHANNEL = "api"
PARAMETERS = frozenset({*FILTERS, "q", "changed_since", "order", "limit", "cursor"})

TheDesk = Annotated[Desk, Depends(desk_of)]
Known = Annotated[Caller, Depends(KNOWN)]
Number = Annotated[str, Path(description="The number of the incident, with its check digit.", examples=[NUMBER])]
# A parameter can be left out; it cannot be null.
Absent = SkipJsonSchema[None]
IdempotencyKey = Annotated[
    Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._:@+=-]+$")] | Absent,
    Header(
        alias="Idempotency-Key",
        description="The same key with the same report is one incident, however often it is sent. Keys of others never meet yours.",
        examples=["monday-3rd-floor"],
    ),
]

Before = Annotated[
    Annotated[int, Field(ge=1, le=10**9)] | Absent, Query(description="Events before this sequence number, such as earlier.")
]


def shown(model: str, example: Any = None, description: str = "Done", **headers: str) -> dict[str, Any]:
    """For OpenAPI: an answer of this schema, with these headers."""
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{model}"}}
    told = {name.replace("_", "-"): {"description": about, "schema": {"type": "string"}} for name, about in headers.items()}
    return {
        "description": description,
        "content": {"application/json": content | ({"example": example} if example else {})},
        "headers": told,
    }


def _either(description: str, **headers: str) -> dict[str, Any]:
    answer = shown("IncidentForDesk", description=description, **headers)
    schemas = [{"$ref": f"#/components/schemas/{model}"} for model in ("IncidentForDesk", "IncidentForCaller")]
    answer["content"]["application/json"]["schema"] = {"anyOf": schemas}
    return answer


@router.post(
    "",
    status_code=201,
    summary="Report an incident",
    operation_id="report",
    response_model=None,
    openapi_extra={"requestBody": described(Report)},
    responses=documented(
        {
            201: _either(
                "Accepted, and readable", Location="Where it can be read.", Idempotency_Key="The key, given or made.", ETag="Its version."
            ),
            202: shown(
                "Accepted",
                {"number": NUMBER, "result": "accepted"},
                "Accepted; readable in a moment",
                Location="Where it will be.",
                Idempotency_Key="The key.",
            ),
        },
        400,
        401,
        403,
        408,
        413,
        415,
        422,
        500,
        503,
    ),
)
async def report(
    request: Request,
    caller: Annotated[Caller, Depends(REPORTERS)],
    desk: TheDesk,
    body: Annotated[Report, Depends(ReadBody(Report))],
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Logs an incident. It is safe as soon as this answers 201 or 202; the receipt to the caller follows by mail."""
    own_key = idempotency_key or str(ULID())
    send_again_with(request, "Idempotency-Key", own_key)
    await check_who_is_affected(desk, caller.actor, body)
    check_category(body)
    await check_service(desk.database, body.service)
    check_when(caller.actor, body)
    received = await take_in(desk, caller.actor, as_told_by(caller.actor, body), CHANNEL, intake_key(caller.actor, own_key))
    headers = {"Location": f"/api/v1/incidents/{received.number}"}
    if not received.is_in_record:
        return JSONResponse({"number": received.number, "result": "accepted"}, 202, headers)
    whole = await _whole(desk, caller, received.number)
    return JSONResponse(whole, 201, headers | etag(whole["version"]))


@router.get(
    "/{number}",
    summary="Read an incident with its timeline",
    operation_id="read",
    response_model=None,
    responses=documented(
        {200: _either("The incident", ETag="Its version, for If-Match.", Link='Earlier events, as rel="prev".')}, 401, 404, 422, 500, 503
    ),
)
async def read(
    caller: Known,
    desk: TheDesk,
    number: Number,
    before: Before = None,
    most: Annotated[int, Query(ge=1, le=MOST, alias="events", description="Events at most; fewer where they are very long.")] = USUAL,
) -> JSONResponse:
    """Facts and the newest stretch of the timeline. Callers see their own incidents, without work notes and what else only the desk reads."""
    await find(desk, caller, number)
    whole = await _whole(desk, caller, number, before, most)
    address = f"{desk.base_url}/api/v1/incidents/{number}?before={whole['earlier']}&events={most}"
    return JSONResponse(whole, headers=etag(whole["version"]) | ({"Link": f'<{address}>; rel="prev"'} if whole["earlier"] else {}))


async def _whole(desk: Desk, caller: Caller, number: str, before: int | None = None, most: int = USUAL) -> dict[str, Any]:
    facts = await facts_of(desk.database, number)
    if facts is None:
        raise Problem("not-found", "The incident is accepted and will be readable in a moment.")
    stretch = await timeline_of(desk.database, number, public_only=not caller.is_staff, before=before, most=most)
    told = stretch.events if caller.is_staff else timeline_for_caller(facts, stretch.events)
    return facts_for(facts, is_staff=caller.is_staff) | {"timeline": told, "earlier": stretch.earlier}


def _filters(
    status: Annotated[list[Status] | Absent, Query(description="One or more states.")] = None,
    priority: Annotated[list[Priority] | Absent, Query(description="One or more priorities.")] = None,
    group: Annotated[list[Key] | Absent, Query(description="Assigned to one of these groups.")] = None,
    person: Annotated[list[Key] | Absent, Query(description="Assigned to one of these people.")] = None,
    category: Annotated[list[Key] | Absent, Query(description="In one of these categories.")] = None,
    affected: Annotated[list[Key] | Absent, Query(description="One of these people is affected.")] = None,
) -> Mapping[str, tuple[str, ...]]:
    given = {"status": status, "priority": priority, "group": group, "person": person, "category": category, "affected": affected}
    return {name: tuple(str(value) for value in values) for name, values in given.items() if values}


@router.get(
    "",
    summary="List incidents",
    operation_id="list",
    response_model=None,
    responses=documented({200: shown("IncidentList", description="One page", Link='The next page, as rel="next".')}, 401, 422, 500, 503),
)
async def list_incidents(
    request: Request,
    caller: Known,
    desk: TheDesk,
    filters: Annotated[Mapping[str, tuple[str, ...]], Depends(_filters)],
    q: Annotated[
        str,
        Query(
            description=f"With these words, or words that begin so, in number, report or messages; for the desk in work notes too. "
            f"The first {MOST_WORDS} words count, signs do not.",
            examples=["printer jammed"],
        ),
    ] = "",
    changed_since: Annotated[Plausible | Absent, Query(description="Changed at or after this instant.")] = None,
    order: Annotated[Literal["newest", "oldest"], Query(description="Which change comes first.")] = "newest",
    limit: Annotated[int, Query(ge=1, le=200, description="Incidents on a page.")] = 50,
    cursor: Annotated[
        Annotated[str, Field(max_length=300)] | Absent, Query(description="From next or the Link header of the page before.")
    ] = None,
) -> JSONResponse:
    """Incidents by their last change, facts only. Callers get their own. A filter that does not exist is refused: ignoring it would show too much."""
    if unknown := request.query_params.keys() - PARAMETERS:
        raise Problem(
            "invalid", errors=[{"pointer": pointer((name,)).lstrip("/"), "detail": "There is no such parameter"} for name in unknown]
        )
    if not caller.is_staff and (inner := filters.keys() - set(FOR_CALLERS)):
        raise Problem("invalid", errors=[{"pointer": name, "detail": "Only the desk can ask for that"} for name in sorted(inner)])
    wanted = Wanted(filters, changed_since, q, None if caller.is_staff else caller.actor.id, order == "oldest", limit=limit)
    page = await listed(desk.database, replace(wanted, after=place_in(cursor)) if cursor else wanted)
    following = cursor_of(page.ends_at) if page.ends_at else None
    items = [facts_for(facts, is_staff=caller.is_staff) for facts in page.items]
    return JSONResponse({"items": items, "next": following}, headers=_link(desk, request, following))


def _link(desk: Desk, request: Request, following: str | None) -> dict[str, str]:
    if following is None:
        return {}
    others = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return {"Link": f'<{desk.base_url}/api/v1/incidents?{urlencode([*others, ("cursor", following)])}>; rel="next"'}
