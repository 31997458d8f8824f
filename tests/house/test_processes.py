"""The pieces of production without containers: PostgreSQL for the record, a Temporal server, and separate processes beside each other."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from activities.house.up.embedded_server import server_command
from activities.house.up.first_run import sample_directory
from activities.settings import read_settings
from tests.house.whole_house import PATIENCE, clean_environment, holdfast, is_alive, wait_until
from tests.ports import free_port

LINK_KEY = "8d1f0a6b5c4e3927a1b0c9d8e7f60514"


@contextmanager
def _running(log: Path, *command: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process for the length of a test; it is asked to stop, and killed only if it does not."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=clean_environment(settings), stdout=out, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_separate_processes_on_postgresql_work_together(tmp_path: Path, postgres_url: str) -> None:
    """Migrate, two workers and two front doors started by hand serve one desk: what one accepts the other shows, and SIGTERM ends each with 0."""
    ports = [free_port(), free_port()]
    temporal = read_settings().model_copy(update={"data_dir": tmp_path, "temporal_port": free_port()})
    settings = {
        "HOLDFAST_DATABASE_URL": postgres_url,
        "HOLDFAST_LINK_KEYS": LINK_KEY,
        "HOLDFAST_DATA_DIR": str(tmp_path / "unused"),
        "TEMPORAL_ADDRESS": f"127.0.0.1:{temporal.temporal_port}",
    }
    ours = (sys.executable, "-P", "-m", "cli")
    people = tmp_path / "people.toml"
    people.write_text(sample_directory(), encoding="utf-8")
    with ExitStack() as stack:
        # Workers may come before Temporal: they wait for it.
        workers = [stack.enter_context(_running(tmp_path / f"worker{n}.log", *ours, "worker", **settings)) for n in (1, 2)]
        doors = [
            stack.enter_context(_running(tmp_path / f"api{port}.log", *ours, "api", **settings, HOLDFAST_LISTEN_PORT=str(port)))
            for port in ports
        ]
        assert holdfast("migrate", **settings).returncode == 0
        assert holdfast("directory", "import", str(people), **settings).returncode == 0
        key = holdfast("keys", "issue", "--person", "carla", **settings).stdout.strip()
        wait_until(lambda: all(_status(port, "/healthz") == httpx.codes.OK for port in ports), "both front doors")
        wait_until(lambda: _status(ports[0], "/readyz") == httpx.codes.SERVICE_UNAVAILABLE, "an answer without Temporal")
        stack.enter_context(_running(tmp_path / "temporal.log", *server_command(temporal)))
        wait_until(lambda: all(_status(port, "/readyz") == httpx.codes.OK for port in ports), "readiness")

        sent = {"url": f"http://127.0.0.1:{ports[0]}/api/v1/incidents", "json": {"title": "No dial tone"}}
        accepted = httpx.post(**sent, headers=_as(key), timeout=60, trust_env=False)  # type: ignore[arg-type]
        assert accepted.status_code in {201, 202}, accepted.text
        number = accepted.json()["number"]
        place = f"/api/v1/incidents/{number}"
        wait_until(lambda: _status(ports[1], place, key) == httpx.codes.OK, "the incident at the other front door")

        wait_until(lambda: holdfast("doctor", **settings, HOLDFAST_LISTEN_PORT=str(ports[0])).returncode == 0, "a doctor who is content")
        for process in (*workers, *doors):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(PATIENCE) for process in (*workers, *doors)] == [0, 0, 0, 0]
        assert not any(is_alive(process.pid) for process in (*workers, *doors))
    assert not (tmp_path / "unused").exists()


def _as(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _status(port: int, path: str, key: str = "") -> int | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", headers=_as(key) if key else {}, timeout=60, trust_env=False).status_code
    except httpx.TransportError:
        return None
