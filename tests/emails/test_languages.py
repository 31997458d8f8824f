"""Every letter in every language, complete and correct (process.md S14). A new folder of templates is tested without a change here."""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from emails.languages import FALLBACK, TEMPLATES, Words, languages, words_of
from emails.letters import HAS_ANSWER_LINK, MOST_IN_A_DIGEST, Digest, Letter, Reader, compose
from emails.rendering import Rendered, render, render_digest
from tests.emails.test_letters import DESK, FACTS, URL, links_of
from workflows.clocks import Line
from workflows.publication import Alert, LetterFacts
from workflows.vocabulary import EventKind, LetterName, Priority, Status

STOP = "https://desk.example.org/u/abc.def"
LINES = (
    Line(running=True, since=datetime(2026, 11, 24, 6, tzinfo=UTC), until=None, cause="reported", actor="carla"),
    Line(running=False, since=datetime(2026, 11, 24, 8, tzinfo=UTC), until=None, cause="held", actor="asha"),
)
ALERT = Alert("resolution", 75, datetime(2026, 11, 24, 15, tzinfo=UTC), "office", timedelta(hours=3, minutes=20), LINES, 60)
FULL = replace(FACTS, alerts=(ALERT, replace(ALERT, clock="internal:network", budget=timedelta(minutes=40))))


# Letters after which nothing happens at a time that is known.
WITHOUT_A_DATE = {
    LetterName.CLOSED: "closed is final, and whether a survey follows is not known yet",
    LetterName.CANCELLED: "it is over",
}
_DATE = re.compile(r"\b2026\b.{0,12}, \d\d:\d\d \(Europe/Istanbul\)")


def _reader(language: str, name: str = "Ayşe Öz") -> Reader:
    return Reader(name, language, "Europe/Istanbul")


def _letter(name: LetterName, language: str, facts: LetterFacts = FULL) -> Letter:
    return compose(name, _reader(language), "INC-1042-9", facts, URL, DESK)


def _written(name: LetterName, language: str, facts: LetterFacts = FULL) -> Rendered:
    return render(name, _letter(name, language, facts))


def _shape(value: object) -> object:
    return {key: _shape(each) for key, each in value.items()} if isinstance(value, dict) else type(value)


def test_there_are_two_languages() -> None:
    """English and Turkish ship with the desk."""
    assert {"en", "tr"} <= set(languages())


@pytest.mark.parametrize("language", languages())
def test_a_language_is_complete(language: str) -> None:
    """Every file that English has, and every word with all its forms."""
    assert {file.name for file in (TEMPLATES / FALLBACK).iterdir()} == {file.name for file in (TEMPLATES / language).iterdir()}
    theirs, ours = (tomllib.loads((TEMPLATES / each / "words.toml").read_text(encoding="utf-8")) for each in (language, FALLBACK))
    assert _shape(theirs) == _shape(ours)
    assert (len(theirs["weekdays"]), len(theirs["months"])) == (7, 12)
    assert theirs["statuses"].keys() == set(Status)
    assert theirs["causes"].keys() <= set(EventKind)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", LetterName)
def test_every_letter_in_every_language(name: LetterName, language: str) -> None:
    """Subject with the number, the reader's name, what happens next in both parts, every link in both parts, and said in which language it is."""
    letter = _written(name, language)
    assert letter.subject.startswith("[INC-1042-9] ")
    assert f'<html lang="{language}">' in letter.html
    assert "Ayşe Öz" in letter.text
    assert "Ayşe Öz" in letter.html
    what_next = re.findall(r"<h2>(.+?)</h2>", letter.html)[-1]
    assert what_next.lower() in letter.text.lower()
    links = set(re.findall(r"https?://[^\s\"<>]+", letter.html))
    assert links == links_of(name)
    assert all(link in letter.text for link in links)
    assert "<img" not in letter.html


