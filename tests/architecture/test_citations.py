"""Whatever a comment, a page or a document cites can be looked up in this repository."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.test_imports import LAYERS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("workflows", "activities", "emails", "api", "tests", "docs", "benchmarks", "worker.py", "cli.py", "README.md", "CHANGELOG.md")
READ_BY_PEOPLE = {".py", ".md", ".html", ".toml", ".txt"}

# How each kind of place is cited, how it stands in its document, and in which.
_AND_MORE = r"((?:(?:, | and | to |, section )\d+(?:\.\d+)?)*)"
CITED = {
    "process.md": r"\bS(\d{1,2})\b()",
    "design rule": r"[Dd]esign\s+rules?\s+(\d+)" + _AND_MORE,
    "design section": r"[Dd]esign(?:\.md)?\s+sections?\s+(\d+)" + _AND_MORE,
    "temporal.md": r"temporal\.md\s+(?:section )?(\d+(?:\.\d+)?)" + _AND_MORE,
}
STANDS = {
    "process.md": ("docs/process.md", r"^## S(\d+) "),
    "design rule": ("docs/design.md", r"^(\d+)\. \*\*"),
    "design section": ("docs/design.md", r"^## (\d+)\. "),
    "temporal.md": ("docs/temporal.md", r"^###? (\d+(?:\.\d+)?)\.? "),
}
# A document and a place in it, in one breath: "name.md S4", "name.md 1.2", "name.md section 3".
_PLACE_IN = re.compile(r"([\w-]+\.md)\s+(?:S\d|\d+\.\d|section \d)")


@cache
def _texts() -> tuple[tuple[str, str], ...]:
    places = [ROOT / room for room in ROOMS]
    files = [file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*")))]
    read = [file for file in files if file.suffix in READ_BY_PEOPLE and "vendor" not in file.parts and file != Path(__file__)]
    return tuple((file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in read)


def _cited(kind: str) -> Iterator[tuple[str, str]]:
    for name, text in _texts():
        for first, more in re.findall(CITED[kind], text):
            yield from ((name, number) for number in (first, *re.findall(r"\d+(?:\.\d+)?", more)))


@pytest.mark.parametrize("kind", CITED)
def test_every_citation_leads_somewhere(kind: str) -> None:
    """A section or rule that is cited stands in its document; a reader who follows the number finds it."""
    document, heading = STANDS[kind]
    there = re.findall(heading, (ROOT / document).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert there == sorted(there, key=lambda number: [int(part) for part in number.split(".")]), f"{document}: the numbers are out of order"
    dangling = sorted({f"{name}: {number}" for name, number in _cited(kind) if number not in there})
    assert not dangling, f"{document} has no such {kind}: {dangling}. Cite what is there, or write it."


def test_only_documents_of_this_repository_are_cited() -> None:
    """No place is cited in a document that readers do not have."""
    known = {Path(document).name for document, _ in STANDS.values()}
    strangers = sorted({f"{name}: {cited}" for name, text in _texts() for cited in _PLACE_IN.findall(text) if cited not in known})
    assert not strangers, f"{strangers}: only {sorted(known)} have numbered places to cite."


def test_the_specification_is_whole() -> None:
    """S1 to S23 are all there, and the design has its ten rules."""
    for kind, last in (("process.md", 23), ("design rule", 10)):
        document, heading = STANDS[kind]
        there = re.findall(heading, (ROOT / document).read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert there == [str(number) for number in range(1, last + 1)], f"{document} has {there}"


def test_the_rooms_of_the_design_are_those_of_the_house() -> None:
    """The table of floors in design.md has the rooms that the imports are held to, from top to bottom."""
    section = (ROOT / "docs/design.md").read_text(encoding="utf-8").partition("## 3. ")[2].partition("\nOne room may")[0]
    named = re.findall(r"`([\w.]+)`", "".join(line for line in section.splitlines() if line.startswith("|")))
    floors = {room: depth for depth, rooms in enumerate(LAYERS) for room in rooms}
    assert set(named) == set(floors), f"docs/design.md section 3: {sorted(set(named) ^ set(floors))} differ from LAYERS of test_imports.py."
    depths = [floors[room] for room in named]
    assert depths == sorted(depths), "docs/design.md section 3: the rooms are out of order."


def test_links_between_documents_lead_somewhere() -> None:
    """A link to a file, or to a heading of one, finds it."""
    lost = []
    for name, text in _texts():
        if not name.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
            path, _, anchor = target.partition("#")
            if "://" in target or target.startswith("mailto:"):
                continue
            file = ((ROOT / name).parent / path).resolve() if path else ROOT / name
            if not file.exists() or (anchor and file.suffix == ".md" and anchor not in _anchors(file)):
                lost.append(f"{name}: {target}")
    assert not lost, f"{lost}: mend the links."


def _anchors(file: Path) -> set[str]:
    """The headings of a document as its pages number them for links."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}
