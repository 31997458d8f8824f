"""One dataclass per letter: the facts its template may use (process.md S14). ``compose`` picks the dataclass and fills it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from emails.languages import words_of
from workflows.publication import Alert, LetterFacts, Promise
from workflows.vocabulary import LetterName, Priority, Status


@dataclass(frozen=True)
class Reader:
    """Who reads the letter: name as they write it, language as two letters, IANA zone."""

    name: str
    language: str
    zone: str


@dataclass(frozen=True)
class Letter:
    """What every letter knows. ``promises``: until when the desk owes what, as things stood when the letter was planned.

    ``page_url``: the page of the incident for readers of this letter. Its address is no secret and signs nobody in (S15).
    """

    reader: Reader
    number: str
    title: str
    priority: Priority
    promises: tuple[Promise, ...]
    page_url: str


@dataclass(frozen=True)
class Received(Letter):
    """A receipt: the report is logged."""

    follows: str | None


@dataclass(frozen=True)
class Assigned(Letter):
    """To the caller: somebody works on it."""

    group: str | None


@dataclass(frozen=True)
class Question(Letter):
    """To the caller: the desk needs an answer."""

    text: str
    reminders: tuple[datetime, ...]
    gives_up_at: datetime | None


@dataclass(frozen=True)
class Progress(Letter):
    """To the caller: a message from the desk."""

    text: str


@dataclass(frozen=True)
class Resolved(Letter):
    """To the caller: does it work? With all dates, and how long "it works" can be taken back (S11)."""

    solution: str
    answer_url: str
    reminders: tuple[datetime, ...]
    closes_at: datetime | None
    undo_period: timedelta | None


@dataclass(frozen=True)
class Closed(Letter):
    """To the caller: final; "still broken" makes a new incident (S12)."""

    solution: str
    answer_url: str


@dataclass(frozen=True)
class Survey(Letter):
    """To the caller: how did it go? ``rate_url`` leads to the page; with ``?score=4`` that mark is chosen there, and nothing is stored (S13, S15)."""

    rate_url: str
    reminders: tuple[datetime, ...]
    expires_at: datetime | None
    undo_period: timedelta | None

    def url_of(self, score: int) -> str:
        """The address of the page with that mark chosen."""
        return f"{self.rate_url}?score={score}"


@dataclass(frozen=True)
class LowScore(Letter):
    """To the group lead: somebody was not satisfied (S13). ``text`` is their comment, if they wrote one."""

    group: str | None
    score: int
    text: str | None
    changes_until: datetime | None


@dataclass(frozen=True)
class Reopened(Letter):
    """To caller or assignee: work goes on."""

    text: str


@dataclass(frozen=True)
class Cancelled(Letter):
    """To the caller: called off."""

    text: str | None


@dataclass(frozen=True)
class ToAgent(Letter):
    """To the desk: something to do; what was said, if anything."""

    group: str | None
    text: str | None


@dataclass(frozen=True)
class NotReached(Letter):
    """To the desk: the caller never got the question, or else the solution, that the incident waits for an answer to (S11)."""

    question: str | None
    solution: str


@dataclass(frozen=True)
class Approval(Letter):
    """To whoever must agree before it closes (S11)."""

    group: str | None
    solution: str
    reminders: tuple[datetime, ...]


@dataclass(frozen=True)
class Alarm(Letter):
    """To the desk: time runs out, has run out, or nobody takes care (S8, S10). ``alerts`` say which clocks, and why; ``calls_again_at`` when the next in line is called."""

    group: str | None
    status: Status
    text: str | None
    alerts: tuple[Alert, ...]
    late: timedelta
    calls_again_at: datetime | None


# More would not fit into 60 KB.
MOST_IN_A_DIGEST = 12


@dataclass(frozen=True)
class Digest:
    """Several letters to one reader in one. ``stop_url`` leads to the page where they ask for single letters again."""

    reader: Reader
    stop_url: str


Composer = Callable[[Letter, LetterFacts, str], Letter]


def _known(letter: Letter) -> tuple[Reader, str, str, Priority, tuple[Promise, ...], str]:
    return letter.reader, letter.number, letter.title, letter.priority, letter.promises, letter.page_url


def _solution(letter: Letter, facts: LetterFacts) -> str:
    return words_of(letter.reader.language).solution(facts.solution)


def _received(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return Received(*_known(letter), follows=facts.follows)


def _assigned(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return Assigned(*_known(letter), group=facts.group)


def _question(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return Question(*_known(letter), text=facts.text or "", reminders=facts.reminders, gives_up_at=facts.closes_at)


def _progress(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return Progress(*_known(letter), text=facts.text or "")


def _resolved(letter: Letter, facts: LetterFacts, url: str) -> Letter:
    return Resolved(
        *_known(letter),
        solution=_solution(letter, facts),
        answer_url=url,
        reminders=facts.reminders,
        closes_at=facts.closes_at,
        undo_period=facts.undo_period,
    )


def _closed(letter: Letter, facts: LetterFacts, url: str) -> Letter:
    return Closed(*_known(letter), solution=_solution(letter, facts), answer_url=url)


def _survey(letter: Letter, facts: LetterFacts, url: str) -> Letter:
    return Survey(*_known(letter), rate_url=url, reminders=facts.reminders, expires_at=facts.closes_at, undo_period=facts.undo_period)


def _low_score(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    if facts.score is None:
        raise ValueError("a low score is a score")
    return LowScore(*_known(letter), group=facts.group, score=facts.score, text=facts.text, changes_until=facts.closes_at)


def _reopened(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return Reopened(*_known(letter), text=facts.text or "")


def _cancelled(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return Cancelled(*_known(letter), text=facts.text)


def _to_agent(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return ToAgent(*_known(letter), group=facts.group, text=facts.text)


def _not_reached(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return NotReached(*_known(letter), question=facts.text, solution=_solution(letter, facts))


def _approval(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return Approval(*_known(letter), group=facts.group, solution=_solution(letter, facts), reminders=facts.reminders)


def _alert(letter: Letter, facts: LetterFacts, _: str) -> Letter:
    return Alarm(
        *_known(letter),
        group=facts.group,
        status=facts.status,
        text=facts.text,
        alerts=facts.alerts,
        late=timedelta(seconds=facts.late_seconds),
        calls_again_at=facts.calls_again_at,
    )


_COMPOSERS: Mapping[LetterName, Composer] = {
    LetterName.RECEIVED: _received,
    LetterName.ASSIGNED: _assigned,
    LetterName.QUESTION: _question,
    LetterName.QUESTION_REMINDER: _question,
    LetterName.PROGRESS: _progress,
    LetterName.RESOLVED: _resolved,
    LetterName.CONFIRMATION_REMINDER: _resolved,
    LetterName.CLOSED: _closed,
    LetterName.REOPENED: _reopened,
    LetterName.CANCELLED: _cancelled,
    LetterName.ASSIGNED_TO_YOU: _to_agent,
    LetterName.CALLER_WROTE: _to_agent,
    LetterName.ESCALATED_TO_GROUP: _to_agent,
    LetterName.REJECTED: _to_agent,
    LetterName.REOPENED_TO_AGENT: _to_agent,
    LetterName.THRESHOLD: _alert,
    LetterName.BREACH: _alert,
    LetterName.ESCALATION: _alert,
    LetterName.SURVEY: _survey,
    LetterName.SURVEY_REMINDER: _survey,
    LetterName.LOW_SCORE: _low_score,
    LetterName.APPROVAL_WANTED: _approval,
    LetterName.CALLER_NOT_REACHED: _not_reached,
}

# Letters to callers, who read in the portal; readers of all others work in the console.
TO_CALLERS = frozenset(
    {
        LetterName.RECEIVED,
        LetterName.ASSIGNED,
        LetterName.QUESTION,
        LetterName.QUESTION_REMINDER,
        LetterName.PROGRESS,
        LetterName.RESOLVED,
        LetterName.CONFIRMATION_REMINDER,
        LetterName.CLOSED,
        LetterName.REOPENED,
        LetterName.CANCELLED,
        LetterName.SURVEY,
        LetterName.SURVEY_REMINDER,
    }
)
# Letters whose loss means that the caller was never asked (S11).
ASKS_FOR_CONFIRMATION = frozenset({LetterName.RESOLVED, LetterName.CONFIRMATION_REMINDER})
# Letters that carry a link to the answer page.
HAS_ANSWER_LINK = ASKS_FOR_CONFIRMATION | {LetterName.CLOSED}
# Letters that carry links to the page of the survey.
HAS_SURVEY_LINK = frozenset({LetterName.SURVEY, LetterName.SURVEY_REMINDER})


def has_composer(name: LetterName) -> bool:
    """Whether it is said what the letter of that name tells."""
    return name in _COMPOSERS


def page_of(name: LetterName, number: str, base_url: str) -> str:
    """The address of the incident's page for readers of the letter of that name."""
    return f"{base_url.rstrip('/')}/{'portal/incidents' if name in TO_CALLERS else 'console'}/{number}"


def compose(name: LetterName, reader: Reader, number: str, facts: LetterFacts, answer_url: str, base_url: str) -> Letter:
    """The letter of that name for that reader; ``answer_url`` is used by the letters that have such a link, ``base_url`` is where the pages are."""
    known = Letter(reader, number, facts.title, facts.priority, facts.promises, page_of(name, number, base_url))
    return _COMPOSERS[name](known, facts, answer_url)
