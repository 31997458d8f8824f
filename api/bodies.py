"""Bodies of requests: the messages themselves, read strictly (design rule 9). What is not in the message is refused, never ignored.

Two things differ from the message class: fields that the server fills in cannot be sent, and instants must be plausible.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, get_type_hints

from fastapi import Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from api.examples import EXAMPLES
from api.problems import Problem
from workflows.messages import COMMANDS, Assign, Escalate, Report, Take
from workflows.vocabulary import Impact, Urgency

# Filled in from the directory by the server; a browser says what, the server adds the rest (design rule 9).
FILLED_IN: Mapping[type, frozenset[str]] = {kind: frozenset({"level"}) for kind in (Assign, Escalate, Take)}
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FARTHEST_AHEAD = timedelta(days=3 * 366)
# Clocks of other machines may be ahead of ours by so much.
CLOCK_TOLERANCE = timedelta(minutes=1)
_NOTHING_SEEN = "must contain a visible character, and none that is forbidden here, such as control characters"
# Blanks of Hangul and Braille, which count as letters and signs.
_BLANKS = "\u115f\u1160\u3164\uffa0\u2800"


def _plausible(instant: datetime) -> datetime:
    if not EARLIEST <= instant <= datetime.now(UTC) + FARTHEST_AHEAD:
        raise ValueError("must lie between the year 2000 and three years from now")
    return instant.astimezone(UTC)


def _past(instant: datetime) -> datetime:
    if instant > datetime.now(UTC) + CLOCK_TOLERANCE:
        raise ValueError("must not lie in the future")
    return _plausible(instant)


def _seen(text: str | None) -> str | None:
    if text is not None and all(each in _BLANKS or unicodedata.category(each) in ("Cc", "Cf", "Zs", "Zl", "Zp") for each in text):
        raise ValueError(_NOTHING_SEEN)
    return text


def _written_out(value: Any) -> Any:
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d[Tt ]", value):
        raise ValueError("must be written as in 2026-03-02T09:15:00Z")
    return value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digit(value: Any) -> Any:
    if type(value) is not int and not isinstance(value, float):
        raise ValueError("must be a number from 1 to 3")
    return value


Plausible = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written_out), AfterValidator(_plausible)]
Past = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written_out), AfterValidator(_past)]
Cycle = Annotated[int, Field(ge=1, le=10**6), BeforeValidator(_whole)]
Score = Annotated[int, Field(ge=1, le=5), BeforeValidator(_whole)]
# 2.0 is a whole number in JSON, and plausible instants are fewer than possible ones.
_NARROWED: Mapping[str, Any] = {
    "until": Plausible | None,
    "occurred_at": Past | None,
    "reported_at": Past | None,
    "cycle": Cycle | None,
    "score": Score,
}
# In JSON, true is no number; in Python it is 1.
_DIGITS: Mapping[Any, Any] = {
    hint: made
    for digit in (Impact, Urgency)
    for checked in (Annotated[digit, Field(strict=False), BeforeValidator(_digit)],)
    for hint, made in ((digit, checked), (digit | None, checked | None))
}


def _narrowed(name: str, hint: Any) -> Any:
    # The process itself takes any: what it took before stays true when it is replayed.
    if name == "title":
        return Annotated[hint, AfterValidator(_seen)]
    if hint in _DIGITS:
        return _DIGITS[hint]
    return _NARROWED.get(name, hint)


@cache
def strict(kind: Any) -> type[BaseModel]:
    """The body for this message: the same fields with the same constraints, no others, no conversions."""
    hints = get_type_hints(kind, include_extras=True)
    sendable = [field for field in fields(kind) if field.name not in FILLED_IN.get(kind, frozenset())]
    required = {field.name for field in sendable if field.default is field.default_factory}
    parts: dict[str, Any] = {
        field.name: (_narrowed(field.name, hints[field.name]), ... if field.name in required else field.default) for field in sendable
    }
    config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [EXAMPLES[kind]]})
    return create_model(kind.__name__, __config__=config, __doc__=kind.__doc__, **parts)


BODIES: tuple[type, ...] = (Report, *COMMANDS.values())


def described(kind: type) -> dict[str, Any]:
    """The requestBody of an operation, for OpenAPI."""
    schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
    content = {"application/json": {"schema": schema, "example": EXAMPLES[kind]}}
    return {"required": any(part.is_required() for part in strict(kind).model_fields.values()), "content": content}


@dataclass(frozen=True)
class ReadBody:
    """A dependency that reads the body as one kind of message."""

    kind: Any

    async def __call__(self, request: Request) -> Any:
        """The message. Raises a problem: 400 not JSON, 413 too large, 415 not declared as JSON, 422 not such a message."""
        raw = await request.body()
        if raw and not _is_json(request.headers.get("content-type", "")):
            raise Problem("wrong-media-type")
        try:
            read = strict(self.kind).model_validate_json(raw or b"{}")
        except ValidationError as error:
            raise _problem(error) from None
        return self.kind(**{name: getattr(read, name) for name in type(read).model_fields})


def _is_json(media_type: str) -> bool:
    essence = media_type.split(";", maxsplit=1)[0].strip().lower()
    return essence == "application/json" or (essence.startswith("application/") and essence.endswith("+json"))


def _problem(error: ValidationError) -> Problem:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    if any(each["type"] == "json_invalid" for each in found):
        return Problem("malformed-request")
    return Problem("invalid", errors=[{"pointer": pointer(each["loc"]), "detail": said(each)} for each in found[:20]])


def pointer(location: tuple[int | str, ...]) -> str:
    """A JSON pointer. Names that no message has are not repeated."""
    parts = (str(part) if re.fullmatch(r"[a-z_]{1,40}|\d{1,4}", str(part), re.ASCII) else "?" for part in location)
    return "".join(f"/{part}" for part in parts)


def said(error: Mapping[str, Any]) -> str:
    """What is expected, in a sentence a person can use."""
    if error["type"] == "string_pattern_mismatch":
        return _NOTHING_SEEN.capitalize()
    if error["type"] == "extra_forbidden":
        return "There is no such field"
    return str(error["msg"]).removeprefix("Value error, ").capitalize()
