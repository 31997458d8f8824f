"""What is logged, and what never is (design rule 10)."""

import json
import subprocess
import sys
from typing import Any

from tests.house.whole_house import clean_environment

WRITING = """
import logging, structlog
from pydantic import TypeAdapter
from activities.house.logs import configure_logs

configure_logs("{level}", "test")
log = structlog.get_logger("holdfast.test")
{program}
"""


def _logged(program: str, level: str = "info") -> list[dict[str, Any]]:
    """The lines a process of its own logs: logging is one for a whole process, and this one's is the tests'."""
    command = [sys.executable, "-c", WRITING.format(level=level, program=program)]
    done = subprocess.run(command, env=clean_environment({}), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_is_one_json_object() -> None:
    """Lines of ours and of libraries have the same form, with time, level, process and logger."""
    ours, theirs = _logged('log.info("running", task_queue="holdfast"); logging.getLogger("some.library").warning("it is %s", "late")')
    assert (ours["event"], ours["task_queue"], ours["process"]) == ("running", "holdfast", "test")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("it is late", "warning", "some.library")
    assert ours["timestamp"].endswith("Z")


def test_what_people_wrote_is_left_out() -> None:
    """A field that could hold a name, an address or a text is not logged, whoever passes it."""
    (line,) = _logged('log.info("letter", email="carla@example.org", subject="My salary", number="INC-1001-9")')
    assert "carla@example.org" not in json.dumps(line)
    assert "salary" not in json.dumps(line)
    assert line["number"] == "INC-1001-9"


def test_an_error_is_told_without_what_it_quotes() -> None:
    """Validation errors quote their input; the log says which error and where, not what was written."""
    program = """
try:
    TypeAdapter(int).validate_python("my salary")
except ValueError:
    log.exception("refused")
"""
    (line,) = _logged(program)
    assert "salary" not in json.dumps(line)
    assert line["errors"] == ["pydantic_core._pydantic_core.ValidationError"]
    assert line["where"]


def test_an_error_of_the_network_says_what_it_is() -> None:
    """Where an error cannot quote people, its sentence helps whoever operates the desk."""
    (line,) = _logged('log.error("away", exc_info=ConnectionRefusedError(111, "Connection refused"))')
    assert line["errors"] == ["builtins.ConnectionRefusedError: [Errno 111] Connection refused"]


def test_running_is_reported_at_any_level() -> None:
    """Whoever turns logging down still has a worker that says it runs: holdfast up waits for that line."""
    assert [
        line["event"]
        for line in _logged('logging.getLogger("x").info("no"); structlog.get_logger("holdfast.house").info("running")', "error")
    ] == ["running"]
