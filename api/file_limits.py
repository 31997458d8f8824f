"""What pages say about files before somebody chooses one, and what they call those that are there (process.md S1, S4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from api.queries.files import File
from api.uploads import MOST_FILES
from workflows.files import in_words
from workflows.policies.book import book
from workflows.policies.file_rules import FileRules


@dataclass(frozen=True)
class Allowed:
    """What can be chosen: the ends of names as browsers filter by them, and a sentence for people. Empty where no files are taken."""

    accept: str
    hint: str


def limits_of(rules: FileRules) -> Allowed:
    """What these rules allow."""
    if not rules.kinds or not (rules.most and rules.largest and rules.total):
        return Allowed("", "")
    accept = ",".join(f".{kind}" for kind in rules.kinds)
    hint = f"Up to {min(MOST_FILES, rules.most)} at once, {in_words(rules.largest)} each: pictures, PDF, text, office documents, ZIP."
    kinds = ", ".join(rules.kinds)
    return Allowed(accept, hint if {"png", "pdf", "txt", "docx", "zip"} <= {*rules.kinds} else hint.partition(":")[0] + f": {kinds}.")


def limits_now() -> Allowed:
    """What the edition in force allows a new incident."""
    return limits_of(book().edition(book().name_of_edition(datetime.now(UTC))).files)


def names_in(files: Sequence[File]) -> dict[str, str]:
    """What the timeline calls each file; nothing, where the name is gone with it."""
    return {each.id: each.name for each in files}
