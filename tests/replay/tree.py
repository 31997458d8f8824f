"""A copy of the product in a folder of its own, edited as a process owner would, and what its commands say."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What another process is about to rename.
HALF_WRITTEN = shutil.ignore_patterns("*.pyc.*")
ROOMS = ("workflows", "activities", "emails", "api")
# The last day from which a rule that ships holds; whoever ships another one says so here.
LATEST_SHIPPED = date(2026, 11, 26)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Tree:
    """A working tree that may be edited."""

    place: Path

    def edit(self, name: str, old: str, new: str) -> "Tree":
        """Changes one place in one file."""
        file = self.place / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has {text.count(old)} times: {old}"
        file.write_text(text.replace(old, new), encoding="utf-8")
        return self

    def add(self, name: str, text: str) -> "Tree":
        """Adds lines at the end of a file."""
        with (self.place / name).open("a", encoding="utf-8") as file:
            file.write(text)
        return self

    def follow(self, document: Path) -> "Tree":
        """Makes the edits that a document shows as diffs: each hunk's old lines stand once in its file, or it only adds lines at the end."""
        for name, hunks in edits(document.read_text(encoding="utf-8")):
            for old, new in hunks:
                self._change(document.name, name, old, new)
        return self

    def _change(self, document: str, name: str, old: list[str], new: list[str]) -> None:
        file = self.place / name
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        places = [place for place in range(len(lines)) if old and all(map(_fits, old, lines[place : place + len(old)]))]
        places = [place for place in places if place + len(old) <= len(lines)] if old else [len(lines)]
        assert len(places) == 1, f"{document}: {len(places)} places of {name} look like this; mend the document:\n" + "\n".join(old)
        there = lines[places[0] : places[0] + len(old)]
        kept = {shown: real for shown, real in zip(old, there, strict=True) if shown != real}
        lines[places[0] : places[0] + len(old)] = [kept.get(line, line) for line in new]
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")

    def runs(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """One program of Python in the tree, with its code first."""
        surroundings = os.environ | {"PYTHONPATH": str(self.place), "COLUMNS": "200", **settings}
        return subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=self.place, env=surroundings, timeout=300
        )

    def holdfast(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """One command of the tree."""
        return self.runs("cli.py", *arguments, **settings)


def edits(text: str) -> Iterator[tuple[str, list[tuple[list[str], list[str]]]]]:
    """The diffs of a document: for each file the old and new lines of every hunk. ``--- file`` begins one, ``@@`` each hunk."""
    for block in re.findall(r"^```diff\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        for part in re.split(r"^--- ", block, flags=re.MULTILINE)[1:]:
            name, _, body = part.partition("\n")
            yield name, [_sides(hunk) for hunk in re.split(r"^@@.*\n", body, flags=re.MULTILINE)[1:]]


def _sides(hunk: str) -> tuple[list[str], list[str]]:
    lines = [line or " " for line in hunk.splitlines()]
    old, new = ([line[1:] for line in lines if line[0] in signs] for signs in (" -", " +"))
    return old, new


def _fits(shown: str, line: str) -> bool:
    """Whether a line is the one shown; what ends in dots is shown by its beginning."""
    return line.startswith(shown.removesuffix("...")) if shown.endswith(" ...") else line == shown


def copy(place: Path) -> Tree:
    """The product without its tests, and without rules that a desk has added: what is shown with the rules that ship stays true beside any others.

    What Python has compiled comes along; it knows a file that was edited by its time.
    """
    for room in ROOMS:
        shutil.copytree(ROOT / room, place / room, ignore=HALF_WRITTEN)
    for file in ("cli.py", "worker.py"):
        shutil.copy(ROOT / file, place)
    return without_later_rules(Tree(place))


def without_later_rules(tree: Tree) -> Tree:
    """Takes away every entry of EDITIONS that begins after those that ship, its lines in the lock, and what only it imported."""
    policies = tree.place / "workflows/policies"
    if changed := [file for file in sorted(policies.glob("*.py")) if _cut(file)]:
        lines = (policies / "published.lock").read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not ((day := _DAY.search(line)) and date.fromisoformat(day[0]) > LATEST_SHIPPED)]
        (policies / "published.lock").write_text("".join(kept), encoding="utf-8")
        for tidying in (("check", "--select", "F401", "--fix"), ("format",)):
            done = tree.runs("-m", "ruff", *tidying, "-q", "--config", str(ROOT / "pyproject.toml"), *map(str, changed))
            assert done.returncode == 0, done.stdout
    return tree


def _cut(file: Path) -> bool:
    text = file.read_text(encoding="utf-8")
    lines, later = text.splitlines(keepends=True), [entry for entry in ast.walk(ast.parse(text)) if _is_later(entry)]
    for entry in later:
        assert isinstance(entry, ast.Call)
        assert entry.end_lineno is not None
        lines[entry.lineno - 1 : entry.end_lineno] = [""] * (entry.end_lineno - entry.lineno + 1)
    if later:
        file.write_text("".join(lines), encoding="utf-8")
    return bool(later)


def _is_later(entry: ast.AST) -> bool:
    """Whether it is a ``Dated(valid_from=date(...))`` of a day after the rules that ship."""
    if not (isinstance(entry, ast.Call) and isinstance(entry.func, ast.Name) and entry.func.id == "Dated"):
        return False
    began = next((each.value for each in entry.keywords if each.arg == "valid_from"), None)
    return isinstance(began, ast.Call) and date(*(ast.literal_eval(each) for each in began.args)) > LATEST_SHIPPED
