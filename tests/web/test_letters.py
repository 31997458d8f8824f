"""Letters in a real browser: readable on a phone and a desk, in light and dark, whatever words people use (process.md S14)."""

from dataclasses import replace
from functools import cache

import pytest
from playwright.sync_api import Browser

from activities.mail.digests import DIGEST
from emails.languages import languages
from emails.letters import Digest, Letter, Reader, compose
from emails.rendering import render, render_digest, render_sign_in
from tests.emails.test_languages import FULL, STOP
from tests.emails.test_letters import DESK, URL
from tests.web.every_letter import SIGN_IN
from tests.web.test_pages import WIDTHS, flaws
from workflows.vocabulary import LetterName

# A reader's title without a place to break it, and one of their paths.
TITLE = "Haftungsbeschränkungserklärungsvordruck" * 4 + r" \\files\departments\finance\forms"
# The rules are asked about each letter at this width; that it fits is measured at all of them.
WIDTH = WIDTHS[0]
# A letter is shown inside the page of a mail program, which has its own landmarks.
OF_PAGES = ("landmark-one-main", "region")
# What is lower than a finger, and everything that would have to be loaded.
_WRONG = """() => [...document.querySelectorAll("a")].filter(each => each.getBoundingClientRect().height < 44).map(each => each.outerHTML)
    .concat([...document.querySelectorAll("img, link, script, iframe, object")].map(each => each.outerHTML))
    .concat(document.documentElement.scrollWidth > window.innerWidth ? ["too wide"] : [])"""


@cache
def _pages(language: str) -> dict[str, str]:
    """The HTML part of every letter, by name."""
    reader = Reader("Ayşe Öz", language, "Europe/Istanbul")
    facts = replace(FULL, title=TITLE, text=TITLE, solution=TITLE, group=TITLE[:100])
    letters: dict[LetterName, Letter] = {name: compose(name, reader, "INC-1042-9", facts, URL, DESK) for name in LetterName}
    of_incidents = {name.value: render(name, letter).html for name, letter in letters.items()}
    digest = render_digest(Digest(reader, STOP), list(letters.items())[:12]).html
    return of_incidents | {DIGEST: digest, SIGN_IN: render_sign_in(reader, "https://desk.example.org/sign-in/link/x", 10).html}


@pytest.mark.parametrize("language", languages())
def test_every_letter_fits(browser: Browser, language: str) -> None:
    """No sideways scrolling for long words, every link as high as a finger, and nothing to load."""
    page = browser.new_page()
    for name, html in _pages(language).items():
        page.set_content(html)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(_WRONG) == [], f"{name}, {width} px"
    page.close()


@pytest.mark.parametrize("language", languages())
def test_everybody_can_read_it(browser: Browser, language: str) -> None:
    """No violation of the accessibility rules in any letter, the digest and the one to sign in among them, in light and dark."""
    assert _pages(language).keys() == {*LetterName, DIGEST, SIGN_IN}
    page = browser.new_page()
    for name, html in _pages(language).items():
        page.set_content(html)
        # The letter leaves its ground to the mail program; the rules want to see it painted.
        page.add_style_tag(content="body { background: Canvas }")
        found = flaws(page, (WIDTH,))
        assert [flaw for flaw in found if not any(rule in flaw for rule in OF_PAGES)] == [], name
    page.close()
