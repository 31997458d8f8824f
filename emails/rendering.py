"""Letters become subject, text and HTML (process.md S14). A language is a folder of templates; what is missing there is read in English."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from emails.letters import Letter, Reader
from workflows.vocabulary import LetterName

TEMPLATES = Path(__file__).with_name("templates")
FALLBACK = "en"


@dataclass(frozen=True)
class Rendered:
    """A letter as people read it."""

    subject: str
    text: str
    html: str


def render(name: LetterName, letter: Letter) -> Rendered:
    """Subject, hand-written text part and HTML part in the reader's language and zone."""
    language = _language_of(name, letter.reader.language)
    known = {
        "letter": letter,
        "language": language,
        "when": lambda instant: when(instant, letter.reader.zone, language),
        "lasting": lasting,
    }
    subject, _, text = _texts(language).get_template(f"{name}.txt").render(known).partition("\n")
    html = _pages(language).get_template(f"{name}.html").render(known | {"subject": subject})
    return Rendered(f"[{letter.number}] {subject.strip()}", text.strip() + "\n", html)


def render_sign_in(reader: Reader, url: str, minutes: int) -> Rendered:
    """The letter with a one-time link to sign in; it is about no incident (S22)."""
    language = _language_of("sign_in", reader.language)
    known = {"reader": reader, "url": url, "minutes": minutes, "language": language}
    subject, _, text = _texts(language).get_template("sign_in.txt").render(known).partition("\n")
    html = _pages(language).get_template("sign_in.html").render(known | {"subject": subject})
    return Rendered(subject.strip(), text.strip() + "\n", html)


def _language_of(name: str, wanted: str) -> str:
    """A letter is written in one language: where either part is not translated yet, both are in English."""
    has_all = all((TEMPLATES / wanted / file).is_file() for file in (f"{name}.txt", f"{name}.html", "calendar.txt"))
    return wanted if has_all else FALLBACK


def when(instant: datetime, zone: str, language: str) -> str:
    """A date and time as people say it, in their zone and with its name: Tuesday 8 December 2026, 10:00 (Europe/Istanbul)."""
    local = instant.astimezone(ZoneInfo(zone))
    days, months = _calendar_words(language)
    return f"{days[local.weekday()]} {local.day} {months[local.month - 1]} {local.year}, {local:%H:%M} ({zone})"


def lasting(span: timedelta) -> str:
    """Working time as people say it: 3 h 20 min. Hours are not made into days: a working day has its own length."""
    minutes = int(span.total_seconds()) // 60
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{rest} min"


@cache
def _calendar_words(language: str) -> tuple[list[str], list[str]]:
    days, months = (TEMPLATES / language / "calendar.txt").read_text(encoding="utf-8").splitlines()[:2]
    return days.split(), months.split()


@cache
def _texts(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / language),
        autoescape=False,  # noqa: S701 -- plain text; the HTML parts have an environment of their own
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["quoted"] = lambda text: "\n".join(f"  | {line}" for line in text.splitlines())
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
    environment.filters["lines"] = lambda text: Markup("<br>").join(escape(line) for line in text.splitlines())
    return environment
