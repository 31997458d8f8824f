"""Children are started in order, started again when they die, and never outlive the house."""

import os
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from activities.house.refusals import RefusedError
from activities.house.up import tied
from activities.house.up.child_log import ChildLog, last_lines
from activities.house.up.data_directory import end_left_over, held, pid_file, write_private
from activities.house.up.supervisor import Child, Supervisor
from activities.settings import read_settings
from tests.house.whole_house import holdfast, is_alive, wait_until

LASTING = 'import sys, time; print(\'{"event": "running"}\', flush=True); time.sleep(600)'
DYING = "import sys; print('no key to the cellar', flush=True); sys.exit(3)"


def _child(place: Path, name: str, program: str) -> Child:
    return Child(
        name,
        (sys.executable, "-c", program),
        lambda child: child.has_said("running"),
        timedelta(seconds=5),
        dict(os.environ),
        place / f"{name}.log",
        place / f"{name}.pid",
    )


class Run:
    """A supervisor whose signals are left alone, run in a thread so that the test can look on."""

    def __init__(self, *children: Child) -> None:
        self.said: list[str] = []
        self.supervisor = Supervisor(children, self.said.append)
        self.is_open = threading.Event()
        self.refusal: RefusedError | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.supervisor.look_after_all(self.is_open.set)
        except RefusedError as error:
            self.refusal = error

    def stop(self) -> None:
        """Closes the house and waits until it is closed."""
        self.supervisor.stop_wanted.set()
        self.thread.join()


def _pid(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    """A killed child is replaced, and the terminal says so in one line."""
    child = _child(tmp_path, "worker", LASTING)
    run = Run(child)
    wait_until(run.is_open.is_set, "an open house")
    first = _pid(child)
    os.kill(first, 9)
    wait_until(lambda: _pid(child) != first and child.has_said("running"), "a new child")
    run.stop()
    assert [line for line in run.said if "SIGKILL" in line and "started again" in line]
    assert not is_alive(_pid(child))


def test_each_child_waits_for_the_one_before(tmp_path: Path) -> None:
    """The second is not started before the first is ready, and is stopped before it."""
    first, second = _child(tmp_path, "server", LASTING), _child(tmp_path, "worker", LASTING)
    run = Run(first, second)
    wait_until(run.is_open.is_set, "an open house")
    run.stop()
    assert first.started_at < second.started_at
    assert not is_alive(_pid(first))
    assert not is_alive(_pid(second))
    assert not list(tmp_path.glob("*.pid"))


def test_a_child_that_cannot_start_closes_the_house(tmp_path: Path) -> None:
    """After a few false starts the house gives up and shows the end of the child's log."""
    good, bad = _child(tmp_path, "server", LASTING), _child(tmp_path, "worker", DYING)
    run = Run(good, bad)
    run.thread.join()
    assert run.refusal is not None
    assert "no key to the cellar" in str(run.refusal)
    assert not is_alive(_pid(good))


def test_a_tied_process_ends_with_its_parent(tmp_path: Path) -> None:
    """When the parent is killed without warning, the kernel ends the child."""
    if sys.platform != "linux":
        pytest.skip("the tie is the Linux kernel's")
    note = tmp_path / "pid"
    grandchild = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    parent_program = (
        "import os, subprocess, sys, time; "
        f"subprocess.Popen([sys.executable, '-I', '-S', {tied.__file__!r}, str(os.getpid()), sys.executable, '-c', {grandchild!r}]); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_program])
    wait_until(lambda: note.exists() and bool(note.read_text(encoding="utf-8")), "a grandchild")
    pid = int(note.read_text(encoding="utf-8"))
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(pid), "the end of the grandchild")


def test_two_houses_cannot_share_a_directory() -> None:
    """The second is told who has it and what to set."""
    settings = read_settings()
    with held(settings), pytest.raises(RefusedError, match=rf"process {os.getpid()}.*HOLDFAST_DATA_DIR"), held(settings):
        pass


def test_only_our_own_left_over_is_ended() -> None:
    """A process id that belongs to somebody else by now is left alone."""
    settings = read_settings()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    ours = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", str(settings.data_dir / "temporal.db")])
    try:
        pid_file(settings, "server").write_text(str(stranger.pid), encoding="utf-8")
        assert not end_left_over(settings, "server", str(settings.data_dir / "temporal.db"))
        assert stranger.poll() is None
        pid_file(settings, "server").write_text(str(ours.pid), encoding="utf-8")
        threading.Thread(target=ours.wait, daemon=True).start()
        assert end_left_over(settings, "server", str(settings.data_dir / "temporal.db"))
        wait_until(lambda: not is_alive(ours.pid), "the end of the left over")
    finally:
        stranger.kill()
        stranger.wait()
        ours.kill()


def test_secrets_are_written_for_their_owner_only(tmp_path: Path) -> None:
    """Keys are readable by nobody else, not even for a moment."""
    write_private(tmp_path / "keys.env", "export KEY=1\n")
    write_private(tmp_path / "keys.env", "export KEY=2\n")
    assert (tmp_path / "keys.env").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys.env").read_text(encoding="utf-8") == "export KEY=2\n"


def test_a_log_line_need_not_be_json(tmp_path: Path) -> None:
    """Whatever a child writes is kept; only its JSON is read."""
    with ChildLog(tmp_path / "child.log") as log:
        assert log.keep(b'{"event": "running", "level": "info"}\n')["event"] == "running"
        assert log.keep(b"100 % broken \xff [1]\n") == {}
        assert log.keep(b"[1]\n") == {}
    assert "100 % broken" in last_lines(tmp_path / "child.log")


def test_a_taken_port_is_told_with_its_setting(tmp_path: Path) -> None:
    """Where somebody else listens, the sentence says which setting to change."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = holdfast("up", HOLDFAST_DATA_DIR=str(tmp_path), HOLDFAST_TEMPORAL_PORT=port)
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "HOLDFAST_TEMPORAL_PORT" in done.stderr
    assert "Traceback" not in done.stderr
