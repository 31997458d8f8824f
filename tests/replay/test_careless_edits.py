"""What somebody in a hurry does to a rule or to the process is met before it is deployed, with a sentence that says what to do (design rules 4 to 7)."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.replay.careless_edits import SLIPS, Slip, page
from tests.replay.record_histories import HISTORIES
from tests.replay.tree import HALF_WRITTEN, ROOT, copy


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What was said to each edit, and to the product as it is."""
    if not sys.platform.startswith(("linux", "darwin")):
        pytest.skip("each edit is looked at in a fork, which this system does not have")
    tree = copy(tmp_path_factory.mktemp("copy"))
    shutil.copytree(ROOT / "tests/architecture", tree.place / "tests/architecture", ignore=HALF_WRITTEN)
    done = tree.runs(str(Path(__file__).with_name("slips_met.py")), str(HISTORIES))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.what)
def test_it_is_met(met: dict[str, str], slip: Slip) -> None:
    """The edit is refused, and what is said leads on."""
    assert slip.says in met[slip.what]


def test_nothing_is_met_that_is_not_there(met: dict[str, str]) -> None:
    """The product as it is passes every one of these checks."""
    assert {name: said for name, said in met.items() if name.startswith("without an edit") and said} == {}


def test_there_are_enough_and_each_is_another() -> None:
    """Fifty ways to go wrong, and the list has none twice."""
    assert len({slip.what for slip in SLIPS}) == len(SLIPS) >= 50


def test_the_page_is_the_table() -> None:
    """Process owners read what is tested; write it anew with: python tests/replay/careless_edits.py > docs/process-owner/careless-edits.md."""
    assert (ROOT / "docs/process-owner/careless-edits.md").read_text(encoding="utf-8") == page()
