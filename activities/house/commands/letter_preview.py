"""``holdfast letters preview``: every letter in every language with invented facts, to read, to open in a browser, to open in a mail program."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from activities.access.accounts import LASTS, Purpose
from activities.house.commands.reports import make_folder, write_report
from activities.mail.digests import DIGEST
from activities.mail.scribe import CAN_BE_DECLINED
from activities.mail.sign_in_post import LANDING
from emails.headers import Envelope, build
from emails.languages import languages, words_of
from emails.letters import Digest, Letter, Reader, compose
from emails.rendering import Rendered, render, render_digest, render_sign_in
from workflows.clocks import Line
from workflows.publication import Alert, LetterFacts
from workflows.vocabulary import LetterName, Priority, Status

_MORNING = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
_DESK, _SIGN_IN = "https://desk.example.org", "sign_in"
_ANSWER, _STOP, _LINK = f"{_DESK}/l/sample", f"{_DESK}/u/sample", f"{_DESK}{LANDING}sample"
_LEDGER = (
    Line(running=True, since=_MORNING, until=_MORNING + timedelta(hours=2), cause="reported", actor="carla"),
    Line(running=False, since=_MORNING + timedelta(hours=2), until=_MORNING + timedelta(hours=4), cause="held", actor="asha"),
    Line(running=True, since=_MORNING + timedelta(hours=4), until=None, cause="resumed", actor="asha"),
)
_FACTS = LetterFacts(
    title="",
    status=Status.IN_PROGRESS,
    priority=Priority.P2,
    group="workplace",
    follows="INC-1001-2",
    resolved_at=_MORNING,
    closes_at=_MORNING + timedelta(days=7),
    score=2,
    reminders=(_MORNING + timedelta(days=2), _MORNING + timedelta(days=6)),
    alerts=(
        Alert("resolution", 75, _MORNING + timedelta(hours=7, minutes=20), "office", timedelta(hours=5, minutes=20), _LEDGER),
        Alert("internal:workplace", 100, _MORNING + timedelta(hours=6), "office", timedelta(hours=4), _LEDGER[:1], 90),
    ),
)
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Letters</title>
<style>:root {{ color-scheme: light dark }} body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse }} td, th {{ padding: .35rem 1.2rem .35rem 0; text-align: left; vertical-align: top }}</style></head>
<body><h1>Letters</h1>
<table><thead><tr><th>Letter</th>{heads}</tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""


@dataclass(frozen=True)
class Sample:
    """One letter as its reader would get it."""

    language: str
    name: str
    rendered: Rendered

    @property
    def stem(self) -> str:
        """The name of its files without an ending."""
        return f"{self.language}-{self.name}"

    def wire(self) -> bytes:
        """The letter as it would go over the wire."""
        stop_url = _STOP if self.name in CAN_BE_DECLINED else None
        reader = _reader(self.language).name
        envelope = Envelope(
            "Service desk <desk@example.org>",
            "reader@example.org",
            reader,
            "desk.example.org",
            self.stem,
            self.language,
            _MORNING,
            stop_url,
        )
        return build(envelope, self.rendered.subject, self.rendered.text, self.rendered.html)


def preview(to: Path) -> str:
    """Writes .txt, .html and .eml of every letter, and index.html; answers with a sentence. Raises UsageRefusedError where nothing can be written."""
    samples = list(every_letter())
    make_folder(to)
    for sample in samples:
        write_report(to / f"{sample.stem}.txt", f"{sample.rendered.subject}\n\n{sample.rendered.text}")
        write_report(to / f"{sample.stem}.html", sample.rendered.html)
        write_report(to / f"{sample.stem}.eml", sample.wire())
    write_report(to / "index.html", _index(samples))
    return f"{len(samples)} letters in {len(languages())} languages; open {to / 'index.html'}"


def every_letter() -> Iterator[Sample]:
    """All letters, a digest of some, and the one to sign in, language by language."""
    minutes = int(LASTS[Purpose.SIGN_IN].total_seconds() // 60)
    for language in languages():
        letters = [(name, _letter(name, language)) for name in LetterName]
        for name, letter in letters:
            yield Sample(language, name, render(name, letter))
        yield Sample(language, DIGEST, render_digest(Digest(_reader(language), _STOP), letters[:6]))
        yield Sample(language, _SIGN_IN, render_sign_in(_reader(language), _LINK, minutes))


def _reader(language: str) -> Reader:
    return Reader(words_of(language).sample["reader"], language, "Europe/Istanbul")


def _letter(name: LetterName, language: str) -> Letter:
    sample = words_of(language).sample
    facts = replace(_FACTS, title=sample["title"], text=sample["text"], solution=sample["solution"])
    return compose(name, _reader(language), "INC-1042-9", facts, _ANSWER, _DESK)


def _index(samples: list[Sample]) -> str:
    heads = "".join(f"<th>{escape(words_of(language).name)}</th>" for language in languages())
    names = list(dict.fromkeys(sample.name for sample in samples))
    rows = "\n".join(f"<tr><td>{name.replace('_', ' ')}</td>{_cells(samples, name)}</tr>" for name in names)
    return _PAGE.format(heads=heads, rows=rows)


def _cells(samples: list[Sample], name: str) -> str:
    return "".join(
        f'<td><a href="{each.stem}.html">{escape(each.rendered.subject)}</a><br><a href="{each.stem}.txt">text</a> <a href="{each.stem}.eml">mail</a></td>'
        for each in samples
        if each.name == name
    )
