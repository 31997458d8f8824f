"""A whole desk in its own directory, on free ports; only processes started here are ever ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.ports import free_port

# Longer than a letter or a file is in the hand of somebody who was killed, on a machine with much else to do.
PATIENCE = 420.0
# One for all: to make one takes longer than most questions.
_HTTP = httpx.Client(timeout=60, trust_env=False)


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Comes back as soon as it is so; fails with what was waited for."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain: {what}")
        time.sleep(0.1)


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of the tests without anything that configures a desk, and the extra settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("HOLDFAST_", "TEMPORAL_"))} | dict(extra)


def holdfast(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs one command to its end."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "cli", *arguments],
        env=clean_environment(settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@dataclass
class House:
    """A ``holdfast up`` in a directory of its own."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        """Takes free ports."""
        self.settings = {
            "HOLDFAST_DATA_DIR": str(self.data_dir),
            "HOLDFAST_LISTEN_PORT": str(free_port()),
            "HOLDFAST_TEMPORAL_PORT": str(free_port()),
        } | self.settings

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self.settings['HOLDFAST_LISTEN_PORT']}"

    @property
    def record(self) -> Path:
        """The file of its database."""
        return self.data_dir / "holdfast.db"

    def begin(self) -> None:
        """Starts it."""
        out = self.data_dir.parent / "up.log"
        out.unlink(missing_ok=True)
        with out.open("wb") as log:
            command = [sys.executable, "-P", "-m", "cli", "up"]
            self.process = subprocess.Popen(command, env=clean_environment(self.settings), stdout=log, stderr=subprocess.STDOUT)

    def open(self) -> None:
        """Starts it and waits until it says that it is open."""
        self.begin()
        assert self.process is not None
        wait_until(
            lambda: self.process is not None and ("Type this next" in self.said() or self.process.poll() is not None), "an open desk"
        )
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        """What it told the terminal."""
        return (self.data_dir.parent / "up.log").read_text(encoding="utf-8")

    def close(self) -> int:
        """Asks it to stop, as Ctrl-C does; answers with its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def pids(self) -> dict[str, int]:
        """The processes it looks after, by name."""
        return {file.stem: int(file.read_text(encoding="utf-8")) for file in sorted(self.data_dir.glob("*.pid"))}

    def key(self, whose: str) -> str:
        """A key from the file made at the first run."""
        lines = (self.data_dir / "keys.env").read_text(encoding="utf-8").splitlines()
        return next(line.partition("=")[2] for line in lines if f"_{whose}_KEY" in line)

    def asks(self, method: str, path: str, whose: str = "CALLER", **rest: Any) -> httpx.Response:
        """One request to the API; a connection that breaks while something restarts is tried again."""
        headers = {"Authorization": f"Bearer {self.key(whose)}"} | rest.pop("headers", {})
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = _HTTP.request(method, self.url + path, headers=headers, **rest)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            if time.monotonic() > deadline:
                pytest.fail(f"{method} {path} was never answered")
            time.sleep(0.2)

    def report(self, title: str) -> str:
        """Reports an incident and waits until it can be read; answers with its number."""
        answer = self.asks(
            "POST", "/api/v1/incidents", json={"title": title, "category": "network"}, headers={"Idempotency-Key": title.replace(" ", "-")}
        )
        assert answer.status_code in {201, 202}, answer.text
        number: str = answer.json()["number"]
        wait_until(lambda: self.asks("GET", f"/api/v1/incidents/{number}").status_code == httpx.codes.OK, f"{number} in the record")
        return number

    def tidy_up(self) -> None:
        """Leaves no process of this house behind."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.pids().values():
            if is_alive(pid) and str(self.data_dir) in " ".join(psutil.Process(pid).cmdline()):
                psutil.Process(pid).kill()


def is_alive(pid: int) -> bool:
    """Whether that process runs; one that ended and waits to be noticed does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
