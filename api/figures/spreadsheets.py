"""Tables as CSV that a spreadsheet shows and never carries out (RFC 4180; OWASP on formula injection)."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

# What spreadsheets take for the beginning of a formula, in any width in which it can be typed.
_FORMULA = ("=", "+", "-", "@")
# They may pass over these before they look: spaces, control signs, signs that are not seen, quotation marks.
_PASSED_OVER = ("Zs", "Zl", "Zp", "Cc", "Cf")
_QUOTES = ("'", '"')
# These they may take for the beginning of something by themselves.
_ODD = ("\t", "\r", "\n", "\v", "\f")
BYTE_ORDER_MARK = "\ufeff"


def harmless(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet could take it for a formula. NUL is taken out: readers stop at it."""
    kept = text.replace("\x00", "")
    first = next((sign for sign in kept if sign not in _QUOTES and unicodedata.category(sign) not in _PASSED_OVER), "")
    return f"'{kept}" if kept.startswith(_ODD) or unicodedata.normalize("NFKC", first).startswith(_FORMULA) else kept


def table(heading: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> str:
    """The rows as CSV with a byte order mark, without which spreadsheets misread every letter that is not English. Numbers stay numbers."""
    kept = io.StringIO()
    writer = csv.writer(kept)
    for row in (heading, *rows):
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return BYTE_ORDER_MARK + kept.getvalue()
