"""Plays recordings through the real workflow under one process; the process is that of the tree this file stands in.

``python -m workflows.rehearsal.playing --edition NAME [--policies FILE]``, run by ``holdfast rehearse`` in each process's own tree: recordings come in
as lines of JSON, a heading and then one fate a line go out. An edition of "newest" is the last one of the book, "in force" the one of this day.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from activities.policy_book import load_book
from workflows.messages import Sent
from workflows.policies.book import adopt, book
from workflows.publication import Publication, Published
from workflows.rehearsal.by_reference import ByReference
from workflows.rehearsal.engine import Engine, written
from workflows.rehearsal.fates import Fate, Seen, fate
from workflows.rehearsal.recordings import Part, in_words_of, part, report_in_words_of

NEWEST, IN_FORCE = "newest", "in force"
# What was said in one recorded minute keeps its order.
MOMENT = timedelta(milliseconds=20)
AFTER_THE_LAST_WORD = timedelta(days=60)


def play(recording: Part) -> Fate:
    """One incident from its report to sixty days after the last word, under the edition of its intake."""
    seen, exchanged, left_out = Seen(), Counter[str](), Counter(f"recorded as {name}" for name in recording.unmodelled.elements())
    rules = book().edition(recording.intake.edition)
    report, why = report_in_words_of(rules, recording.intake.report)
    exchanged.update([why] if why else [])
    engine = Engine(recording.intake.logged_at, lambda publication: _note(seen, publication), ByReference())
    engine.start(replace(recording.intake, report=report))
    engine.advance_to(engine.now + MOMENT)
    for place, cue in enumerate(recording.cues):
        engine.advance_to(max(cue.at, engine.now + MOMENT))
        _say(engine, recording, place, seen, exchanged, left_out)
    engine.advance_to(engine.now + AFTER_THE_LAST_WORD)
    ended = fate(seen, rules, engine.now, exchanged, left_out)
    engine.close()
    return ended


def _note(seen: Seen, publication: Publication) -> Published:
    seen.facts = publication.snapshot
    seen.events += publication.events
    seen.letters += publication.letters
    seen.outcomes += publication.outcomes
    # Everybody who is drawn is asked: the caps look at all incidents of a person, and here each is alone (said in ASSUMPTIONS).
    return written(publication)


def _say(engine: Engine, recording: Part, place: int, seen: Seen, exchanged: Counter[str], left_out: Counter[str]) -> None:
    number, facts = recording.intake.number, seen.facts
    assert facts is not None
    spoken = recording.cues[place].said(facts)
    if spoken is None or number in engine.closures:
        left_out["said after the incident had ended here"] += spoken is not None
        return
    actor, message = spoken
    message, why = in_words_of(book().edition(recording.intake.edition), message, facts)
    exchanged.update([why] if why else [])
    engine.send(number, Sent(f"recorded-{place}", actor, engine.now, message))
    engine.advance_to(engine.now + MOMENT)


def named(edition: str) -> str:
    """The edition meant. Raises ValueError where the book has none of that name."""
    if edition == IN_FORCE:
        return book().name_of_edition(datetime.now(UTC))
    days: set[date] = {dated.valid_from for subject in fields(book()) for dated in getattr(book(), subject.name)}
    names = [day.isoformat() for day in sorted(days)]
    if edition not in (NEWEST, *names):
        raise ValueError(f"there is no edition {edition!r}; there are: {', '.join(names)}")
    return names[-1] if edition == NEWEST else edition


def fates(lines: Iterable[str], edition: str) -> Iterator[Fate]:
    """Plays line after line. Raises ValueError with the line where one is no recording."""
    for line in lines:
        try:
            recording = part(json.loads(line), edition)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"not a recorded incident: {line[:60]!r}: {str(error).splitlines()[0]}") from None
        yield play(recording)


def main() -> int:
    """Recordings in, fates out."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--edition", default=NEWEST)
    reader.add_argument("--policies", type=Path)
    wanted = reader.parse_args()
    try:
        if wanted.policies:
            adopt(load_book(wanted.policies))
        edition = named(wanted.edition)
        _tell({"edition": edition, "book": str(wanted.policies or "the desk's own")})
        for each in fates(sys.stdin, edition):
            _tell(asdict(each))
    except Exception as error:  # noqa: BLE001 -- whatever it is, one sentence for the one who rehearses
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


def _tell(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
