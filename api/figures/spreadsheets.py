"""Tables as CSV that a spreadsheet shows and never carries out (RFC 4180; OWASP on formula injection)."""

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Sequence

# What spreadsheets take for the beginning of a formula, in any width in which it can be typed.
_FORMULA = ("=", "+", "-", "@")
# They may pass over these before they look: spaces, control signs, signs that are not seen, quotation marks.
_PASSED_OVER = ("Zs", "Zl", "Zp", "Cc", "Cf")
_QUOTES = ("'", '"')
# These they may take for the beginning of something by themselves.
_ODD = ("\t", "\r", "\n", "\v", "\f")
# Nobody sees them, or they turn or break the line.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
BYTE_ORDER_MARK = "\ufeff"


def harmless(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet could take it for a formula. NUL is taken out: readers stop at it."""
    kept = text.replace("\x00", "")
    first = next((sign for sign in kept if sign not in _QUOTES and unicodedata.category(sign) not in _PASSED_OVER), "")
    return f"'{kept}" if kept.startswith(_ODD) or unicodedata.normalize("NFKC", first).startswith(_FORMULA) else kept


def table(heading: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> str:
    """The rows as CSV with a byte order mark, without which spreadsheets misread every letter that is not English. Numbers stay numbers."""
    return BYTE_ORDER_MARK + more_of_table((heading, *rows))


def more_of_table(rows: Iterable[Sequence[str | float | None]]) -> str:
    """Further rows of a table that goes out in parts."""
    kept = io.StringIO()
    writer = csv.writer(kept)
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return kept.getvalue()


def visible(text: str) -> str:
    """The text with signs that nobody sees, and that could turn or break the line, written out as JSON writes them."""
    if text.isprintable():
        return text
    return "".join(json.dumps(each)[1:-1] if unicodedata.category(each) in _UNSEEN else each for each in text)
