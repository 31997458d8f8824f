"""Whole histories: which keys they need, and the same history as it would stand there unencrypted."""

from collections.abc import Iterator

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from activities.payloads.keyring import Keyring, sealed_with


def opened(history: WorkflowHistory, keyring: Keyring) -> WorkflowHistory:
    """A copy in which nothing is encrypted; itself where nothing is. Raises UnreadablePayloadError."""
    if keys_needed(history) <= {None}:
        return history
    incident, events = owner_of(history), []
    for event in history.events:
        copy = HistoryEvent()
        copy.CopyFrom(event)
        for payload in payloads_in(copy):
            if sealed_with(payload) is not None:
                payload.CopyFrom(keyring.open(payload, incident))
        events.append(copy)
    return WorkflowHistory(history.workflow_id, events)


def keys_needed(history: WorkflowHistory) -> frozenset[str | None]:
    """The names of the keys that its payloads need; ``None`` among them where some are not encrypted."""
    return frozenset(sealed_with(payload) for event in history.events for payload in payloads_in(event))


def owner_of(history: WorkflowHistory) -> str:
    """The incident whose history it is, also where a file was given another name."""
    begun = history.events[0].workflow_execution_started_event_attributes.workflow_id if history.events else ""
    return begun or history.workflow_id


def payloads_in(message: Message) -> Iterator[Payload]:
    """Every payload, however deep it stands."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            parts = [each for each in value.values() if isinstance(each, Message)]
        else:
            parts = value if field.is_repeated else [value]
        for part in parts:
            yield from payloads_in(part)
