"""Keeps the processes of ``holdfast up`` alive: starts them in order, restarts one that dies, stops them in reverse order.

One plain loop in the main thread; a thread for each child only carries its output to its log file.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from activities.house.refusals import RefusedError
from activities.house.up import tied
from activities.house.up.child_log import ChildLog, last_lines
from activities.house.up.data_directory import write_private

_GLANCE = 0.1  # seconds between two looks at the children
_FIRST_PAUSE = 0.5  # seconds before a dead child is started again, doubled each time ...
_LONGEST_PAUSE = 30.0  # ... up to this
_STEADY = 60.0  # a child that lived this many seconds begins again with the first pause
_MOST_FALSE_STARTS = 4  # while the house is being opened
_TERMINAL_PAUSE = 60.0  # the same warning is shown once in so many seconds

Say = Callable[[str], None]


@dataclass
class Child:
    """One process of the house. ``is_ready`` is asked until it says yes; ``grace`` is its time to end by itself."""

    name: str
    command: Sequence[str]
    is_ready: Callable[["Child"], bool]
    grace: timedelta
    environment: dict[str, str]
    log: Path
    pid_file: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    false_starts: int = 0
    start_again_at: float | None = None
    said: set[str] = field(default_factory=set)

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None

    def has_said(self, event: str) -> bool:
        """Whether this process has logged that event since it was started."""
        return event in self.said


class Supervisor:
    """Looks after the children, in the order they are given: each may need those before it."""

    def __init__(self, children: Sequence[Child], say: Say) -> None:
        self.children = tuple(children)
        self.say = say
        self.stop_wanted = threading.Event()
        self._shown: dict[str, float] = {}

    def run(self, on_ready: Callable[[], None]) -> None:
        """Until SIGINT, SIGTERM or SIGHUP. Raises RefusedError, with everything stopped, when a child cannot be started at all."""
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if each is signal.SIGHUP and signal.getsignal(each) is signal.SIG_IGN:
                continue  # started by nohup: it stays open when the terminal closes
            signal.signal(each, lambda *_: self.stop_wanted.set())
        self.look_after_all(on_ready)

    def look_after_all(self, on_ready: Callable[[], None]) -> None:
        """The same, until ``stop_wanted`` is set."""
        try:
            for child in self.children:
                if not self.stop_wanted.is_set():
                    self._open(child)
            if not self.stop_wanted.is_set():
                on_ready()
            while not self.stop_wanted.wait(_GLANCE):
                for child in self.children:
                    self._look_after(child)
        finally:
            for child in reversed(self.children):
                self._stop(child)

    def _open(self, child: Child) -> None:
        self._start(child)
        while not self.stop_wanted.wait(_GLANCE):
            if child.is_alive and child.is_ready(child):
                return
            self._look_after(child)
            if child.false_starts > _MOST_FALSE_STARTS:
                raise RefusedError(f"The {child.name} does not start. The end of {child.log} says why:\n{last_lines(child.log)}")

    def _look_after(self, child: Child) -> None:
        if child.is_alive:
            return
        if child.start_again_at is None:
            pause = self._pause_before(child)
            self.say(f"The {child.name} ended ({_how_it_ended(child)}); it is started again in {pause:g} s. Log: {child.log}")
            child.start_again_at = time.monotonic() + pause
        elif time.monotonic() >= child.start_again_at:
            self._start(child)

    def _pause_before(self, child: Child) -> float:
        lived = time.monotonic() - child.started_at
        child.false_starts = 1 if lived > _STEADY else child.false_starts + 1
        return min(_FIRST_PAUSE * 2.0 ** (child.false_starts - 1), _LONGEST_PAUSE)

    def _start(self, child: Child) -> None:
        child.said.clear()
        child.start_again_at = None
        child.started_at = time.monotonic()
        tie = (sys.executable, "-I", "-S", tied.__file__, str(os.getpid()))
        # Its own session: Ctrl-C reaches this process only, which then stops the children in order.
        child.process = subprocess.Popen(  # noqa: S603 -- our own commands
            [*tie, *child.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=child.environment,
            start_new_session=True,
        )
        write_private(child.pid_file, f"{child.process.pid}\n")
        threading.Thread(target=self._carry_output, args=(child, child.process), name=f"log-{child.name}", daemon=True).start()

    def _stop(self, child: Child) -> None:
        process = child.process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(child.grace.total_seconds())
            except subprocess.TimeoutExpired:
                self.say(f"The {child.name} did not end within {child.grace.total_seconds():g} s and was killed; nothing is lost.")
                process.kill()
                process.wait()
        child.pid_file.unlink(missing_ok=True)

    def _carry_output(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with ChildLog(child.log) as log:
            for raw in process.stdout:
                self._take_note(child, log.keep(raw))

    def _take_note(self, child: Child, entry: dict[str, Any]) -> None:
        event = str(entry.get("event", ""))
        child.said.add(event)
        if entry.get("level") not in {"warning", "error", "critical"} or not event:
            return
        text = f"{child.name}: {event}"
        if time.monotonic() - self._shown.get(text, -_TERMINAL_PAUSE) >= _TERMINAL_PAUSE:
            self._shown[text] = time.monotonic()
            self.say(text)


def _how_it_ended(child: Child) -> str:
    code = child.process.returncode if child.process else None
    return f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