def _what_next(letter: Rendered) -> tuple[str, str]:
    """The end of both parts, from the words for what happens next."""
    heading = re.findall(r"<h2>(.+?)</h2>", letter.html)[-1]
    return letter.text[letter.text.lower().rindex(f"{heading.lower()}:") :], letter.html.rpartition(f"<h2>{heading}</h2>")[2]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", LetterName)
def test_every_letter_says_when(name: LetterName, language: str) -> None:
    """What happens next has its date in the reader's zone, in both parts, unless nothing comes at a known time."""
    for part in _what_next(_written(name, language)):
        assert bool(_DATE.search(part)) == (name not in WITHOUT_A_DATE), part


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", LetterName)
def test_no_date_is_made_up(name: LetterName, language: str) -> None:
    """A row that knows of no date, as those of an older build, is written without one, and still says what happens next."""
    for part in _what_next(_written(name, language, LetterFacts("Printer jammed", Status.ON_HOLD, Priority.P3, text="Why?", score=2))):
        assert not _DATE.search(part)
        assert "None" not in part
        assert len(part) > 80


@pytest.mark.parametrize(
    ("undo_period", "en", "tr"),
    [(None, "some minutes", "birkaç dakika"), (timedelta(minutes=15), "15 min", "15 dk"), (timedelta(0), "", "")],
)
def test_an_answer_can_be_taken_back_as_long_as_the_rules_say(undo_period: timedelta | None, en: str, tr: str) -> None:
    """The letter that asks says how long; where nothing can be taken back it says nothing, where the row does not know it names no time."""
    for language, said, mind in (("en", en, "change your mind"), ("tr", tr, "fikrinizi")):
        letter = _written(LetterName.RESOLVED, language, replace(FULL, undo_period=undo_period))
        for part in (letter.text, letter.html):
            assert said in part
            assert (mind in part) == bool(said)


@pytest.mark.parametrize("name", LetterName)
def test_nothing_english_is_left_in_turkish(name: LetterName) -> None:
    """A Turkish letter has no English words of ours, in either part."""
    letter = _written(name, "tr", replace(FULL, title="Yazıcı", text="Metin", solution="Çözdük", group="destek"))
    prose = " ".join((letter.subject, letter.text, re.sub(r"<style>.*?</style>|<[^>]+>", " ", letter.html, flags=re.DOTALL))).lower()
    assert not {"the", "is", "incident", "dear", "what", "we", "your", "and", "because", "min", "monday"} & set(re.findall(r"\w+", prose))


@pytest.mark.parametrize("name", [LetterName.RESOLVED, LetterName.CONFIRMATION_REMINDER, LetterName.CLOSED, LetterName.APPROVAL_WANTED])
def test_no_answer_is_said_in_the_language_of_the_reader(name: LetterName) -> None:
    """Where a question had no answer, that stands as the solution in the reader's own words, for what is on record already too; what somebody wrote stays as it is."""
    facts = replace(FULL, solution="We asked and had no answer: Hangi {tepsi}?")
    letters = {language: _written(name, language, facts) for language in ("en", "tr")}
    for part in ("text", "html"):
        assert "We asked and had no answer: Hangi {tepsi}?" in getattr(letters["en"], part)
        assert "Sorduk, yanıt alamadık: Hangi {tepsi}?" in getattr(letters["tr"], part)
        assert "We asked" not in getattr(letters["tr"], part)
    assert "We took it out." in _written(name, "tr", replace(FULL, solution="We took it out.")).text


def test_turkish_dates_spans_and_words() -> None:
    """Dates, working time and the words of the clocks as Turkish readers write them."""
    letter = _written(LetterName.BREACH, "tr")
    assert "24 Kasım 2026 Salı, 18:00 (Europe/Istanbul)" in letter.text
    assert "3 sa 20 dk" in letter.text
    assert "40 dk" in letter.text
    assert "süre durdu; neden: beklemeye alındı" in letter.text
    assert "durum: çözüldü" in letter.text


