"""Logs: one JSON object a line, or colours where a person watches. No personal data: what could hold some is left out (design rule 10)."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

# Fields that hold what people wrote or who they are. Ids are opaque and stay.
_PERSONAL = frozenset(
    {"name", "email", "text", "html", "subject", "title", "description", "report", "message", "payload", "headers", "recipient_address"}
)
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
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def _last_steps() -> list[structlog.types.Processor]:
    without_inner_fields = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if sys.stdout.isatty():
        return [without_inner_fields, structlog.dev.ConsoleRenderer()]
    return [without_inner_fields, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]


def _leave_out_what_is_personal(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for field in _PERSONAL & line.keys():
        line[field] = "(left out)"
    return line
