"""How the worker is plugged together."""

import asyncio
import os
import pkgutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Self, cast

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

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


class _Unwilling:
    """A Temporal that answers each start with the next error, and takes the one after them."""

    def __init__(self, *errors: Exception) -> None:
        self._errors: Iterator[Exception] = iter(errors)
        self.opened = asyncio.Event()

    async def start_workflow(self, *_: object, **__: object) -> None:
        for error in self._errors:
            raise error
        self.opened.set()


async def test_a_mail_room_that_cannot_be_opened_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No letter leaves until somebody knows: each refusal is a warning that says why, and no error ends the trying."""
    monkeypatch.setattr(worker, "LOOKS_EVERY", timedelta(milliseconds=1))
    temporal = _Unwilling(RPCError("Request unauthorized.", RPCStatusCode.PERMISSION_DENIED, b""), ValueError("odd"))
    with capture_logs() as logged:
        looks = asyncio.create_task(worker._look_after(cast("Client", temporal), Settings()))
        await asyncio.wait_for(temporal.opened.wait(), 10)
        looks.cancel()
    refused, odd = logged
    assert refused["event"] == odd["event"] == "the mail room cannot be kept open, letters may wait"
    assert {line["log_level"] for line in logged} == {"warning"}
    assert ("PERMISSION_DENIED" in refused["why"], "TEMPORAL_NAMESPACE" in refused["advice"]) == (True, True)
    assert isinstance(odd["exc_info"], ValueError)


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
