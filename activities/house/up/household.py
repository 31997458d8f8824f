"""The processes of ``holdfast up``: which ones, in which order, and when each counts as open."""

import http.client
import os
import socket
import sys
from collections.abc import Callable
from datetime import timedelta

from activities.house.refusals import RefusedError
from activities.house.serving import LETS_GO_WITHIN
from activities.house.up.data_directory import end_left_over, pid_file
from activities.house.up.embedded_server import server_answers, server_command, server_file
from activities.house.up.supervisor import Child
from activities.settings import PREFIX, Settings, child_environment, server_environment

# What a worker has in hand may take this long to finish when the house is closed; everything else is durable.
WORKER_PATIENCE = timedelta(seconds=5)
_ANSWER_SECONDS = 2


def children(settings: Settings) -> tuple[Child, ...]:
    """Temporal, worker, API: each may need those before it, and they are stopped from the last to the first."""
    worker_ends_within = WORKER_PATIENCE + LETS_GO_WITHIN + timedelta(seconds=2)
    apart, ours = server_environment(settings), child_environment(settings)
    return (
        _child(settings, "Temporal server", server_command(settings), apart, lambda _: server_answers(settings), timedelta(seconds=5)),
        _child(settings, "worker", _ours("worker"), ours, lambda child: child.has_said("running"), worker_ends_within),
        _child(settings, "API", _ours("api"), ours, lambda _: _answers(settings), timedelta(seconds=4)),
    )


def check_ports(settings: Settings) -> None:
    """Ends a server left over from a crash; raises RefusedError where somebody else has a port the house needs."""
    end_left_over(settings, "temporal-server", str(server_file(settings)))
    _refuse_if_taken("127.0.0.1", settings.temporal_port, "TEMPORAL_PORT")
    _refuse_if_taken(settings.listen_host, settings.listen_port, "LISTEN_PORT")


def _child(
    settings: Settings,
    name: str,
    command: tuple[str, ...],
    environment: dict[str, str],
    is_ready: Callable[[Child], bool],
    grace: timedelta,
) -> Child:
    slug = name.lower().replace(" ", "-")
    log = settings.data_dir / "logs" / f"{slug}.log"
    return Child(name, command, is_ready, grace, environment, log, pid_file(settings, slug))


def _ours(command: str) -> tuple[str, ...]:
    # -P: a file named cli.py in the reader's directory is not the command line of the desk.
    return (sys.executable, "-P", "-m", "cli", command, "--parent", str(os.getpid()))


def _answers(settings: Settings) -> bool:
    connection = http.client.HTTPConnection(_reachable(settings.listen_host), settings.listen_port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    """An address this machine can call where the setting means all of them."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared, not bound


def _refuse_if_taken(host: str, port: int, setting: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RefusedError(
                f"Port {port} on {host} cannot be used ({error.strerror}); stop what listens there, or set {PREFIX}{setting} to a free port."
            ) from None
