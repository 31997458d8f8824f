"""Letters become subject, text and HTML (process.md S14). A language is a folder of templates; what is missing there is read in English."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from emails.languages import FALLBACK, TEMPLATES, languages, words_of
from emails.letters import Alarm, Digest, Letter, Reader, has_composer
from workflows.vocabulary import LetterName

# A letter has at most 60,000 bytes of HTML; so much of it may be what one person wrote, and so much in all the letters of a digest.
LONGEST_SAID, LONGEST_IN_DIGEST = 36_000, 1_000
# Beside those, what a digest leaves out of each letter: the end of long titles, all but the latest clocks, all but their latest reasons.
_TITLE_IN_DIGEST, _CLOCKS_IN_DIGEST = 80, 3
_SIGNATURE = "\n--\n"


@dataclass(frozen=True)
class Rendered:
    """A letter as people read it."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Entry:
    """A letter inside a digest: its subject, what it is about, and the middle of both parts."""

    subject: str
    title: str
    text: str
    html: Markup


def render(name: LetterName, letter: Letter) -> Rendered:
    """Subject, hand-written text part and HTML part in the reader's language and zone."""
    language = _language_of(name, letter.reader.language)
    known = _known(letter.reader, language, LONGEST_SAID) | {"letter": letter, "reference": letter.number, "heading": letter.title}
    subject, text = _text(name, language, known)
    html = _pages(language).get_template(f"{name}.html").render(known | {"subject": subject})
    return Rendered(f"[{letter.number}] {subject}", text, html)


def render_digest(digest: Digest, letters: Sequence[tuple[LetterName, Letter]]) -> Rendered:
    """One letter with all that these would have said: each with its text and its links, oldest first."""
    entries = [_entry(name, _brief(letter)) for name, letter in letters]
    language = _language_of("digest", digest.reader.language)
    facts = {"digest": digest, "entries": entries, "numbers": sorted({letter.number for _, letter in letters})}
    known = _known(digest.reader, language, LONGEST_IN_DIGEST) | facts | {"reference": "", "heading": ""}
    subject, text = _text("digest", language, known)
    html = _pages(language).get_template("digest.html").render(known | {"subject": subject})
    return Rendered(subject, text, html)


def render_sign_in(reader: Reader, url: str, minutes: int) -> Rendered:
    """The letter with a one-time link to sign in; it is about no incident (S22)."""
    language = _language_of("sign_in", reader.language)
    known = {"reader": reader, "url": url, "minutes": minutes, "language": language, "reference": "", "heading": ""}
    subject, text = _text("sign_in", language, known)
    return Rendered(subject, text, _pages(language).get_template("sign_in.html").render(known | {"subject": subject}))


def unwritten(name: LetterName) -> list[str]:
    """What the letter of that name still lacks before anybody can get it; other languages may follow."""
    parts = [] if has_composer(name) else ["a line in _COMPOSERS of emails/letters.py"]
    files = [f"{name}.{part}" for part in ("txt", "html")]
    return parts + [f"emails/templates/{FALLBACK}/{file}" for file in files if not (TEMPLATES / FALLBACK / file).is_file()]


def _brief(letter: Letter) -> Letter:
    title = letter.title if len(letter.title) <= _TITLE_IN_DIGEST else f"{letter.title[:_TITLE_IN_DIGEST]}…"
    if not isinstance(letter, Alarm):
        return replace(letter, title=title)
    alerts = tuple(replace(alert, lines=alert.lines[-1:]) for alert in letter.alerts[-_CLOCKS_IN_DIGEST:])
    return replace(letter, title=title, alerts=alerts)


def _entry(name: LetterName, letter: Letter) -> _Entry:
    language = _language_of(name, letter.reader.language)
    known = _known(letter.reader, language, LONGEST_IN_DIGEST) | {"letter": letter, "reference": letter.number, "heading": letter.title}
    subject, text = _text(name, language, known)
    page = _pages(language).get_template(f"{name}.html")
    body = "".join(page.blocks["body"](page.new_context(known | {"subject": subject})))
    # The digest greets once and signs once; its headings are a step above those of its letters.
    middle = text.partition("\n\n")[2].partition(_SIGNATURE)[0].strip("\n")
    inner = body.partition("</p>")[2].replace("<h2>", "<h3>").replace("</h2>", "</h3>")
    return _Entry(f"[{letter.number}] {subject}", letter.title, middle, Markup(inner))  # noqa: S704 -- from a template that escapes


def _text(name: str, language: str, known: dict[str, Any]) -> tuple[str, str]:
    subject, _, text = _texts(language).get_template(f"{name}.txt").render(known).partition("\n")
    return subject.strip(), text.strip() + "\n"


def _known(reader: Reader, language: str, longest: int) -> dict[str, Any]:
    words = words_of(language)
    return {
        "language": language,
        "longest": longest,
        "shortened": words.shortened,
        "when": lambda instant: words.moment(instant, reader.zone),
        "lasting": words.span,
        "lasting_seconds": lambda seconds: words.span(timedelta(seconds=seconds)),
        "status": words.status,
        "clock": words.clock,
        "promise": words.promise,
        "cause": words.cause,
    }


def _language_of(name: str, wanted: str) -> str:
    """A letter is written in one language: where either part is not translated yet, both are in English."""
    has_both = wanted in languages() and all((TEMPLATES / wanted / f"{name}.{part}").is_file() for part in ("txt", "html"))
    return wanted if has_both else FALLBACK


@cache
def _texts(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / language),
        autoescape=False,  # noqa: S701 -- plain text; the HTML parts have an environment of their own
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["quoted"] = _quoted
    return environment


@cache
def _pages(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES / language, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["lines"] = _lines
    return environment


@pass_context
def _quoted(context: Context, text: str) -> str:
    return "\n".join(f"  | {line}" for line in _at_most(context, text).splitlines())


@pass_context
def _lines(context: Context, text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in _at_most(context, text).splitlines())


def _at_most(context: Context, text: str) -> str:
    longest = context["longest"]
    if _size(text) <= longest:
        return text
    fits = bisect_right(range(len(text)), longest, key=lambda length: _size(text[:length]))
    return f"{text[: fits - 1]}\n{context['shortened']}"


def _size(text: str) -> int:
    """Bytes in the HTML part; a line end becomes a break there."""
    return len(str(escape(text)).encode("utf-8", "replace")) + 3 * text.count("\n")
