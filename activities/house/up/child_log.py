"""What a child of ``holdfast up`` says: kept in a file that never grows without end, and read for what the terminal should show."""

import json
import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_MOST_BYTES = 10_000_000
_OLD_FILES = 3
_SHOWN_LINES = 12


class ChildLog:
    """The log file of one child; a full one is put aside and the oldest is forgotten."""

    def __init__(self, path: Path) -> None:
        self._file = RotatingFileHandler(path, maxBytes=_MOST_BYTES, backupCount=_OLD_FILES, encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def keep(self, raw: bytes) -> dict[str, Any]:
        """Writes the line down; answers with its fields, none where it is no JSON object."""
        line = raw.decode(errors="replace").rstrip("\n")
        self._file.emit(logging.makeLogRecord({"msg": line}))
        try:
            fields = json.loads(line)
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}


def last_lines(path: Path) -> str:
    """The end of a log, indented for the terminal."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "  (no log)"
    return "\n".join(f"  {line[:400]}" for line in lines[-_SHOWN_LINES:])
