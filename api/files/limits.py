"""What pages say about files before somebody chooses one, and what they call those that are there (process.md S1, S4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from api.files.uploads import MOST_FILES
from api.pressing import told_to_caller
from api.problems import Problem
from api.queries.files import File
from api.sentences import Sentences
from workflows.files import in_words
from workflows.policies.book import book
from workflows.policies.file_rules import FileRules

# So far they are told in a few words.
_USUAL = {"png", "jpg", "pdf", "txt", "docx", "xlsx", "zip"}


@dataclass(frozen=True)
class Allowed:
    """What can be chosen: ``accept``, the ends of names as browsers filter by them, nothing where no files are taken; for people, how many at once and how large.

    ``kinds``: the ends of names, where the rules name others than the usual ones.
    """

    accept: str = ""
    most: str = ""
    size: str = ""
    kinds: str = ""


def limits_of(rules: FileRules) -> Allowed:
    """What these rules allow."""
    if not rules.kinds or not (rules.most and rules.largest and rules.total):
        return Allowed()
    accept = ",".join(f".{kind}" for kind in rules.kinds)
    return Allowed(
        accept, str(min(MOST_FILES, rules.most)), in_words(rules.largest), "" if {*rules.kinds} >= _USUAL else ", ".join(rules.kinds)
    )


def limits_now() -> Allowed:
    """What the edition in force allows a new incident."""
    return limits_of(book().edition(book().name_of_edition(datetime.now(UTC))).files)


def names_in(files: Sequence[File]) -> dict[str, str]:
    """What the timeline calls each file; nothing, where the name is gone with it."""
    return {each.id: each.name for each in files}


def told_of_refusal(problem: Problem, rules: FileRules, say: Sentences) -> str:
    """Why a file was not added, for a caller, in their language."""
    name = f"not_added_{problem.kind.code}"
    if name not in say.known:
        return told_to_caller(problem, say)
    facts = {"kinds": ", ".join(rules.kinds), "size": in_words(rules.largest), "total": in_words(rules.total), "count": str(rules.most)}
    return say(name, **facts)
