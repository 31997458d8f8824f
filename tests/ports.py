"""Ports for servers of tests that start a while after their port was chosen."""

import os
import random
import socket
from itertools import count

# Below what Linux hands out by itself, so that nobody else comes upon a port between the choice and the start; each process of pytest-xdist has its own.
_FIRST, _EACH = 12_000, 2_500
_MINE = _FIRST + _EACH * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw7").removeprefix("gw")) % 8)
_places = count(random.randrange(_EACH))  # noqa: S311 -- not a secret: two runs on one machine should seldom begin at the same place


def free_port() -> int:
    """A port of this machine that nobody listens on, and that this process has not given out for long."""
    for _ in range(_EACH):
        port = _MINE + next(_places) % _EACH
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port between {_MINE} and {_MINE + _EACH}")
