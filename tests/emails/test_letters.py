"""Every letter renders, in both parts, with what happens next (process.md S14)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails.languages import words_of
from emails.letters import HAS_ANSWER_LINK, HAS_SURVEY_LINK, TO_CALLERS, Reader, compose, page_of
from emails.rendering import render
from workflows.publication import LetterFacts, Promise
from workflows.vocabulary import ClockKind, LetterName, Priority, Status

DESK = "https://desk.example.org"
URL = f"{DESK}/l/" + "abc.def-" * 20
CARLA = Reader("Carla Mendes", "en", "Europe/Istanbul")
FACTS = LetterFacts(
    title="Printer jammed",
    status=Status.RESOLVED,
    priority=Priority.P3,
    text="First line.\nSecond <b>line</b>.",
    solution="Took the paper out.",
    group="service-desk",
    follows="INC-1001-2",
    resolved_at=datetime(2026, 11, 24, 7, tzinfo=UTC),
    closes_at=datetime(2026, 12, 1, 7, tzinfo=UTC),
    reminders=(datetime(2026, 11, 26, 7, tzinfo=UTC), datetime(2026, 11, 30, 7, tzinfo=UTC)),
    score=2,
    undo_period=timedelta(minutes=10),
    promises=(
        Promise(ClockKind.RESPONSE, datetime(2026, 11, 24, 11, tzinfo=UTC)),
        Promise(ClockKind.RESOLUTION, datetime(2026, 11, 27, 7, tzinfo=UTC)),
    ),
    calls_again_at=datetime(2026, 11, 24, 8, tzinfo=UTC),
)


def links_of(name: LetterName) -> set[str]:
    """The addresses in a letter of that name: one page, and in a survey the same page with each mark; the page of its incident where it asks for nothing else."""
    if name not in HAS_ANSWER_LINK | HAS_SURVEY_LINK:
        return {page_of(name, "INC-1042-9", f"{DESK}/")}
    marks = {f"{URL}?score={score}" for score in range(1, 6)} if name in HAS_SURVEY_LINK else set()
    return marks | {URL}


@pytest.mark.parametrize("name", LetterName)
def test_every_letter_says_what_happens_next(name: LetterName) -> None:
    """Subject with the number, a text part and an HTML part, both with what happens next, and under 60 KB."""
    rendered = render(name, compose(name, CARLA, "INC-1042-9", FACTS, URL, DESK))
    assert rendered.subject.startswith("[INC-1042-9] ")
    for part in (rendered.text, rendered.html):
        assert "hat happens next" in part
        assert "Carla Mendes" in part
    assert len(rendered.html.encode()) < 60_000
    assert 'lang="en"' in rendered.html


@pytest.mark.parametrize("name", LetterName)
def test_every_link_stands_in_both_parts(name: LetterName) -> None:
    """Who reads plain text can do all that the HTML part offers."""
    rendered = render(name, compose(name, CARLA, "INC-1042-9", FACTS, URL, DESK))
    links = set(re.findall(r"https?://[^\s\"<>]+", rendered.html))
    assert links == links_of(name)
    assert all(link in rendered.text for link in links)


def test_every_letter_leads_to_its_incident() -> None:
    """Callers to their page in the portal, the desk to the console: plain addresses, the same for every reader (S14, S15)."""
    pages = {name: page_of(name, "INC-1042-9", DESK) for name in LetterName}
    assert {pages[name] for name in TO_CALLERS} == {f"{DESK}/portal/incidents/INC-1042-9"}
    assert {page for name, page in pages.items() if name not in TO_CALLERS} == {f"{DESK}/console/INC-1042-9"}


@pytest.mark.parametrize("name", [LetterName.RESOLVED, LetterName.CONFIRMATION_REMINDER])
def test_the_question_lists_all_dates(name: LetterName) -> None:
    """The letter that asks says when we remind and when it closes, in the reader's zone (S11)."""
    rendered = render(name, compose(name, CARLA, "INC-1042-9", FACTS, URL, DESK))
    for day in ("Thursday 26 November 2026, 10:00", "Monday 30 November 2026, 10:00", "Tuesday 1 December 2026, 10:00 (Europe/Istanbul)"):
        assert day in rendered.text
        assert day in rendered.html


