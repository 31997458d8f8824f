"""Rehearses one process, or two side by side, on all cores: each part of the recordings in a process of its own, in the tree of its rules."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Any

import workflows
from workflows.rehearsal.comparing import compared
from workflows.rehearsal.fates import Fate
from workflows.rehearsal.playing import IN_FORCE, NEWEST

HERE = Path(workflows.__file__).resolve().parents[1]
_PLAYER = "workflows/rehearsal/playing.py"


class NotRehearsedError(Exception):
    """A process or a recording cannot be rehearsed; the text says why."""


@dataclass(frozen=True)
class Process:
    """The rules to rehearse: the code of a tree, perhaps a book of policies of its own, and an edition of that book."""

    tree: Path = HERE
    policies: Path | None = None
    edition: str = NEWEST

    def __str__(self) -> str:
        """For people."""
        place = "the present process" if self.tree == HERE else f"the process in {self.tree}"
        book = f" with the policies of {self.policies}" if self.policies else ""
        edition = {NEWEST: "newest edition", IN_FORCE: "edition in force today"}.get(self.edition, f"edition {self.edition}")
        return f"{place}{book}, {edition}"


def process(wanted: str | None, own_policies: Path | None) -> Process:
    """What a person named: nothing for the present process under the edition in force, a working tree, a Python file with a BOOK, or an edition.

    Raises NotRehearsedError.
    """
    if wanted is None:
        return Process(policies=own_policies, edition=IN_FORCE)
    place = Path(wanted).expanduser()
    if place.is_dir():
        if not (place / _PLAYER).is_file():
            raise NotRehearsedError(f"{place} is no working tree of Holdfast: it has no {_PLAYER}.")
        return Process(tree=place.resolve(), policies=own_policies)
    if place.suffix == ".py":
        return Process(policies=place.resolve())
    return Process(policies=own_policies, edition=wanted)


def rehearse(lines: Sequence[str], current: Process, changed: Process, jobs: int, progress: Callable[[int], None] = lambda _: None) -> Any:
    """Both processes on the same recordings. The figures do not depend on ``jobs``; ``progress`` is told how many more were played."""
    shares = [share for place in range(jobs) if (share := lines[place::jobs])]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        played = [[pool.submit(_play, each, share, progress) for share in shares] for each in (current, changed)]
        parts = [[running.result() for running in of_one] for of_one in played]
    fates = [{fate.number: fate for _, found in of_one for fate in found} for of_one in parts]
    if not lines or len(fates[0]) != len(lines):
        raise NotRehearsedError("The recordings are empty, or an incident stands in them twice.")
    order = sorted(fates[0])
    found = compared({number: fates[0][number] for number in order}, {number: fates[1][number] for number in order})
    headings = [of_one[0][0] for of_one in parts]
    return {"processes": {"current": _told(current, headings[0]), "changed": _told(changed, headings[1])}, **found}


def _told(each: Process, heading: dict[str, str]) -> dict[str, str]:
    return {"process": str(each), "edition": heading["edition"], "book": heading["book"]}


def _play(each: Process, share: Sequence[str], progress: Callable[[int], None]) -> tuple[dict[str, str], list[Fate]]:
    """One share under one process; the child reads a file, so that neither side ever waits for the other's pipe."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as recordings, tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
        recordings.writelines(f"{line.rstrip()}\n" for line in share)
        recordings.seek(0)
        command = [sys.executable, "-m", "workflows.rehearsal.playing", "--edition", each.edition]
        command += ["--policies", str(each.policies)] if each.policies else []
        surroundings = environ | {"PYTHONPATH": str(each.tree)}
        with subprocess.Popen(  # noqa: S603 -- our own module, in the tree that was named
            command, cwd=each.tree, env=surroundings, stdin=recordings, stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as child:
            assert child.stdout is not None
            heading: dict[str, str] = json.loads(child.stdout.readline() or "{}")
            fates = [_fate(line, progress) for line in child.stdout]
        if child.returncode:
            complaints.seek(0)
            raise NotRehearsedError(f"{each}: {(complaints.read().strip().splitlines() or ['ended without a word'])[-1]}")
    return heading, fates


def _fate(line: str, progress: Callable[[int], None]) -> Fate:
    progress(1)
    try:
        return Fate(**json.loads(line))
    except TypeError:
        raise NotRehearsedError("The two trees are of different versions: their rehearsals tell different things.") from None
