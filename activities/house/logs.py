"""Logs: one JSON object a line, or colours where a person watches. No personal data: what could hold some is left out (design rule 10)."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError

from activities.payloads.keys import UnreadablePayloadError

HOUSE = "holdfast.house"

# Fields that hold what people wrote or who they are. Ids are opaque and stay.
_PERSONAL = frozenset(
    {"name", "email", "text", "html", "subject", "title", "description", "report", "message", "payload", "headers", "recipient_address"}
)
# Their first lines name hosts, tables and states; parameters are hidden by the engine.
_SAYS_NOTHING_PERSONAL = (OSError, SQLAlchemyError, RPCError)
_MOST_FRAMES = 15
_MOST_ERRORS = 5
_CHATTY = ("uvicorn.access", "aiosqlite", "httpx", "httpcore", "sqlalchemy.engine")


def configure_logs(level: Literal["debug", "info", "warning", "error"], process: str) -> None:
    """Everything this process logs, through structlog or the standard library, goes to standard output in one form."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _leave_out_what_is_personal,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_last_steps()))
    handler.addFilter(_is_not_said_already)
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # Whether a process runs is said at any level; holdfast up waits for it.
    logging.getLogger(HOUSE).setLevel(logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def listen_to_the_core() -> None:
    """What the Rust half of Temporal's client has to say comes through here, too; by itself it writes past all this, in a form of its own."""
    there = LogForwardingConfig(logging.getLogger("temporalio"))
    logged = LoggingConfig(filter=TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=there)
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=logged)), error_if_already_set=False)


def _is_not_said_already(line: logging.LogRecord) -> bool:
    """The codec says in one line what it cannot read; both halves of the SDK would say so again at every attempt, for each incident."""
    if UnreadablePayloadError.__name__ in str(line.msg):
        return False
    error = _error_of(line.exc_info)
    while error is not None and not isinstance(error, UnreadablePayloadError):
        error = error.__cause__ or error.__context__
    return error is None


def _last_steps() -> list[structlog.types.Processor]:
    without_inner_fields = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if sys.stdout.isatty():
        return [without_inner_fields, _tell_the_exception, structlog.dev.ConsoleRenderer()]
    return [without_inner_fields, _tell_the_exception, structlog.processors.JSONRenderer(default=str)]


def _tell_the_exception(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Which errors, and where; what an error says only where that cannot be what a person wrote."""
    error = _error_of(line.pop("exc_info", None))
    if error is None:
        return line
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    line["where"] = [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    line["errors"] = []
    while error is not None and len(line["errors"]) < _MOST_ERRORS:
        said = f": {str(error).partition(chr(10))[0]}" if isinstance(error, _SAYS_NOTHING_PERSONAL) else ""
        line["errors"].append(f"{type(error).__module__}.{type(error).__qualname__}{said}")
        error = error.__cause__ or error.__context__
    return line


def _error_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    elif exc_info is True:
        exc_info = sys.exc_info()[1]
    return exc_info if isinstance(exc_info, BaseException) else None


def _leave_out_what_is_personal(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for field in _PERSONAL & line.keys():
        line[field] = "(left out)"
    return line
