"""500 hostile titles, names and comments: exactly the intended headers, and bodies in which they are text (process.md S14)."""

from dataclasses import replace
from email import policy
from email.parser import BytesParser
from html.parser import HTMLParser

import pytest

from emails.headers import build, header_block
from emails.languages import languages
from emails.letters import Digest, Letter, Reader, compose
from emails.rendering import Rendered, render, render_digest
from tests.emails.hostile import hostile_texts
from tests.emails.test_headers import ENVELOPE, INTENDED
from tests.emails.test_languages import FULL, STOP
from tests.emails.test_letters import DESK, URL
from workflows.vocabulary import LetterName

TEXTS = hostile_texts()
LETTERS = tuple(LetterName)


class _Skeleton(HTMLParser):
    """Every tag with its attributes, in order; line breaks left out, because the text of people has as many as it wants."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag."""
        if tag != "br":
            self.tags.append((tag, attrs))

    def handle_comment(self, data: str) -> None:
        """Notes a comment, of which our letters have none."""
        self.tags.append(("comment", [("", data)]))


def _skeleton(html: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    found = _Skeleton()
    found.feed(html)
    found.close()
    return found.tags


def _letter(name: LetterName, language: str, said: str) -> Letter:
    facts = replace(FULL, title=said, text=said, solution=said, group=said[:100])
    return compose(name, Reader(said[:200], language, "Europe/Istanbul"), "INC-1042-9", facts, URL, DESK)


def _names(written: bytes) -> list[str]:
    return sorted(name.lower() for name in BytesParser(policy=policy.compat32).parsebytes(written))


def _check(hostile: Rendered, harmless: Rendered, said: str) -> None:
    assert _skeleton(hostile.html) == _skeleton(harmless.html)
    written = build(replace(ENVELOPE, recipient_name=said), hostile.subject, hostile.text, hostile.html)
    assert _names(written) == sorted(INTENDED)
    assert "\nbcc" not in header_block(written).lower()


def test_there_are_500_texts() -> None:
    """As many as promised, and all different in the first hundred characters or their length."""
    assert len(TEXTS) == 500
    assert len(set(TEXTS)) > 450


@pytest.mark.parametrize("start", range(0, 500, 50))
def test_hostile_texts_stay_text(start: int) -> None:
    """Each as title, name, comment, solution and group of a letter: the tags of its page and the names of its headers are those of a harmless one."""
    for place in range(start, start + 50):
        name, language = LETTERS[place % len(LETTERS)], languages()[place % len(languages())]
        _check(*(render(name, _letter(name, language, said)) for said in (TEXTS[place], "harmless")), TEXTS[place])


@pytest.mark.parametrize("start", range(0, 500, 100))
def test_hostile_texts_stay_text_in_a_digest(start: int) -> None:
    """Also where letters are put into one another."""
    for place in range(start, start + 100, 4):
        rendered = []
        for said in (TEXTS[place], "harmless"):
            letters = [(name, _letter(name, "en", said)) for name in LETTERS[place % 7 : place % 7 + 5]]
            rendered.append(render_digest(Digest(Reader(said[:200], "en", "UTC"), STOP), letters))
        _check(rendered[0], rendered[1], TEXTS[place])
