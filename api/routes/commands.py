"""Tell an incident something: one operation for each message, and what became of a command (design rule 3)."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import Field
from ulid import ULID

from api.bodies import ReadBody, described
from api.delivery import RULES, Command, deliver, find, id_in, key_of, refusal_in
from api.examples import COMMAND_ID, OUTCOME
from api.identity import KNOWN, Caller
from api.problems import Problem, documented, send_again_with
from api.queries.incidents import as_text
from api.queries.outcomes import Answer, answer_to
from api.routes.incidents import Absent, Known, Number, TheDesk, shown
from workflows.messages import COMMANDS, Message

router = APIRouter(prefix="/api/v1/incidents", tags=["Commands"])

# No colon: ids with one are the server's own, for links and letters, and nobody may be ahead of them.
_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
CommandId = Annotated[
    Annotated[str, Field(min_length=1, max_length=80, pattern=_ID)] | Absent,
    Header(
        alias="Command-Id",
        description="Your name for this command; the same id is one command, however often it is sent. Made if missing.",
        examples=[COMMAND_ID],
    ),
]
SeenVersion = Annotated[
    Annotated[str, Field(max_length=200)] | Absent,
    Header(
        alias="If-Match",
        description="The ETag of the incident as you read it. If it has changed since, the command is answered 412 and changes nothing.",
        examples=['"9"'],
    ),
]
_TAG = re.compile(r'"([0-9]{1,9})"')
ANSWERS = documented(
    {
        200: shown("OutcomeView", OUTCOME, "Applied", Command_Id="The id of the command."),
        202: shown(
            "OutcomeView", description="Accepted; the outcome comes later", Command_Id="The id.", Location="Where the outcome will be."
        ),
    },
    400,
    401,
    403,
    404,
    408,
    409,
    412,
    413,
    415,
    422,
    500,
    503,
)


def _operation(kind: type[Message]) -> Callable[..., Awaitable[JSONResponse]]:
    async def operation(
        request: Request,
        caller: Annotated[Caller, Depends(KNOWN)],
        desk: TheDesk,
        number: Number,
        body: Annotated[Any, Depends(ReadBody(kind))],
        command_id: CommandId = None,
        if_match: SeenVersion = None,
    ) -> JSONResponse:
        command = Command(command_id or str(ULID()), number, caller.actor, body, versions_in(if_match))
        send_again_with(request, "Command-Id", command.id)
        return _answered(command, await deliver(desk, command, await find(desk, caller, number)))

    return operation


def versions_in(if_match: str | None) -> frozenset[int] | None:
    """The versions that are named; none for any. What is no tag of ours names none, as a weak one does (RFC 9110)."""
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(found[1]) for part in if_match.split(",") if (found := _TAG.fullmatch(part.strip())))


def _answered(command: Command, answer: Answer | None) -> JSONResponse:
    if answer is None:
        return accepted(command.number, command.id, command.name)
    if (refusal := refusal_in(answer)) is not None:
        raise refusal
    return JSONResponse(_outcome(command.number, answer), headers={"Command-Id": command.id})


def accepted(number: str, command_id: str, command: str) -> JSONResponse:
    """It is safe, and its outcome comes later; where."""
    where = f"/api/v1/incidents/{number}/commands/{command_id}"
    return JSONResponse(_view(number, command_id, command, "accepted"), 202, {"Command-Id": command_id, "Location": where})


def _outcome(number: str, answer: Answer) -> dict[str, Any]:
    rule = RULES[answer.rule] if answer.rule else None
    return _view(number, id_in(answer.command_id), answer.message, answer.result.value) | {
        "at": as_text(answer.at),
        "version": answer.version,
        "rule": rule,
        "section": rule.section if rule else None,
        "detail": answer.detail or (rule.says if rule else None),
    }


def _view(number: str, command_id: str, command: str, result: str) -> dict[str, Any]:
    known = {"command_id": command_id, "number": number, "command": command, "result": result}
    return known | dict.fromkeys(("at", "version", "rule", "section", "detail"))


for _name, _kind in COMMANDS.items():
    router.add_api_route(
        f"/{{number}}/{_name}",
        _operation(_kind),
        methods=["POST"],
        name=_name,
        operation_id=_name,
        summary=(_kind.__doc__ or "").split(".")[0].split(" (S")[0],
        description=_kind.__doc__,
        response_model=None,
        responses=ANSWERS,
        openapi_extra={"requestBody": described(_kind)},
    )


@router.get(
    "/{number}/commands/{command_id}",
    summary="What became of a command",
    operation_id="outcome",
    response_model=None,
    responses=documented({200: shown("OutcomeView", OUTCOME, "The outcome")}, 401, 404, 500, 503),
)
async def outcome(caller: Known, desk: TheDesk, number: Number, command_id: str) -> JSONResponse:
    """The outcome as recorded, for its sender; for the desk also by the id that stands on the timeline. Before it is there: 404; ask again, or send the command again."""
    await find(desk, caller, number)
    # What stands behind a colon was told by the desk itself.
    if not command_id.isprintable() or (":" in command_id and not caller.is_staff):
        raise Problem("unknown-command")
    answer = await answer_to(desk.database, number, key_of(caller.actor, command_id))
    if answer is None and caller.is_staff:
        answer = await answer_to(desk.database, number, command_id)
    if answer is None:
        raise Problem("unknown-command")
    return JSONResponse(_outcome(number, answer))
