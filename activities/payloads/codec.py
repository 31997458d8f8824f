"""The codec that every client of the desk has, with keys or without: the SDK passes each payload through it, outside the sandbox.

Without keys it still refuses what it cannot read. Temporal then does the task again until somebody can: a worker that took ciphertext for nonsense would
drop commands (temporal.md 1.5).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import structlog
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from activities.payloads.keyring import Keyring
from activities.payloads.keys import UnreadablePayloadError

SAYS_AGAIN_AFTER = 60.0  # seconds
log = structlog.get_logger("holdfast.payloads")


@dataclass
class Complaints:
    """Says what cannot be read, each reason once a minute: a whole desk that waits would fill the log otherwise."""

    _said: dict[str, float] = field(default_factory=dict)

    def say(self, why: str, incident: str) -> None:
        """One line, unless it was said just now."""
        now = time.monotonic()
        if now - self._said.get(why, -SAYS_AGAIN_AFTER) < SAYS_AGAIN_AFTER:
            return
        self._said[why] = now
        log.error(
            "what Temporal stores cannot be read, incidents and letters wait",
            why=why,
            number=incident,
            advice="give all processes the same HOLDFAST_PAYLOAD_KEYS and restart them; see docs/operations.md",
        )


@dataclass(frozen=True)
class SealingCodec(PayloadCodec, WithSerializationContext):
    """Seals what leaves this process for Temporal, opens what comes from there."""

    keyring: Keyring
    incident: str = ""
    complaints: Complaints = field(default_factory=Complaints, repr=False, compare=False)

    def with_context(self, context: SerializationContext) -> Self:
        """The codec of one incident: the SDK says whose payloads follow."""
        if not isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            return self
        incident = context.workflow_id or ""
        return self if incident == self.incident else replace(self, incident=incident)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Sealed, where a key encrypts."""
        return [self.keyring.seal(each, self.incident) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Opened. Raises UnreadablePayloadError, and says so in the log."""
        try:
            return [self.keyring.open(each, self.incident) for each in payloads]
        except UnreadablePayloadError as error:
            self.complaints.say(str(error), self.incident)
            raise