def test_a_language_without_a_folder_is_read_in_english() -> None:
    """Nobody gets an empty letter because a translation is missing."""
    reader = Reader("Ayşe", "xx", "Europe/Istanbul")
    assert "log" in render(LetterName.RECEIVED, compose(LetterName.RECEIVED, reader, "INC-1042-9", FACTS, URL, DESK)).text


def test_a_time_is_told_in_the_readers_zone() -> None:
    """The same instant is another hour elsewhere, and the zone is named."""
    instant = datetime(2026, 12, 8, 22, 30, tzinfo=UTC)
    assert words_of("en").moment(instant, "Asia/Tokyo") == "Wednesday 9 December 2026, 07:30 (Asia/Tokyo)"
    assert words_of("en").moment(instant, "America/New_York") == "Tuesday 8 December 2026, 17:30 (America/New_York)"


HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "{% raw %}",
    '"><img src=x onerror=alert(1)>',
    "</p></td></table>",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_of_people_stays_text(hostile: str) -> None:
    """HTML, scripts and template syntax in titles, names and texts arrive as the characters they are."""
    facts = LetterFacts(hostile, Status.RESOLVED, Priority.P1, text=hostile, solution=hostile, group=hostile, score=1)
    for name in LetterName:
        rendered = render(name, compose(name, Reader(hostile, "en", "UTC"), "INC-1042-9", facts, URL, DESK))
        assert "<script>" not in rendered.html
        assert "<img" not in rendered.html
        assert hostile in rendered.text


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_breaks_a_letter(title: str, text: str) -> None:
    """Whatever people write, every letter renders."""
    facts = LetterFacts(title, Status.RESOLVED, Priority.P1, text=text, solution=text, score=1)
    for name in LetterName:
        assert render(name, compose(name, CARLA, "INC-1042-9", facts, URL, DESK)).text


@pytest.mark.parametrize(("language", "best", "worst"), [("en", "very good", "very bad"), ("tr", "çok iyi", "çok kötü")])
def test_a_survey_names_every_mark(language: str, best: str, worst: str) -> None:
    """Five links, each with its mark in words, in the reader's language, and when the question ends (S13)."""
    reader = Reader("Ayşe", language, "Europe/Istanbul")
    for name in (LetterName.SURVEY, LetterName.SURVEY_REMINDER):
        rendered = render(name, compose(name, reader, "INC-1042-9", FACTS, URL, DESK))
        for part in (rendered.text, rendered.html):
            assert best in part
            assert worst in part
            assert "2026, 10:00 (Europe/Istanbul)" in part or "1 Aralık 2026" in part
        assert f'lang="{language}"' in rendered.html


def test_a_low_score_without_words() -> None:
    """A lead reads the mark, and that there is no comment (S13)."""
    facts = LetterFacts("Printer jammed", Status.CLOSED, Priority.P3, group="service-desk", score=1)
    text = render(LetterName.LOW_SCORE, compose(LetterName.LOW_SCORE, CARLA, "INC-1042-9", facts, URL, DESK)).text
    assert "1 out of 5 (very bad)" in text
    assert "There is no comment." in text


@pytest.mark.parametrize("language", ["en", "tr"])
def test_a_breach_says_nothing_of_other_readers(language: str) -> None:
    """Who else is told is a rule of the desk and depends on the clock: the letter does not claim it."""
    rendered = render(LetterName.BREACH, compose(LetterName.BREACH, replace(CARLA, language=language), "INC-1042-9", FACTS, URL, DESK))
    for part in (rendered.text, rendered.html):
        assert not re.search(r"manager|have been told|yöneticisi|haber verildi", part)
