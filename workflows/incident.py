"""The incident process (PROCESS.md): ``run`` is the steps, the handlers write down what people said.

One coroutine issues every command to Temporal; handlers never wait and never raise (design rule 4). Everything that decides is pure and
stands in intake, decisions, deadlines and the policies.
"""

from collections.abc import Callable, Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from workflows import intake as first_steps
    from workflows import outside_world
    from workflows.alarm import Alarm
    from workflows.alerts import go_past_the_unreached
    from workflows.deadlines import carry_out, suspend_closure
    from workflows.decisions import receive
    from workflows.messages import Intake, Sent
    from workflows.publication import Closure, Published, Snapshot
    from workflows.reading import Malformed, read
    from workflows.record import HandedOver, Incident
    from workflows.surveys import take_admission
    from workflows.vocabulary import Status


@workflow.defn(name="Incident")
class IncidentWorkflow:
    """One incident, from report to closure. Its workflow id is its number (S1)."""

    @workflow.init
    def __init__(self, opening: Intake | HandedOver) -> None:
        """A new report, or the state of the run before this one."""
        self.is_handed_over = isinstance(opening, HandedOver)
        self.intake = opening.intake if isinstance(opening, HandedOver) else opening
        self.incident = opening.incident if isinstance(opening, HandedOver) else Incident.reported(opening)
        self.inbox: list[Sent[Any] | Malformed] = []
        self.publishing: workflow.ActivityHandle[Published] | None = None
        self.alarm = Alarm()
        self.has_woken = False

    @workflow.run
    async def run(self, opening: Intake | HandedOver) -> Closure:  # noqa: ARG002 -- the SDK passes what __init__ took
        """The process, one line a step."""
        if not self.is_handed_over:
            self.log()  # 1
            self.categorise()  # 2
            self.prioritise()  # 3
        while not self.incident.is_over:
            await self.investigate_until_resolved()  # 4 5 6
            await self.ask_caller_to_confirm()  # 7
        await self.complete_the_record()  # 7
        await self.ask_how_it_went()  # 8
        return self.incident.closure()

    # the steps

    def log(self) -> None:
        """Step 1: the report is on record and the caller has a receipt (S1)."""
        first_steps.log(self.incident, self.intake)

    def categorise(self) -> None:
        """Step 2: the category leads to the group (S2, S5)."""
        first_steps.categorise(self.incident, self.intake)

    def prioritise(self) -> None:
        """Step 3: impact and urgency give the priority (S3)."""
        first_steps.prioritise(self.incident, self.intake)

    async def investigate_until_resolved(self) -> None:
        """Steps 4 to 6: people assign, diagnose, escalate, hold and resolve; or somebody cancels (S4, S5)."""
        await self.until(lambda: self.incident.facts.status in (Status.RESOLVED, Status.CLOSED, Status.CANCELLED))

    async def ask_caller_to_confirm(self) -> None:
        """Step 7: the caller says whether it works; silence closes; "still broken" goes back to step 4 (S11, S12)."""
        await self.until(lambda: self.incident.facts.status is not Status.RESOLVED)

    async def complete_the_record(self) -> None:
        """Step 7, the end: closed is final, and the record says so (S12, S21)."""
        await self.until(lambda: not self.incident.is_ahead_of_record)

    async def ask_how_it_went(self) -> None:
        """Step 8: the caller may say how it went; everything is in the record before the workflow ends (S13, S21)."""
        await self.until(lambda: self.incident.has_ended and not self.incident.is_ahead_of_record)

    # the one waiting primitive

    async def until(self, reached: Callable[[], bool]) -> None:
        """Takes in what was said, does what fell due, keeps the record up to date, and sleeps until something changes.

        Every wake-up looks at everything again: several messages and a timer can come together.
        """
        while True:
            self.take_in_messages()
            self.note_what_is_published()
            carry_out(self.incident, workflow.now())
            if reached():
                return
            self.hand_over_where_that_is_due()
            self.publish_what_is_new()
            self.wind_the_alarm()
            await workflow.wait_condition(self.something_happened)
            self.has_woken = True

    def wind_the_alarm(self) -> None:
        """For the earliest date; left as it is while the record is asked whether there is to be one."""
        if self.incident.has_ended:
            self.alarm.retire()
        elif self.incident.waits_for_admission:
            self.alarm.hush()
        else:
            self.alarm.set(self.incident.next_deadline)

    def something_happened(self) -> bool:
        """A message, an answer from the record, or the alarm."""
        return bool(self.inbox) or (self.publishing is not None and self.publishing.done()) or self.alarm.rings()

    def take_in_messages(self) -> None:
        """In the order in which Temporal delivered them."""
        messages, self.inbox = self.inbox, []
        for message in messages:
            receive(self.incident, message, workflow.now())

    def publish_what_is_new(self) -> None:
        """Started, not awaited, one in flight: a database that is away holds up no timer (design section 4)."""
        if self.publishing is None and self.incident.is_ahead_of_record:
            self.publishing = outside_world.publish(self.incident.publication())

    def note_what_is_published(self) -> None:
        """What the record answered; a publication that failed for good is tried anew with everything since."""
        if self.publishing is None or not self.publishing.done():
            return
        finished, self.publishing = self.publishing, None
        if (failure := finished.exception()) is not None:
            workflow.logger.error("publication failed", extra={"failure": type(failure).__name__})
            return
        answer, owed = finished.result(), tuple(self.incident.letters)
        self.incident.published(answer, workflow.now())
        take_admission(self.incident, answer.surveyed, workflow.now())
        suspend_closure(self.incident, answer.unreached, workflow.now())
        go_past_the_unreached(self.incident, owed, answer.unreached, workflow.now())

    def hand_over_where_that_is_due(self) -> None:
        """Continues in a fresh run: when the server finds the history long, or has another build for this incident. Between two publications, so that none is orphaned.

        Another build reads as little as can be of what this one wrote, so the record has everything before it takes over.
        """
        if self.publishing is not None:
            return
        is_long = workflow.info().is_continue_as_new_suggested() and self.incident.fits_into_a_hand_over
        is_for_another_build = workflow.info().is_target_worker_deployment_version_changed() and not self.incident.is_ahead_of_record
        # Never in the first look of a run: whatever the server says, runs must not chase each other.
        if is_long or (is_for_another_build and self.has_woken):
            modes = workflow.ContinueAsNewVersioningBehavior
            onward = modes.UNSPECIFIED if self.incident.is_ahead_of_record else modes.AUTO_UPGRADE
            workflow.continue_as_new(HandedOver(self.intake, self.incident), initial_versioning_behavior=onward)

    # what people and machines say: one message, one handler. Without a payload, or with two, it is answered as malformed: it must not block the incident.

    @workflow.signal
    def acknowledge(self, sent: Any = None, *_: Any) -> None:
        """See messages.Acknowledge."""
        self.inbox.append(read("acknowledge", sent))

    @workflow.signal
    def assign(self, sent: Any = None, *_: Any) -> None:
        """See messages.Assign."""
        self.inbox.append(read("assign", sent))

    @workflow.signal
    def take(self, sent: Any = None, *_: Any) -> None:
        """See messages.Take."""
        self.inbox.append(read("take", sent))

    @workflow.signal
    def escalate(self, sent: Any = None, *_: Any) -> None:
        """See messages.Escalate."""
        self.inbox.append(read("escalate", sent))

    @workflow.signal
    def amend(self, sent: Any = None, *_: Any) -> None:
        """See messages.Amend."""
        self.inbox.append(read("amend", sent))

    @workflow.signal
    def reprioritise(self, sent: Any = None, *_: Any) -> None:
        """See messages.Reprioritise."""
        self.inbox.append(read("reprioritise", sent))

    @workflow.signal
    def override_priority(self, sent: Any = None, *_: Any) -> None:
        """See messages.OverridePriority."""
        self.inbox.append(read("override_priority", sent))

    @workflow.signal
    def hold(self, sent: Any = None, *_: Any) -> None:
        """See messages.Hold."""
        self.inbox.append(read("hold", sent))

    @workflow.signal
    def resume(self, sent: Any = None, *_: Any) -> None:
        """See messages.Resume."""
        self.inbox.append(read("resume", sent))

    @workflow.signal
    def note(self, sent: Any = None, *_: Any) -> None:
        """See messages.Note."""
        self.inbox.append(read("note", sent))

    @workflow.signal
    def message(self, sent: Any = None, *_: Any) -> None:
        """See messages.PublicMessage."""
        self.inbox.append(read("message", sent))

    @workflow.signal
    def resolve(self, sent: Any = None, *_: Any) -> None:
        """See messages.Resolve."""
        self.inbox.append(read("resolve", sent))

    @workflow.signal
    def confirm(self, sent: Any = None, *_: Any) -> None:
        """See messages.Confirm."""
        self.inbox.append(read("confirm", sent))

    @workflow.signal
    def reject(self, sent: Any = None, *_: Any) -> None:
        """See messages.Reject."""
        self.inbox.append(read("reject", sent))

    @workflow.signal
    def reopen(self, sent: Any = None, *_: Any) -> None:
        """See messages.Reopen."""
        self.inbox.append(read("reopen", sent))

    @workflow.signal
    def approve(self, sent: Any = None, *_: Any) -> None:
        """See messages.Approve."""
        self.inbox.append(read("approve", sent))

    @workflow.signal
    def cancel(self, sent: Any = None, *_: Any) -> None:
        """See messages.Cancel."""
        self.inbox.append(read("cancel", sent))

    @workflow.signal
    def rate(self, sent: Any = None, *_: Any) -> None:
        """See messages.Rate."""
        self.inbox.append(read("rate", sent))

    @workflow.signal
    def attach_file(self, sent: Any = None, *_: Any) -> None:
        """See attachments.AttachFile."""
        self.inbox.append(read("attach_file", sent))

    @workflow.signal
    def remove_file(self, sent: Any = None, *_: Any) -> None:
        """See attachments.RemoveFile."""
        self.inbox.append(read("remove_file", sent))

    @workflow.signal
    def quarantine_file(self, sent: Any = None, *_: Any) -> None:
        """See attachments.QuarantineFile."""
        self.inbox.append(read("quarantine_file", sent))

    @workflow.signal
    def report_undeliverable(self, sent: Any = None, *_: Any) -> None:
        """See messages.ReportUndeliverable."""
        self.inbox.append(read("report_undeliverable", sent))

    @workflow.signal
    def adopt_edition(self, sent: Any = None, *_: Any) -> None:
        """See messages.AdoptEdition."""
        self.inbox.append(read("adopt_edition", sent))

    @workflow.signal
    def hand_over(self, sent: Any = None, *_: Any) -> None:
        """See messages.HandOver."""
        self.inbox.append(read("hand_over", sent))

    @workflow.signal(dynamic=True)
    def anything_else(self, name: str, _: Sequence[RawValue]) -> None:
        """A message nobody handles would be buffered for ever; here it is answered as malformed."""
        self.inbox.append(read(name, None))

    @workflow.query
    def facts(self) -> Snapshot:
        """The present facts, for operators and tests; pages read the record (design rule 3)."""
        return self.incident.facts
