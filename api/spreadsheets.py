"""Tables as CSV that a spreadsheet shows and never carries out (RFC 4180; OWASP on formula injection)."""

import csv
import io
from collections.abc import Iterable, Sequence

# What spreadsheets take for the beginning of a formula, in the widths in which it can be typed.
_FORMULA = "=+-@" + "\uff1d\uff0b\uff0d\uff20"  # the same signs as wide as a Chinese one
# They may pass over these before they look, or take them for a formula's beginning themselves.
_BEFORE = "\t\r\n\v\f\x00 \xa0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff'\""
BYTE_ORDER_MARK = "\ufeff"


def harmless(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet could take it for a formula or pass over its first sign. NUL is taken out: readers stop at it."""
    kept = text.replace("\x00", "")
    is_odd = kept[:1] in tuple("\t\r\n\v\f")
    return f"'{kept}" if is_odd or kept.lstrip(_BEFORE)[:1] in tuple(_FORMULA) else kept


def table(heading: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> str:
    """The rows as CSV with a byte order mark, without which spreadsheets misread every letter that is not English. Numbers stay numbers."""
    kept = io.StringIO()
    writer = csv.writer(kept)
    for row in (heading, *rows):
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return BYTE_ORDER_MARK + kept.getvalue()
