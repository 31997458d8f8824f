"""Reports as files: that one cannot be written is said before the work begins whose result it would hold."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from activities.house.refusals import UsageRefusedError


def check_targets(*files: Path | None) -> None:
    """Raises UsageRefusedError where one of these files, as far as they are wanted, cannot be written; touches none of them."""
    for file in files:
        if file is not None and (problem := _problem(file)):
            raise UsageRefusedError(f"{file} cannot be written: {problem}.")


def _problem(file: Path) -> str | None:
    if file.is_dir():
        return "it is a directory"
    if not file.exists() and not file.parent.is_dir():
        return f"there is no directory {file.parent}"
    return None if os.access(file if file.exists() else file.parent, os.W_OK) else "writing there is not allowed"


def write_report(file: Path, text: str | bytes) -> None:
    """The file with that content alone. Raises UsageRefusedError where it cannot be written."""
    with refusing(file):
        file.write_bytes(text.encode() if isinstance(text, str) else text)


def make_folder(folder: Path) -> None:
    """A folder for files, made where it is missing. Raises UsageRefusedError where nothing can be written there."""
    with refusing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise UsageRefusedError(f"{folder} cannot be written: writing there is not allowed.")


@contextmanager
def refusing(target: Path) -> Iterator[None]:
    """Raises UsageRefusedError where the target cannot be written."""
    try:
        yield
    except OSError as error:
        raise UsageRefusedError(f"{target} cannot be written: {error.strerror or type(error).__name__}.") from None
