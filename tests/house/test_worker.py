"""How the worker is plugged together."""

import pkgutil

import workflows
from worker import runner
from workflows.incident import IncidentWorkflow
from workflows.mail_room import MailRoomWorkflow


def test_the_process_stays_in_the_sandbox() -> None:
    """The files with workflows are guarded against what would differ in a replay; everything they use is loaded once and shared."""
    shared = runner().restrictions.passthrough_modules
    guarded = {IncidentWorkflow.__module__, MailRoomWorkflow.__module__}
    ours = {f"workflows.{module.name}" for module in pkgutil.iter_modules(workflows.__path__)}
    assert "workflows" not in shared, "passing the package through would pass the workflow files through"
    assert ours - shared == guarded
    assert {"activities", "emails"} <= shared
