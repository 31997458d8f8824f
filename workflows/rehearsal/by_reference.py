"""Hands values between the engine and a workflow as they are: everything that crosses is frozen, so writing it down and reading it again changes nothing."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter


class ByReference(PayloadConverter):
    """A payload holds a ticket; the value waits in a cloakroom until it is fetched, once."""

    def __init__(self) -> None:
        self._cloakroom: dict[bytes, Any] = {}
        self._tickets = count()

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """Leaves the values here and answers with their tickets."""
        return [self._leave(value) for value in values]

    def _leave(self, value: Any) -> Payload:
        ticket = b"%d" % next(self._tickets)
        self._cloakroom[ticket] = value
        return Payload(metadata={"encoding": b"by/reference"}, data=ticket)

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:  # noqa: ARG002 -- as the SDK calls it
        """The values themselves."""
        return [self._cloakroom.pop(payload.data) for payload in payloads]
