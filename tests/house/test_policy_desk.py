"""``holdfast policy``: editions that can be listed, read, compared, and published once (design rule 6)."""

import re
from pathlib import Path

import pytest

from tests.replay.test_rehearsal import NEWEST, STRICTER
from tests.replay.tree import ROOT, Tree, copy


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A copy of the product, to be edited."""
    return copy(tmp_path)


LATER = """    Dated(valid_from=date(2127, 1, 1), rule=EDITIONS_OF_2026[-1].rule, reference="a decision"),
)
"""


def append(tree: Tree, day: str = "2127, 1, 1") -> None:
    """A later edition of the matrix."""
    file = tree.place / "workflows/policies/priority_matrix.py"
    text = file.read_text(encoding="utf-8").replace("EDITIONS = (", "EDITIONS_OF_2026 = (")
    file.write_text(f"{text}\nEDITIONS = (\n    *EDITIONS_OF_2026,\n{LATER.replace('2127, 1, 1', day)}", encoding="utf-8")


def test_a_new_edition_is_told_and_then_published(tree: Tree) -> None:
    """Without a paragraph in CHANGES.md nothing is locked; with it the edition is, and the next time there is nothing to do."""
    append(tree)
    first = tree.holdfast("policy", "publish")
    assert first.returncode == 1
    assert "add a paragraph '## 2127-01-01: ...' to workflows/policies/CHANGES.md" in first.stderr
    assert "unpublished" in tree.holdfast("policy", "list").stdout
    tree.add("workflows/policies/CHANGES.md", "\n## 2127-01-01: the same matrix again\n")
    assert tree.holdfast("policy", "publish").stdout == "Published: priority_matrix 2127-01-01.\n"
    assert tree.holdfast("policy", "publish").stdout == "There is nothing new to publish.\n"


def test_a_rule_in_force_cannot_be_published_anew(tree: Tree) -> None:
    """An edit in place is refused, with what to do instead."""
    tree.edit("workflows/policies/closure_rules.py", "automatic_closure_after_days=5", "automatic_closure_after_days=7")
    done = tree.holdfast("policy", "publish")
    assert done.returncode == 1
    assert "closure 2026-01-01" in done.stderr
    assert "append a new Dated(...) entry with a later valid_from" in done.stderr


def test_a_letter_is_written_before_a_rule_can_name_it(tree: Tree) -> None:
    """A new name without a composer or a template is refused, with each thing it lacks."""
    tree.edit("workflows/vocabulary.py", 'LOW_SCORE = "low_score"', 'LOW_SCORE = "low_score"\n    NUDGE = "nudge"')
    (tree.place / "emails/templates/en/nudge.txt").write_text("A nudge", encoding="utf-8")
    done = tree.holdfast("policy", "publish")
    assert done.returncode == 1
    assert "nudge lacks a line in _COMPOSERS of emails/letters.py, emails/templates/en/nudge.html." in done.stderr


def test_a_rule_cannot_begin_in_the_past(tree: Tree) -> None:
    """An entry dated before today is refused: editions of later days, which incidents run under, would change with it."""
    append(tree, "2026, 6, 1")
    tree.add("workflows/policies/CHANGES.md", "\n## 2026-06-01: in summer\n")
    done = tree.holdfast("policy", "publish")
    assert done.returncode == 1
    assert "priority_matrix 2026-06-01" in done.stderr
    assert "give it a valid_from of tomorrow or later" in done.stderr
    assert tree.runs("-m", "workflows.policies.lock").returncode == 1


def test_a_wrong_rule_is_told_in_a_sentence(tree: Tree) -> None:
    """A process owner never meets a traceback."""
    tree.edit("workflows/policies/closure_rules.py", 'calendar="office"', 'calendar="offise"')
    done = tree.holdfast("policy", "list")
    assert done.returncode == 1
    assert done.stderr == "The policies cannot be used: closure rules: there is no calendar 'offise'; did you mean 'office'?\n"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rule=_FIRST,", "rule=change(_FIRST),", r"closure_rules\.py, line \d+: name 'change' is not defined"),
        (
            "(2, 4),\n    automatic",
            "(4),\n    automatic",
            r"closure_rules\.py, line \d+: closure rules, silence after a solution: \(4\) is one number",
        ),
        ("after_days=5,", "after_days=5", r"invalid syntax.* \(closure_rules\.py, line \d+\)"),
    ],
)
def test_a_slip_of_the_pen_is_told_with_its_line(tree: Tree, old: str, new: str, says: str) -> None:
    """A name that was not imported, a forgotten comma: where, in one line."""
    done = tree.edit("workflows/policies/closure_rules.py", old, new).holdfast("policy", "list")
    assert done.returncode == 1
    assert re.fullmatch(f"The policies cannot be used: {says}.*\n", done.stderr), done.stderr


def test_editions_can_be_compared(tmp_path: Path) -> None:
    """What differs between two editions stands there line by line, and nothing else."""
    file = tmp_path / "stricter.py"
    file.write_text(STRICTER, encoding="utf-8")
    done = Tree(ROOT).holdfast("policy", "diff", NEWEST, "2027-01-01", HOLDFAST_POLICIES=str(file))
    assert done.stdout.splitlines() == [
        "service_levels, resolution, P3, time: none -> 1 h",
        "service_levels, resolution, P3, working days: 3 -> none",
    ]


def test_what_an_edition_says_can_be_read() -> None:
    """One subject of one edition, a line for each thing it says; unknown names are answered with those there are."""
    assert "priority_matrix, cells, 2: P2, P3, P4" in Tree(ROOT).holdfast("policy", "show", "priority_matrix").stdout
    assert "there are: priority_matrix" in Tree(ROOT).holdfast("policy", "show", "matrix").stderr
    assert "there are: 2026-01-01" in Tree(ROOT).holdfast("policy", "show", "--edition", "2025-01-01").stderr
