"""A copy of the product in a folder of its own, edited as a process owner would, and what its commands say."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("workflows", "activities", "emails", "api")


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

    def runs(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """One program of Python in the tree, with its code first."""
        surroundings = os.environ | {"PYTHONPATH": str(self.place), "COLUMNS": "200", **settings}
        return subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=self.place, env=surroundings, timeout=300
        )

    def holdfast(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """One command of the tree."""
        return self.runs("cli.py", *arguments, **settings)


def copy(place: Path) -> Tree:
    """The product as it is, without its tests."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, place / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("cli.py", "worker.py"):
        shutil.copy(ROOT / file, place)
    return Tree(place)
