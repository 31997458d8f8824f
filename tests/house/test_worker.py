"""How the worker is plugged together."""

import asyncio
import os
import pkgutil
from datetime import timedelta
from typing import Any, Self

import pytest
from pydantic import SecretStr

import worker
import workflows
from activities.settings import Settings
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


class _Stuck:
    """A worker of an SDK that waits for a poll which never comes back."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.Event().wait()


class _LeftError(Exception):
    """Instead of the end of this very process."""


async def test_a_worker_ends_also_when_the_sdk_does_not_let_go(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    """Told to stop, it waits for what is in hand and a while longer, and then ends with success: nobody has to kill it."""

    def leave(code: int) -> None:
        raise _LeftError(code)

    monkeypatch.setattr(worker, "Worker", _Stuck)
    monkeypatch.setattr(worker, "LETS_GO_WITHIN", timedelta(milliseconds=10))
    monkeypatch.setattr(worker, "leave", leave)
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(_LeftError) as left:
        await worker._serve(None, Settings(database_url=sqlite_url, link_keys=(SecretStr("k" * 40),)), timedelta(0), stop)  # type: ignore[arg-type]
    assert left.value.args == (os.EX_OK,)
