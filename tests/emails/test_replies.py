"""Canned replies in every language (process.md S14)."""

import re

import pytest

from emails.languages import languages
from emails.replies import FACTS, Reply, replies_in


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_replies(language: str) -> None:
    """In the same order, each with a label and a text of its own, and with no place for a fact that nobody fills in."""
    assert [reply.name for reply in replies_in(language)] == [reply.name for reply in replies_in("en")]
    for reply in replies_in(language):
        assert reply.label
        assert set(re.findall(r"\{(\w*)\}", reply.text)) <= set(FACTS)
        assert len(reply.filled(dict.fromkeys(FACTS, "x" * 200))) < 10_000


def test_an_unknown_language_is_english() -> None:
    """Somebody whose language the desk does not write is answered in English."""
    assert replies_in("xx") == replies_in("en")


def test_facts_are_only_facts() -> None:
    """A name is put in as it is: braces in it are not filled in once more, and other braces of a text are left alone."""
    reply = Reply("x", "x", "Dear {caller}, {number} {0} {unknown} {")
    assert reply.filled({"caller": "{number}{agent}", "number": "INC-1001-9"}) == "Dear {number}{agent}, INC-1001-9 {0} {unknown} {"
