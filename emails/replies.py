"""Canned replies: what agents write again and again, in the language of the caller, one file for each (process.md S14)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from emails.languages import FALLBACK, TEMPLATES, languages

FACTS = ("caller", "number", "agent")
_FACT = re.compile(r"\{(" + "|".join(FACTS) + r")\}")


@dataclass(frozen=True)
class Reply:
    """One reply: its name, what it is called, its text with places for facts. Other braces are only braces."""

    name: str
    label: str
    text: str

    def filled(self, facts: Mapping[str, str]) -> str:
        """The text for one incident; a fact that is not known leaves its place to be seen."""
        return _FACT.sub(lambda place: facts.get(place[1], place[0]), self.text)


@cache
def replies_in(language: str) -> tuple[Reply, ...]:
    """The replies of a language, of English where there is no folder for it; in the order of the file."""
    folder = language if language in languages() else FALLBACK
    read = tomllib.loads((TEMPLATES / folder / "replies.toml").read_text(encoding="utf-8"))
    return tuple(Reply(name, reply["label"], reply["text"].strip()) for name, reply in read.items())
