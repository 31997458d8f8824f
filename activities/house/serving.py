"""What ``holdfast worker`` and ``holdfast api`` have in common: a process from its first log line to its last."""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, NoReturn

import structlog
import uvloop

from activities.house.logs import HOUSE, configure_logs, listen_to_the_core
from activities.house.refusals import UsageRefusedError
from activities.policy_book import UnusableBookError, load_book
from activities.settings import Settings
from workflows.policies.book import adopt

# A worker whose last task is done: on a busy machine the SDK sometimes waits for a poll that never comes back.
LETS_GO_WITHIN = timedelta(seconds=5)
_GLANCE = 1.0  # seconds between two looks at the parent
log = structlog.get_logger(HOUSE)


def begin(settings: Settings, process: str, parent: int | None) -> None:
    """Logs, and a watch on the ``holdfast up`` that started this process, if one did."""
    configure_logs(settings.log_level, process)
    listen_to_the_core()
    if parent:
        threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()


def run_to_the_end(work: Coroutine[Any, Any, None]) -> NoReturn:
    """Ends without the interpreter's teardown, in which the Temporal SDK sometimes crashes (temporal.md 6.2)."""
    code = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except Exception:
        log.exception("ended by an error")
        code = 1
    leave(code)


def leave(code: int) -> NoReturn:
    """Ends this process now, whatever still runs in it, once all that was said is written."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def adopt_policies(settings: Settings) -> None:
    """Works by the desk's own book where there is one. Raises UsageRefusedError where HOLDFAST_POLICIES names no usable file."""
    if settings.policies is None:
        return
    try:
        adopt(load_book(settings.policies))
    except UnusableBookError as error:
        raise UsageRefusedError(str(error)) from None


def _end_with(parent: int) -> None:
    """Where the kernel does not end a child with its parent, the child sees to it itself."""
    while os.getppid() == parent:
        time.sleep(_GLANCE)
    os._exit(1)
