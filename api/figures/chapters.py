"""Every figure of S23 with its definition, from what was counted: the one place that says what each of them means (process.md S23)."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate

from markupsafe import Markup

from activities.mail.postbox import LetterState
from api.figures.presented import Chapter, Column, Figure, Part, Parts, Row, Unit, drawn_up
from api.figures.spread import FEW_FOR_MARKS, at_share, between, share, spread
from api.queries.figures import Tally


def chapters(parts: Parts) -> list[Chapter]:
    """All figures that follow from reports, and from incidents that are over."""
    return [
        Chapter("How much", (_volume(parts),)),
        Chapter("How fast", tuple(_spread(parts, *each) for each in _TIMES)),
        Chapter(
            "What was promised",
            (*(_share(parts, *each) for each in _PROMISES), *(_spread(parts, *each) for each in _DEPTHS), _downgraded(parts)),
        ),
        Chapter("How it was solved", (*(_share(parts, *each) for each in _SOLVED), _spread(parts, *_REASSIGNED))),
        Chapter("What callers say", (*(_share(parts, *each) for each in _SAID), _response(parts), _marks(parts))),
        Chapter("Whether the desk itself keeps time", (_timers(parts), _letters(parts))),
    ]


_TIMES = (
    ("acknowledged", "Time to acknowledge (MTTA)", "From the report until somebody acknowledged or took the incident, in working time of its response clock. Only incidents somebody acknowledged.", Unit.WORKING),
    ("responded", "Time to first response", "From the report until the first answer: acknowledged, a message to the caller, or solved at once; in working time of the response clock, which a hold never stops.", Unit.WORKING),
    ("resolved", "Time to resolve (MTTR), working", "From the report until the solution that held, as the resolution clock counts: working time, without pauses and without the time somebody believed it solved.", Unit.WORKING),
    ("resolved_wall", "Time to resolve (MTTR), on the wall", "From the report until the solution that held, nights, weekends and pauses included: what the caller lived through.", Unit.WALL),
)  # fmt: skip
_PROMISES = (
    ("response", "Response promised and kept", "Of the incidents with a response clock that was stopped: how many within its budget.", "response_met", "response_judged", "Kept"),
    ("resolution", "Resolution promised and kept", "Of the incidents with a resolution clock that was stopped: how many within its budget. A breach stays a breach when an incident is reopened.", "resolution_met", "resolution_judged", "Kept"),
)  # fmt: skip
_DEPTHS = (
    ("response_over", "How late, where the response was late", "Working time beyond the budget of the response clock; only incidents that missed it.", Unit.WORKING),
    ("resolution_over", "How late, where the resolution was late", "Working time beyond the budget of the resolution clock; only incidents that missed it.", Unit.WORKING),
)  # fmt: skip
_SOLVED = (
    ("first_contact", "Solved at the first contact", "Solved at the first level by the first group, without a hold, without a message back and forth, and never reopened. Closed because no answer came does not count.", "at_first_contact", "closed", "Solved so"),
    ("first_level", "Solved at the first level", "Never handed up a level. Closed because no answer came does not count.", "at_first_level", "closed", "Solved so"),
    ("reopened", "Reopened", "Reopened at least once, by the caller or by the desk.", "reopened", "closed", "Reopened"),
)  # fmt: skip
_REASSIGNED = ("reassignments", "Changes of group", "How often an incident went to another group after the first one.", Unit.TIMES)
_SAID = (
    ("confirmed", "Confirmed", "Closed because the caller said that it works; the others were closed by silence.", "confirmed", "closed", "Confirmed"),
    ("rejected", "Rejected", "The caller said at least once that it is still broken, and did not take it back.", "rejected", "closed", "Rejected"),
)  # fmt: skip


def _figure(parts: Parts, key: str, title: str, says: str, shape: Sequence[Column], cells: Callable[[Tally], tuple[float | None, ...]], drawn: tuple[int, ...]) -> Figure:  # fmt: skip
    rows = tuple(Row(part.label, cells(part.tally)) for part in parts.each)
    return drawn_up(
        parts.asked, Figure(key, title, says, parts.asked.by.value, tuple(shape), rows, Row("All", cells(parts.all.tally)), drawn, Markup())
    )


def _spread(parts: Parts, name: str, title: str, says: str, unit: Unit) -> Figure:
    shape = (Column("Count", Unit.COUNT), Column("Mean", unit), Column("Median", unit), Column("90th percentile", unit))

    def cells(tally: Tally) -> tuple[float | None, ...]:
        found = spread(tally.values.get(name, {}))
        return found.count, found.mean, found.median, found.p90

    return _figure(parts, name, title, says, shape, cells, (2, 3))


def _share(parts: Parts, key: str, title: str, says: str, part: str, of: str, word: str) -> Figure:
    shape = (Column("Of", Unit.COUNT), Column(word, Unit.COUNT), Column("Share", Unit.PERCENT))
    return _figure(parts, key, title, says, shape, lambda tally: (tally[of], tally[part], share(tally[part], tally[of])), (2,))


def _volume(parts: Parts) -> Figure:
    says = "Reported in the period; closed or cancelled in it, whenever they were reported. Service requests never count."
    shape = [Column("Reported", Unit.COUNT), Column("Closed", Unit.COUNT), Column("Cancelled", Unit.COUNT)]
    rows, total = [_volumes(part) for part in parts.each], _volumes(parts.all)
    if parts.asked.by.is_time:
        says += " Open at the end: everything not yet closed, also what waits for the caller's confirmation."
        shape.append(Column("Open at the end", Unit.COUNT))
        came, closed, cancelled = total
        left = list(accumulate((row[0] - row[1] - row[2] for row in rows), initial=parts.open_after - came + closed + cancelled))
        rows, total = [(*row, after) for row, after in zip(rows, left[1:], strict=True)], (*total, parts.open_after)
    made = tuple(Row(part.label, cells) for part, cells in zip(parts.each, rows, strict=True))
    return drawn_up(
        parts.asked,
        Figure("volume", "Reported and closed", says, parts.asked.by.value, tuple(shape), made, Row("All", total), (0, 1), Markup()),
    )


def _volumes(part: Part) -> tuple[int, ...]:
    return part.arrived, part.tally["closed"], part.tally["cancelled"]


def _downgraded(parts: Parts) -> Figure:
    says = "The priority was lowered after a clock had been breached: worth a look, because it can hide a breach."
    shape = (Column("Of", Unit.COUNT), Column("Downgraded", Unit.COUNT))
    return _figure(
        parts, "downgraded", "Downgraded after a breach", says, shape, lambda tally: (tally["closed"], tally["downgraded"]), (1,)
    )


def _response(parts: Parts) -> Figure:
    says = (
        "Of those the survey reached: who answered. Who can still answer counts as not yet answered, so the latest part grows. "
        "Withheld and undelivered surveys are left out."
    )
    shape = (
        Column("Asked", Unit.COUNT),
        Column("Answered", Unit.COUNT),
        Column("Can still answer", Unit.COUNT),
        Column("Response rate", Unit.PERCENT),
    )
    return _figure(parts, "responses", "Surveys answered", says, shape, _responses, (3,))


def _responses(tally: Tally) -> tuple[float | None, ...]:
    return tally["asked"], tally["answered"], tally["waiting"], share(tally["answered"], tally["asked"])


def _marks(parts: Parts) -> Figure:
    says = (
        "Marks from 1 (very bad) to 5 (very good). Satisfied: 4 or 5. The last two columns say between which shares that of all callers lies with 95 percent confidence, "
        f"if those who answered speak for all. Fewer than {FEW_FOR_MARKS} answers are counted and not told: they are single people's."
    )
    shape = (
        Column("Answers", Unit.COUNT), Column("Mean", Unit.MARK), Column("Median", Unit.MARK),
        Column("Satisfied", Unit.PERCENT), Column("At least", Unit.PERCENT), Column("At most", Unit.PERCENT),
    )  # fmt: skip
    return _figure(parts, "marks", "How satisfied callers are (CSAT)", says, shape, _marked, (3,))


def _marked(tally: Tally) -> tuple[float | None, ...]:
    found = spread(tally.values.get("score", {}))
    if found.count < FEW_FOR_MARKS:
        return found.count, None, None, None, None, None
    low, high = between(tally["content"], found.count) or (None, None)
    return found.count, found.mean, found.median, share(tally["content"], found.count), low, high


def _timers(parts: Parts) -> Figure:
    says = (
        "Every reminder, warning, breach, escalation and automatic closure of these incidents: planned instant against actual. "
        "Late means a second or more, as after an outage."
    )
    shape = (
        Column("Timers", Unit.COUNT), Column("Late", Unit.COUNT), Column("95th percentile", Unit.LATENESS), Column("Worst", Unit.LATENESS),
    )  # fmt: skip
    return _figure(parts, "timers", "Lateness of timers", says, shape, _lateness, (1,))


def _lateness(tally: Tally) -> tuple[float | None, ...]:
    timers, late = tally["timers"], tally.values.get("late", Counter())
    count = sum(late.values())
    return timers, count, at_share(late, timers - count, 0.95), max(late, default=0) if timers else None


def _letters(parts: Parts) -> Figure:
    says = (
        "Letters owed about these incidents. Failed: refused for good, and the incident knows. Unknown: nobody can say whether it went out."
    )
    shape = (Column("Letters", Unit.COUNT), Column("Failed", Unit.COUNT), Column("Unknown", Unit.COUNT))
    rows = tuple(Row(part.label, _sent(part)) for part in parts.each)
    return drawn_up(
        parts.asked,
        Figure(
            "letters", "Letters failed or unknown", says, parts.asked.by.value, shape, rows, Row("All", _sent(parts.all)), (1, 2), Markup()
        ),
    )


def _sent(part: Part) -> tuple[float | None, ...]:
    return part.tally["letters"], part.lost.get(LetterState.FAILED, 0), part.lost.get(LetterState.UNKNOWN, 0)
