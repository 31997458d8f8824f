"""Refusals as RFC 9457 problem details. Every ``type`` is the address of a page that says what it means and what to do.

A problem never repeats what was sent: neither texts nor keys belong in logs and error pages of others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from workflows.lifecycle import Rule

MEDIA_TYPE = "application/problem+json"
# How long somebody should wait before sending again, in seconds.
SOON = 2


@dataclass(frozen=True)
class Kind:
    """One kind of problem: its status, what it is called, what it means, what to do about it."""

    code: str
    status: int
    title: str
    meaning: str
    remedy: str


def _catalogue(*kinds: Kind) -> dict[str, Kind]:
    return {kind.code: kind for kind in kinds}


OWN = _catalogue(
    Kind(
        "malformed-request",
        400,
        "The request cannot be read",
        "The body is not a JSON document, or not text in UTF-8.",
        "Send one JSON object with Content-Type: application/json.",
    ),
    Kind(
        "not-identified",
        401,
        "No valid key",
        "The request has no API key, or one that is unknown, revoked or expired.",
        "Send Authorization: Bearer hf_... with a key in force. Pages ask for the key as password.",
    ),
    Kind(
        "not-allowed",
        403,
        "Not for your role",
        "The key is valid, but none of its roles may do this.",
        "Ask somebody with the role, or an administrator for another key.",
    ),
    Kind(
        "foreign-form",
        403,
        "Not sent from our pages",
        "The form came from another site. Nothing was changed.",
        "Open the page of this desk and send the form from there.",
    ),
    Kind(
        "not-found",
        404,
        "Nothing here",
        "There is no such thing, or it is not yours to see.",
        "Check the address and the number.",
    ),
    Kind(
        "wrong-check-digit",
        404,
        "The check digit is wrong",
        "The check digit at the end of an incident number is computed from the others; here it is wrong, so a digit was misread or mistyped.",
        "Read the number again. Nothing was looked up.",
    ),
    Kind(
        "unknown-command",
        404,
        "No outcome under this id",
        "No command with this id has been answered for this incident, or it was not yours.",
        "If it was sent a moment ago, ask again shortly. Sending it again with the same Command-Id is safe.",
    ),
    Kind(
        "method-not-allowed", 405, "Method not allowed", "This address does not know the method.", "See the list of operations under /docs."
    ),
    Kind(
        "too-slow",
        408,
        "Too slow",
        "The request was not completed: nothing of it for half a minute, less than 1 KiB a second, or an upload that took more than five minutes. Nothing was kept.",
        "Send it again over a better connection, with the same Command-Id or Idempotency-Key, or a smaller file.",
    ),
    Kind(
        "process-missing",
        409,
        "The incident has no running process",
        "The record shows the incident as open, but Temporal does not know its process. Nothing was changed.",
        "Tell the operator: the Temporal namespace does not belong to this database, or was emptied.",
    ),
    Kind(
        "letter-under-way",
        409,
        "The letter is still under way",
        "Only a letter that was sent, that failed, or whose outcome is unknown can be sent again. This one is still with the sender.",
        "Look at the letter on the Outbox page; its state says what happens next.",
    ),
    Kind(
        "file-not-ready",
        409,
        "The file is still being checked",
        "Nobody can read a file before the virus scanner has found it clean, and its incident has taken it on.",
        "Try again in a moment. If it stays like this, holdfast doctor tells the operator whether the scanner answers.",
    ),
    Kind(
        "file-gone",
        410,
        "The file is gone",
        "It was removed, or found infected and destroyed.",
        "The timeline of the incident says when and why.",
    ),
    Kind(
        "not-understood",
        409,
        "The incident could not read the command",
        "The worker that runs the incident could not read the command; it was noted on the timeline and changed nothing.",
        "Tell the operator: API and worker are probably of different versions. Send it again under a new Command-Id.",
    ),
    Kind(
        "too-large",
        413,
        "Too large",
        "The body is larger than 256 KiB, or than the desk takes where files can be sent.",
        "Shorten it: a text may have 10,000 characters. Send files one by one, or put them into a ZIP.",
    ),
    Kind("wrong-media-type", 415, "Not JSON", "The body is not declared as JSON.", "Send Content-Type: application/json."),
    Kind(
        "not-a-form",
        415,
        "Not a form with a file",
        "A file is sent as multipart/form-data, in UTF-8, in a field named file.",
        "With curl: -F file=@screenshot.png",
    ),
    Kind(
        "content-differs",
        415,
        "The file is not what its name says",
        "The content of the file does not match its extension; text must be readable and in UTF-8.",
        "Send the file as its program saved it, or put it into a ZIP.",
    ),
    Kind("empty-file", 422, "The file is empty", "The file has no content.", "Check that it was saved, and choose it again."),
    Kind(
        "invalid",
        422,
        "Something in the request is wrong",
        "The request can be read, but a part of it is missing, unknown, too long or contradictory. Nothing was changed.",
        "See errors: each has a JSON pointer to the part and says what is expected there.",
    ),
    Kind(
        "key-reused",
        422,
        "This Idempotency-Key belongs to another report",
        "Under this key, another report was accepted before. Nothing was changed.",
        "Use a new key for a new report, and the same key only to send the same report again.",
    ),
    Kind(
        "command-id-reused",
        422,
        "This Command-Id belongs to another command",
        "Under this id, another command, or one of somebody else, was sent to this incident before. Nothing was changed.",
        "Use a new id for a new command, and the same id only to send the same command again.",
    ),
    Kind(
        "too-many-uploads",
        429,
        "Too many files at once",
        "Whoever sends a hundred files in a quarter of an hour has to wait for a while.",
        "Wait a quarter of an hour, or put several files into one ZIP.",
    ),
    Kind(
        "internal",
        500,
        "A fault of ours",
        "Something went wrong that should not have. It is in the log under the error id.",
        "Send it again with the same key or command id: that is safe. If it keeps happening, give the operator the error id.",
    ),
    Kind(
        "not-accepted",
        503,
        "Not accepted",
        "Temporal did not confirm that it has taken this in.",
        "Send it again with the same Command-Id or Idempotency-Key: it takes effect once, however often it is sent.",
    ),
    Kind(
        "database-away",
        503,
        "The record cannot be reached",
        "The database cannot be reached at present.",
        "Send it again a little later, with the same Command-Id or Idempotency-Key.",
    ),
    Kind(
        "busy",
        503,
        "Too many at once",
        "More is coming in than this desk can take at once, or than one person may send at once (four uploads). This one was not accepted.",
        "Wait for the time in Retry-After and send it again with the same Command-Id or Idempotency-Key.",
    ),
)


_STATUSES = {Rule.NOT_PERMITTED: 403, Rule.CHANGED_MEANWHILE: 412, Rule.FILE_TOO_LARGE: 413, Rule.FILE_KIND_NOT_TAKEN: 415}


def _of_rule(rule: Rule) -> Kind:
    return Kind(
        code=rule.value,
        status=_STATUSES.get(rule, 409),
        title="Refused by the process",
        meaning=rule.says,
        remedy=f"The rule stands in section {rule.section} of the process. The refusal is kept on the timeline of the incident.",
    )


CATALOGUE: Mapping[str, Kind] = OWN | {rule.value: _of_rule(rule) for rule in Rule}


class FieldError(BaseModel):
    """One part of a request that is wrong."""

    pointer: str = Field(description="JSON pointer into the body, or the name of the parameter.", examples=["/title"])
    detail: str = Field(description="What is expected there.", examples=["Field required"])


class ProblemDetails(BaseModel):
    """RFC 9457. ``rule`` and ``section`` are set where the process refused; ``error_id`` where the fault is ours."""

    type: str = Field(examples=["http://127.0.0.1:8080/problems/not-resolved"])
    title: str
    status: int
    detail: str
    rule: str | None = None
    section: str | None = None
    command_id: str | None = None
    error_id: str | None = None
    errors: list[FieldError] | None = None


class Problem(Exception):  # noqa: N818 -- the word of RFC 9457
    """Raised by routes; answered as problem details of the kind with this code."""

    def __init__(self, code: str, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        self.kind = CATALOGUE[code]
        self.detail = detail or f"{self.kind.meaning} {self.kind.remedy}"
        self.headers = dict(headers or {})
        if self.kind.status == 503:  # noqa: PLR2004 -- the status itself
            self.headers.setdefault("Retry-After", str(SOON))
        self.more = more
        super().__init__(code)


def send_again_with(request: Request, header: str, value: str) -> None:
    """Whatever goes wrong with this request from here on, the answer names the id under which it can safely be sent again."""
    request.state.send_again_with = {header: value}


def refused_by(rule: Rule, detail: str | None = None, **more: Any) -> Problem:
    """The process says no: which rule, in which section, in its own words."""
    return Problem(rule.value, detail or rule.says, rule=rule.value, section=rule.section, **more)


def invalid(pointer: str, detail: str) -> Problem:
    """One field is wrong."""
    return Problem("invalid", detail, errors=[{"pointer": pointer, "detail": detail}])


def answer(problem: Problem, base_url: str) -> JSONResponse:
    """The problem as an HTTP response."""
    kind = problem.kind
    body = {"type": f"{base_url}/problems/{kind.code}", "title": kind.title, "status": kind.status, "detail": problem.detail}
    headers = problem.headers | {"Cache-Control": "no-store"}
    return JSONResponse(body | problem.more, kind.status, headers=headers, media_type=MEDIA_TYPE)


def documented(own: dict[int, dict[str, Any]], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: what the operation answers itself, and the statuses that are answered with problem details."""
    return {status: own.get(status) or _documented(status) for status in (*own, *statuses)}


def _documented(status: int) -> dict[str, Any]:
    kinds = [kind for kind in CATALOGUE.values() if kind.status == status]
    shown = kinds[0]
    example = {"type": f"/problems/{shown.code}", "title": shown.title, "status": status, "detail": shown.meaning}
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    said = "; ".join(dict.fromkeys(kind.title for kind in kinds))
    return {"description": said, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}
