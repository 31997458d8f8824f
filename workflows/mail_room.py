"""Keeps the sender of letters alive: one shift after the other, for ever (design section 4)."""

from temporalio import workflow

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
