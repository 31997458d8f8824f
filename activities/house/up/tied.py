"""Runs a command that must not outlive its parent: ``python -I -S tied.py PARENT COMMAND...``.

A script of its own, because code between fork and exec is unsafe in a process with threads. On Linux the kernel ends the command with its parent;
elsewhere our own processes watch their parent (``--parent``) and a left-over server is found by its pid file.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ties this process to its parent and becomes the command."""
    parent = int(sys.argv[1])
    if sys.platform == "linux":
        # Everything here is durable, so an immediate end loses nothing and leaves no port taken.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the tie held
        os._exit(1)
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 -- the command is the supervisor's own


if __name__ == "__main__":
    main()
