"""A desk's own policies: a Python file with a ``BOOK``, chosen by the setting HOLDFAST_POLICIES (design rule 6)."""

import importlib.util
import sys
from pathlib import Path

from workflows.policies.book import Book

# Workflows meet the book by this module name when their payloads or tracebacks name it.
MODULE = "holdfast_policies"


class UnusableBookError(Exception):
    """The file named by HOLDFAST_POLICIES holds no usable policies."""


def load_book(path: Path) -> Book:
    """The ``BOOK`` in that file. Raises UnusableBookError with a sentence that says what to do; the file is trusted code."""
    if not path.is_file():
        raise UnusableBookError(f"{path} does not exist; HOLDFAST_POLICIES must name a Python file with a BOOK in it.")
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None:
        raise UnusableBookError(f"{path} is no Python file; HOLDFAST_POLICIES must name one with a BOOK in it.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UnusableBookError(f"{path} cannot be read as policies: {type(error).__name__}: {error}") from error
    found = getattr(module, "BOOK", None)
    if not isinstance(found, Book):
        raise UnusableBookError(f"{path} has no BOOK; end the file with BOOK = Book(...), see docs/examples.")
    return found
