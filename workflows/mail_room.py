"""Keeps the sender of letters alive: one shift after the other, for ever (design section 4)."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from workflows import outside_world

WORKFLOW_ID = "mail-room"


@workflow.defn(name="MailRoom")
class MailRoomWorkflow:
    """Runs once per installation under a fixed id; Temporal restarts the shift wherever a worker is left."""

    @workflow.run
    async def run(self) -> None:
        """One shift, then a fresh history."""
        await outside_world.send_letters()
        workflow.continue_as_new()


@workflow.defn(name="MailRoom", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class FollowingMailRoomWorkflow(MailRoomWorkflow):
    """The same where workers have builds: it goes with the current one at once, so letters leave wherever a worker is left. A changed step needs a patch marker.

    A worker without a build may not run it: Temporal would refuse its answers (temporal.md 4.3).
    """

    @workflow.run
    async def run(self) -> None:
        """One shift, then a fresh history."""
        await super().run()
