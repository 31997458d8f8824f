"""The worker: real activities plugged into the workflows, until somebody says stop."""

from activities.settings import Settings


async def run_worker(settings: Settings) -> None:
    """Serves the desk's task queue until SIGTERM or SIGINT."""
    raise NotImplementedError(settings.task_queue)