def test_english_spans() -> None:
    """Hours and minutes, each left out where there are none."""
    words: Words = words_of("en")
    spans = {
        timedelta(minutes=200): "3 h 20 min",
        timedelta(hours=30): "30 h",
        timedelta(minutes=59, seconds=59): "59 min",
        timedelta(): "0 min",
    }
    assert {span: words.span(span) for span in spans} == spans


def _longest(character: str) -> LetterFacts:
    clocks = tuple(replace(ALERT, clock=f"internal:{'g' * 90}{number}", lines=LINES * 4) for number in range(10))
    said = character * 10_000
    return LetterFacts(
        character * 200,
        Status.RESOLVED,
        Priority.P1,
        text=said,
        solution=said,
        group="g" * 100,
        alerts=clocks,
        score=1,
        reminders=FACTS.reminders,
        promises=FACTS.promises,
    )


@pytest.mark.parametrize("character", ["x", '"', "&", "😀", "\u0915", "\n", "ş"])
@pytest.mark.parametrize("language", languages())
def test_the_longest_letter_is_below_60_kb(language: str, character: str) -> None:
    """With everything as long as it may be, mail programs still show the letter whole; what had to be left out is said."""
    for name in LetterName:
        letter = _written(name, language, _longest(character))
        assert len(letter.html.encode()) < 60_000
    if character in {'"', "&", "😀"}:
        assert words_of(language).shortened in _written(LetterName.RESOLVED, language, _longest(character)).text


@pytest.mark.parametrize("character", ["x", "&", "\n"])
@pytest.mark.parametrize("language", languages())
def test_the_longest_digest_is_below_60_kb(language: str, character: str) -> None:
    """As many letters as a digest takes, each as long as it may be: each is there with its subject and its links."""
    for name in LetterName:
        facts = replace(_longest(character), title="&" * 200)
        letters = [(name, replace(_letter(name, language, facts), number=f"INC-{number}")) for number in range(MOST_IN_A_DIGEST)]
        digest = render_digest(Digest(_reader(language), STOP), letters)
        assert len(digest.html.encode()) < 60_000
        assert all(f"[INC-{number}] " in digest.text and f"[INC-{number}] " in digest.html for number in range(MOST_IN_A_DIGEST))


@pytest.mark.parametrize("language", languages())
def test_a_digest_swallows_nothing(language: str) -> None:
    """Every letter with what it says and its own link, in both parts, and where to ask for single letters."""
    urls = {name: f"{URL}{number}" for number, name in enumerate(LetterName)}
    letters = [(name, compose(name, _reader(language), f"INC-{name}", FULL, url, DESK)) for name, url in urls.items()][:MOST_IN_A_DIGEST]
    digest = render_digest(Digest(_reader(language), STOP), letters)
    assert f'<html lang="{language}">' in digest.html
    for name, letter in letters:
        alone = render(name, letter)
        for part in (digest.text, digest.html):
            assert f"INC-{name}" in part
            assert urls[name] in part or name not in HAS_ANSWER_LINK
        assert alone.subject in digest.text
    assert digest.text.count("Ayşe Öz") == 1
    assert STOP in digest.text
    assert STOP in digest.html


@pytest.mark.parametrize(
    ("count", "numbers", "subject"),
    [(1, 1, "1 letter about 1 incident"), (3, 1, "3 letters about 1 incident"), (3, 3, "3 letters about 3 incidents")],
)
def test_plurals(count: int, numbers: int, subject: str) -> None:
    """One letter, three letters; in Turkish a number needs no plural."""
    for language, said in (("en", subject), ("tr", f"{numbers} bildirim hakkında {count} e-posta")):
        letters = [
            (LetterName.CLOSED, replace(_letter(LetterName.CLOSED, language), number=f"INC-{each % numbers}")) for each in range(count)
        ]
        assert render_digest(Digest(_reader(language), STOP), letters).subject == said
