"""The directory that holds a whole desk: who may use it, what is left over from the last time."""

import fcntl
import os
import platform
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from activities.house.refusals import RefusedError
from activities.settings import PREFIX, Settings, link_key_file

_PRIVATE_DIRECTORY = 0o700
_PRIVATE_FILE = 0o600
_PATIENCE_SECONDS = 5.0


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """The data directory, made if need be, and ours alone until the end. Raises RefusedError when another ``holdfast up`` has it."""
    prepare(settings)
    with (settings.data_dir / "up.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise RefusedError(
                f"Another holdfast up (process {lock.read().strip() or 'unknown'}) is using {settings.data_dir}; "
                f"stop it first, or set {PREFIX}DATA_DIR to another directory."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def prepare(settings: Settings) -> None:
    """Makes the directory, readable by its owner only. Raises RefusedError where that is impossible."""
    try:
        settings.data_dir.mkdir(mode=_PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        (settings.data_dir / "logs").mkdir(exist_ok=True)
    except OSError as error:
        raise RefusedError(
            f"{settings.data_dir} cannot be used: {error.strerror}; set {PREFIX}DATA_DIR to a directory you may write to."
        ) from None


def write_private(path: Path, text: str) -> None:
    """Writes a file only its owner can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def make_link_key(settings: Settings) -> None:
    """A random key that signs links in letters, once for this directory; links in letters already sent keep working."""
    file = link_key_file(settings)
    if not settings.link_keys and not file.exists():
        write_private(file, secrets.token_hex(32) + "\n")


def pid_file(settings: Settings, name: str) -> Path:
    """Where the process id of a child stands while it runs."""
    return settings.data_dir / f"{name}.pid"


def end_left_over(settings: Settings, name: str, mark: str) -> bool:
    """Ends a child that outlived an earlier ``holdfast up``, if the process with its id really is ours: its command line has the mark."""
    try:
        pid = int(pid_file(settings, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if mark not in _command_line(pid):
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while mark in _command_line(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.05)
    return True


def _command_line(pid: int) -> str:
    if platform.system() == "Linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    shown = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603 -- a number
    return shown.stdout
