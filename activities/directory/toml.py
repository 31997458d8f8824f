"""Reads TOML that people send: whatever is in it, it is an answer in a moment, and a sentence where it is none (process.md S22)."""

import re
import tomllib
from typing import Any

# Two hundred parts of a key and more. The parser takes time by the square of their number: a.a.a and so on, as long as a form may be, held up everybody
# for minutes.
_LONG_CHAIN = re.compile(r"""(?<![\w\\-])(?:(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){200}""")


class NotTomlError(ValueError):
    """The text is no TOML, or none that anybody would write; the message goes on from "this is"."""


def read_toml(text: str) -> dict[str, Any]:
    """The values that were written. Raises NotTomlError."""
    try:
        if not _LONG_CHAIN.search(text):
            return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotTomlError(f"not TOML: {error}") from None
    except (RecursionError, ValueError, OverflowError):  # of numbers that are too long, Python says so with a plain ValueError
        pass
    raise NotTomlError("not TOML that anybody would write: it is nested too deep, or a number is too large")
