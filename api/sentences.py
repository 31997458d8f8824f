"""What pages say to callers, in the reader's language: one file of sentences for each (process.md S14, S15, S22)."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import Request

from emails.languages import FALLBACK, words_of

_FOLDER = Path(__file__).parent / "pages" / "words"
_WISH = re.compile(r"\s*([a-zA-Z]{2,3})(?:-[\w-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


@dataclass(frozen=True)
class Sentences:
    """The sentences of one language, by name."""

    language: str
    known: Mapping[str, str]

    def __call__(self, name: str, /, **facts: str) -> str:
        """The sentence with its facts. Raises KeyError for one that nobody wrote."""
        return self.known[name].format(**facts)

    def moment(self, instant: datetime, zone: str) -> str:
        """A date and time as in the letters of this language."""
        return words_of(self.language).moment(instant, zone)

    def short(self, instant: datetime | str, zone: str) -> str:
        """A date and time in few words, in that zone: Wed 25 Nov 2026, 15:20. ``instant`` may be RFC 3339 text."""
        local = (datetime.fromisoformat(instant) if isinstance(instant, str) else instant).astimezone(ZoneInfo(zone))
        weekday, month = self("short_weekdays").split()[local.weekday()], self("short_months").split()[local.month - 1]
        return self("short", weekday=weekday, day=str(local.day), month=month, year=str(local.year), time=f"{local:%H:%M}")

    def called(self, word: str) -> str:
        """What this language calls a word of the desk, such as a category; a word of its own rules as they have it."""
        return self.known.get(f"word_{word}", word.replace("_", " "))

    def upfirst(self, said: str) -> str:
        """With a capital in front; the Turkish one of i has its dot."""
        return ("İ" if self.language == "tr" and said[:1] == "i" else said[:1].upper()) + said[1:]


@cache
def spoken() -> tuple[str, ...]:
    """The languages there are sentences for."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))


@cache
def sentences_in(language: str) -> Sentences:
    """The sentences of a language, of English where it has none."""
    known = language if language in spoken() else FALLBACK
    return Sentences(known, tomllib.loads((_FOLDER / f"{known}.toml").read_text(encoding="utf-8")))


def said_to(request: Request) -> Sentences:
    """For whoever sent this: the language of who is signed in, else what the browser asks for."""
    known: Sentences | None = getattr(request.state, "say", None)
    return known or wished_for(request)


def wished_for(request: Request) -> Sentences:
    """For readers nobody knows: the language their browser asks for most."""
    wishes = [found for part in request.headers.get("accept-language", "").split(",") if (found := _WISH.fullmatch(part))]
    best = max((wish for wish in wishes if wish[1].lower() in spoken()), key=lambda wish: float(wish[2]) if wish[2] else 1.0, default=None)
    return sentences_in(best[1].lower() if best else FALLBACK)
