"""The worked changes of docs/process-owner: the edits are taken from the documents and made on a copy, so the documents cannot rot (design rules 5 and 6)."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.replay.record_histories import HISTORIES
from tests.replay.tree import HALF_WRITTEN, ROOT, Tree, copy

DOCUMENTS = ROOT / "docs/process-owner"
PLAYER = Path(__file__).with_name("worked_changes.py")
# Neither documents nor plug-ins of this checkout have a say in how a copy is examined.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

PUBLISHED = {
    "new-matrix": "priority_matrix 2027-01-01",
    "stricter-target": "service_levels 2027-02-01",
    "extra-approval": "approvals 2027-03-01",
    "new-letter": "correspondence 2027-05-01",
    "new-stage": "closure 2027-04-01, permissions 2027-04-01",
}
LIVES: dict[str, dict[str, Any]] = {
    "new-matrix": {"before": "P2", "before, assessed anew": "P2", "after": "P1"},
    "stricter-target": {"before": ["02-01 04:00"], "after": ["02-01 06:00"]},
    "extra-approval": {"before": "closed", "after": "resolved", "after, approved": "closed", "after, another service": "closed"},
    "new-letter": {"before": [], "after": ["group_lead workplace"]},
    "new-stage": {
        "before": ["resolved"],
        "before, confirmed": ["resolved", "not-permitted"],
        "after": ["on_hold"],
        "after, confirmed": ["resolved"],
        "after, not done": ["in_progress"],
        "after, to the end": ["closed", "closed-is-final"],
    },
}


def edited(document: str, place: Path) -> Tree:
    """A copy with the edits of that document, and with the house rules beside it."""
    tree = copy(place)
    shutil.copytree(ROOT / "tests/architecture", place / "tests/architecture", ignore=HALF_WRITTEN)
    return tree.follow(DOCUMENTS / f"{document}.md")


@pytest.mark.parametrize("document", PUBLISHED)
def test_a_worked_change_does_what_it_says(document: str, tmp_path: Path) -> None:
    """It can be published, stops no recorded history, leaves incidents from before alone, and reaches those from after."""
    done = edited(document, tmp_path).runs(str(PLAYER), document, str(HISTORIES))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["published"] == f"Published: {PUBLISHED[document]}."
    assert (told["replayed"], told["stopped"]) == (len(list(HISTORIES.glob("*.json"))), [])
    assert told["lives"] == LIVES[document]


def test_all_of_them_together_keep_the_house_rules(tmp_path: Path) -> None:
    """Made one after the other they get along, and the copy passes the architecture tests and the linter like any other release."""
    tree = edited("new-matrix", tmp_path)
    for document in ("stricter-target", "extra-approval", "new-stage", "new-letter"):
        tree.follow(DOCUMENTS / f"{document}.md")
    assert tree.runs("-m", "tests.architecture.shapes").returncode == 0
    assert tree.runs(str(PLAYER), "new-stage", str(HISTORIES)).returncode == 0
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    # The documents that are cited are not in the copy.
    rules = ("tests/architecture", "--ignore", "tests/architecture/test_citations.py")
    done = tree.runs("-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(tmp_path), *rules, **ALONE)
    assert done.returncode == 0, done.stdout
    assert tree.runs("-m", "ruff", "check", "-q", "workflows", "api").stdout == ""
    assert tree.runs("-m", "ruff", "format", "--check", "-q", "workflows", "api").returncode == 0


def test_every_worked_change_is_listed() -> None:
    """The index leads to each of them, and each has a test."""
    index = (DOCUMENTS / "README.md").read_text(encoding="utf-8")
    with_edits = {file.stem for file in DOCUMENTS.glob("*.md") if "```diff\n---" in file.read_text(encoding="utf-8")}
    assert with_edits == set(PUBLISHED) == set(LIVES)
    assert all(f"({document}.md)" in index for document in with_edits)
