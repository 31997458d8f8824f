"""Charts can be read by everybody and carry nothing but shapes (ecosystem of charts: no script, no style)."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.figures.charts import Series, bars, columns, scale, scale_of_minutes, scale_of_whole

HOSTILE = "</svg><script>alert(1)</script>\"'&"


def _tell(value: float) -> str:
    return f"{value:.0f}"


@pytest.mark.parametrize("draw", [bars, columns])
def test_what_there_is_to_see_is_also_said(draw: object) -> None:
    """Each chart is well-formed, has a title and a description with the extremes, and hostile labels stay labels."""
    chart = draw("volume", HOSTILE, ["2026-09", HOSTILE], [Series("Reported", [3, None]), Series("Closed", [1, 7])], _tell)  # type: ignore[operator]
    tree = ET.fromstring(str(chart))  # noqa: S314 -- our own
    assert tree.attrib["role"] == "img"
    ids = {each.attrib["id"]: each.text for each in tree if "id" in each.attrib}
    assert [ids[name] is not None for name in tree.attrib["aria-labelledby"].split()] == [True, True]
    assert ids["volume-t"] == HOSTILE
    assert "from 1 (2026-09) to 7" in (ids["volume-d"] or "")
    assert {each.tag for each in tree.iter()} <= {"svg", "title", "desc", "rect", "line", "text"}
    assert not any(name.startswith("on") or name == "style" for each in tree.iter() for name in each.attrib)
    assert sum(each.tag == "rect" for each in tree.iter()) == 3


@pytest.mark.parametrize("draw", [bars, columns])
def test_nothing_to_show(draw: object) -> None:
    """Without labels or values there is an empty chart, not a fault."""
    for labels, values in (([], []), (["x"], [None]), (["x"], [0.0])):
        assert "svg" in str(draw("k", "t", labels, [Series("s", values)], _tell))  # type: ignore[operator]


@given(st.floats(0, 1e9))
def test_scales_are_round_and_near(greatest: float) -> None:
    """A scale is never below the greatest value, nor far above."""
    for top in (scale(greatest), scale_of_minutes(greatest)):
        assert top >= greatest * 0.999
        assert top <= max(greatest * 2, 2)


@given(st.integers(0, 10**9))
def test_the_middle_of_a_scale_of_whole_numbers_is_one(greatest: int) -> None:
    """Three incidents are not drawn on a scale whose middle, one and a half, is called two."""
    top = scale_of_whole(greatest)
    assert top >= greatest * 0.999
    assert top <= max(greatest * 2, 2)
    assert (top / 2).is_integer()
