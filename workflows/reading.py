"""Makes messages of what signals carry (temporal.md 1.5): whatever arrives is either understood or answered as malformed."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workflows.messages import SIGNALS, Sent


@dataclass(frozen=True)
class Malformed:
    """A payload that is no message; answered under its command id where one can be read (temporal.md 1.5)."""

    command_id: str
    signal: str
    problem: str


@cache
def _reader(signal: str) -> TypeAdapter[Sent[Any]]:
    return TypeAdapter(Sent[SIGNALS[signal]])  # type: ignore[valid-type]


def read(signal: str, payload: Any) -> Sent[Any] | Malformed:
    """Makes a message of a signal's payload. Never raises: a handler that raised would block the incident."""
    if signal not in SIGNALS:
        return Malformed(_command_id(payload), _short(signal), "unknown message")
    try:
        return _reader(signal).validate_python(payload)
    except ValidationError as error:
        wrong = ", ".join(".".join(str(part) for part in line["loc"]) for line in error.errors(include_input=False)[:5])
        return Malformed(_command_id(payload), signal, f"not understood: {wrong}")


def _command_id(payload: Any) -> str:
    found = payload.get("command_id") if isinstance(payload, dict) else None
    return _short(found) if isinstance(found, str) else ""


def _short(text: str) -> str:
    """What the record can keep as a name."""
    return "".join(each for each in text[:100] if each.isprintable())
