"""``holdfast policy``: editions that can be listed, read, compared, and published once (design rule 6)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.replay.test_rehearsal import STRICTER

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the product, to be edited."""
    for room in ("workflows", "activities", "emails"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "cli.py", tmp_path)
    return tmp_path


def policy(tree: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """One command of the tree."""
    surroundings = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tree), "COLUMNS": "200", **settings}
    command = [sys.executable, str(tree / "cli.py"), "policy", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tree, env=surroundings)


def edit(tree: Path, name: str, old: str, new: str) -> None:
    """Changes one place in a policy."""
    file = tree / "workflows/policies" / name
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


LATER = """    Dated(valid_from=date(2027, 1, 1), rule=EDITIONS_OF_2026[-1].rule, reference="a decision"),
)
"""


def append(tree: Path) -> None:
    """A later edition of the matrix."""
    file = tree / "workflows/policies/priority_matrix.py"
    text = file.read_text(encoding="utf-8").replace("EDITIONS = (", "EDITIONS_OF_2026 = (")
    file.write_text(f"{text}\nEDITIONS = (\n    *EDITIONS_OF_2026,\n{LATER}", encoding="utf-8")


def test_a_new_edition_is_told_and_then_published(tree: Path) -> None:
    """Without a paragraph in CHANGES.md nothing is locked; with it the edition is, and the next time there is nothing to do."""
    append(tree)
    first = policy(tree, "publish")
    assert first.returncode == 1
    assert "add a paragraph '## 2027-01-01: ...' to workflows/policies/CHANGES.md" in first.stderr
    assert "unpublished" in policy(tree, "list").stdout
    with (tree / "workflows/policies/CHANGES.md").open("a", encoding="utf-8") as changes:
        changes.write("\n## 2027-01-01: the same matrix again\n")
    assert policy(tree, "publish").stdout == "Published: priority_matrix 2027-01-01.\n"
    assert policy(tree, "publish").stdout == "There is nothing new to publish.\n"


def test_a_rule_in_force_cannot_be_published_anew(tree: Path) -> None:
    """An edit in place is refused, with what to do instead."""
    edit(tree, "closure_rules.py", "automatic_closure_after_days=5", "automatic_closure_after_days=7")
    done = policy(tree, "publish")
    assert done.returncode == 1
    assert "closure 2026-01-01" in done.stderr
    assert "append a new Dated(...) entry with a later valid_from" in done.stderr


def test_a_wrong_rule_is_told_in_a_sentence(tree: Path) -> None:
    """A process owner never meets a traceback."""
    edit(tree, "closure_rules.py", 'calendar="office"', 'calendar="offise"')
    done = policy(tree, "list")
    assert done.returncode == 1
    assert done.stderr == "The policies cannot be used: closure rules: there is no calendar 'offise'; did you mean 'office'?\n"


def test_editions_can_be_compared(tmp_path: Path) -> None:
    """What differs between two editions stands there line by line, and nothing else."""
    file = tmp_path / "stricter.py"
    file.write_text(STRICTER, encoding="utf-8")
    done = policy(ROOT, "diff", "2026-01-01", "2027-01-01", HOLDFAST_POLICIES=str(file))
    assert done.stdout.splitlines() == [
        "service_levels, resolution, P3, time: none -> 1 h",
        "service_levels, resolution, P3, working days: 3 -> none",
    ]


def test_what_an_edition_says_can_be_read() -> None:
    """One subject of one edition, a line for each thing it says; unknown names are answered with those there are."""
    assert "priority_matrix, cells, 2: P2, P3, P4" in policy(ROOT, "show", "priority_matrix").stdout
    assert "there are: priority_matrix" in policy(ROOT, "show", "matrix").stderr
    assert "there are: 2026-01-01" in policy(ROOT, "show", "--edition", "2025-01-01").stderr
