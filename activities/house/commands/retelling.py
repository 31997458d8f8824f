"""What an incident would tell the record when its history is replayed, beside what it told (design rule 6).

Temporal compares commands alone: a timer of another length or a date by another rule passes. Here what it promised is compared.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from workflows.dates import ahead
from workflows.publication import Publication

PUBLISH = "publish"
_PUBLICATION = TypeAdapter(Publication)
_KEPT = (
    "status",
    "priority",
    "group",
    "level",
    "hold_reason",
    "cycle",
    "resolution_code",
    "closed_by",
    "cancel_reason",
    "survey",
    "approval_awaited",
)


class Listener(Interceptor):
    """Hears every publication of the workflow that is replayed; to be emptied before each."""

    def __init__(self) -> None:
        self.heard: list[Publication] = []

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002 -- as the SDK calls it
        """Listens to what leaves the workflow."""
        input.unsafe_extern_functions[PUBLISH] = self.heard.append
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002 -- as the SDK calls it
        if input.activity == PUBLISH:
            workflow.extern_functions()[PUBLISH](input.args[0])
        return super().start_activity(input)


def first_difference(history: WorkflowHistory, heard: Sequence[Publication]) -> tuple[int, list[str]] | None:
    """The event of the first publication that would now promise something else, and in what; none where all are kept.

    Names only, never what stands under them: it is shown to people and written into logs.
    """
    for (event_id, before), now in zip(told(history), heard, strict=False):
        if before is None:
            return event_id, ["what it told cannot be read any more"]
        kept = promises(now)
        if differing := [name for name, promised in promises(before).items() if promised != kept[name]]:
            return event_id, differing
    return None


def told(history: WorkflowHistory) -> Iterator[tuple[int, Publication | None]]:
    """Every publication of a history with its event; none in the place of one that cannot be read any more."""
    for event in history.events:
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == PUBLISH:
            try:
                yield event.event_id, _PUBLICATION.validate_json(scheduled.input.payloads[0].data)
            except ValidationError:
                yield event.event_id, None


def promises(publication: Publication) -> dict[str, Any]:
    """What people were told and wait for: state, dates, letters, answers. How it is explained may change from release to release."""
    facts = publication.snapshot
    return {name.replace("_", " "): getattr(facts, name) for name in _KEPT} | {
        "dates ahead": ahead(facts),
        "budgets of clocks": [(clock.name, clock.calendar, clock.budget) for clock in facts.clocks],
        "what happened": [(event.kind, event.planned_at) for event in publication.events],
        "letters": [(owed.letter, owed.to, owed.addressees) for owed in publication.letters],
        "answers to commands": [(outcome.command_id, outcome.result, outcome.rule) for outcome in publication.outcomes],
    }
