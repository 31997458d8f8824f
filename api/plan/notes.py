"""Legal and regulatory notes: text beside the policies, in LEGAL.md, each paragraph with the day from which it holds."""

import re
from pathlib import Path

from api.plan.contents import Section, table
from workflows.policies import book

NOTES = "LEGAL.md"
_HEADING = re.compile(r"^## (\d{4}-\d{2}-\d{2}): (.+)$", flags=re.MULTILINE)


def legal(policies: Path | None, edition: str) -> Section:
    """The notes that hold for an edition; ``policies`` is the desk's own book, beside which its own notes stand."""
    file = (policies or Path(book.__file__)).with_name(NOTES)
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    parts = _HEADING.split(text)[1:]
    held = {
        title: (day, " ".join(body.split()))
        for day, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        if day <= edition
    }
    shown = table("", ("Subject", "Since", "Note"), ((title, day, body) for title, (day, body) in held.items()))
    return Section(
        "legal",
        "Legal and regulatory notes",
        "Text that the process owner keeps beside the rules. The desk does not watch these periods."
        if held
        else f"None: there is no {NOTES} beside the policies.",
        (shown,) if held else (),
    )
