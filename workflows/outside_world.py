"""Each call to the outside world, spelled once: timeouts, retries, summary."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.mail.mail_room import MailRoom
    from activities.records import Records
    from workflows.publication import Publication, Published

# A database that is away for a day is written when it is back; nothing gives up, nothing waits for it.
_UNTIL_IT_WORKS = RetryPolicy(initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=10))


def publish(publication: Publication) -> "workflow.ActivityHandle[Published]":
    """Writes facts, events, outcomes and letters owed in one transaction (design section 4). Started, not awaited."""
    return workflow.start_activity_method(
        Records.publish,
        publication,
        start_to_close_timeout=timedelta(seconds=20),
        retry_policy=_UNTIL_IT_WORKS,
        summary=f"version {publication.up_to}",
    )


async def send_letters() -> None:
    """One shift of the mail room: letters leave as they fall due; the heartbeat lets another worker take over within seconds."""
    await workflow.execute_activity_method(
        MailRoom.send_letters,
        start_to_close_timeout=timedelta(hours=2),
        heartbeat_timeout=timedelta(seconds=15),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=10)),
        summary="sends letters",
    )
