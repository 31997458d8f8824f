"""Compares what clients were told with what the record shows. Each check answers with what is wrong, in words; nothing is the promise kept."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.end_to_end.clients import ACCEPTED, APPLIED, REFUSED, Answered
from tests.end_to_end.hurried_desk import CLOSURE, REMINDER, RESPONSE, UNDO

Row = Mapping[str, Any]
# The event by which an applied command shows, once. What else it causes comes after it.
SHOWS_AS = {
    "take": {"assigned", "acknowledged"},
    "acknowledge": {"acknowledged"},
    "note": {"noted"},
    "message": {"caller_wrote"},
    "hold": {"held", "asked"},
    "resume": {"resumed"},
    "escalate": {"escalated"},
    "resolve": {"resolved"},
    "confirm": {"confirmed"},
    "reject": {"rejected"},
    "cancel": {"cancelled"},
    "rate": {"rated", "rerated"},
}
MARKED_LATE_AFTER = timedelta(minutes=1)
# A command counts from when the front door sent it on; so much later it may arrive, after the date it would have moved.
ON_THE_WAY = timedelta(seconds=7)
_JSON = ("before", "after", "facts")


@dataclass(frozen=True)
class Record:
    """All tables that incidents leave behind, as they stand in the database."""

    incidents: tuple[Row, ...]
    events: tuple[Row, ...]
    outcomes: tuple[Row, ...]
    turned_away: tuple[Row, ...]
    letters: tuple[Row, ...]
    intake: tuple[Row, ...]

    @classmethod
    def read(cls, file: Path) -> "Record":
        """From the database of a house, all tables as they stood at one moment: somebody may still be writing."""
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            database.execute("BEGIN")
            return cls(*(tuple(map(_read, database.execute(f"SELECT * FROM {name}"))) for name in cls.__dataclass_fields__))  # noqa: S608 -- our own names

    def timelines(self) -> dict[str, list[Row]]:
        """The events of every incident in their order."""
        lines: dict[str, list[Row]] = defaultdict(list)
        for event in sorted(self.events, key=lambda event: event["seq"]):
            lines[event["number"]].append(event)
        return lines


def _read(row: sqlite3.Row) -> Row:
    read = {name: json.loads(row[name]) if name in _JSON and row[name] else row[name] for name in row.keys()}  # noqa: SIM118 -- a Row iterates its values
    # Inside, an id is followed by whose it is.
    return read | {"command_id": read["command_id"].partition("~")[0]} if read.get("command_id") else read


def still_waited_for(file: Path, count: int) -> int:
    """How many of so many incidents are not final yet, and how many letters have not left."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        final = database.execute("SELECT count(*) FROM incidents WHERE status IN ('closed', 'cancelled')").fetchone()[0]
        waiting = database.execute("SELECT count(*) FROM letters WHERE state IN ('planned', 'handed_over')").fetchone()[0]
    return int(count - final + waiting)


def lost_or_doubled(record: Record, numbers: Mapping[str, str]) -> list[str]:
    """Each report is one incident, with a gapless timeline that leads to its facts."""
    wrong = []
    if sorted(row["number"] for row in record.incidents) != sorted(numbers.values()) or len(set(numbers.values())) != len(numbers):
        wrong.append(f"{len(numbers)} reports became {len(record.incidents)} incidents")
    if sorted(row["number"] for row in record.intake) != sorted(numbers.values()):
        wrong.append(f"{len(numbers)} reports left {len(record.intake)} rows of intake")
    lines = record.timelines()
    for incident in record.incidents:
        line = lines[incident["number"]]
        if [event["seq"] for event in line] != list(range(1, incident["version"] + 1)):
            wrong.append(f"{incident['number']} has gaps or doubles: {[event['seq'] for event in line]}")
        wrong += _leads_nowhere(incident, line)
    return wrong


def _leads_nowhere(incident: Row, line: Iterable[Row]) -> list[str]:
    """Each event starts from what the one before left; the last state is that of the incident. So nothing else changed anything."""
    facts: dict[str, Any] = {}
    wrong = []
    for event in line:
        for name, before in event["before"].items():
            if name in facts and facts[name] != before:
                wrong.append(f"{incident['number']} event {event['seq']}: {name} was {facts[name]}, not {before}")
        facts |= {name: event["after"][name] for name in event["before"]}
    return wrong + [f"{incident['number']}: {name} is not {value}" for name, value in facts.items() if incident["facts"][name] != value]


def wrongly_answered(record: Record, answered: Iterable[Answered]) -> list[str]:
    """Applied: took effect once. Refused: refused on the record, or turned away after the end, and changed nothing. Accepted: one of both."""
    outcomes = {(row["number"], row["command_id"]): row for row in record.outcomes}
    away = {(row["number"], row["command_id"]): row for row in record.turned_away}
    shown: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for event in record.events:
        shown[event["number"], event["command_id"] or ""].append(event)
    wrong = []
    for each in answered:
        place = each.number, each.command_id
        outcome = outcomes.get(place) or away.get(place)
        problem = "nowhere on record" if outcome is None else _contradiction(each, outcome, shown[place], is_away=place not in outcomes)
        wrong += [f"{each}: {problem}"] if problem else []
    return wrong


def _contradiction(said: Answered, outcome: Row, events: list[Row], *, is_away: bool) -> str | None:
    is_applied = outcome.get("result") == "applied"
    if said.status != ACCEPTED and (said.status == APPLIED) != is_applied:
        return f"the record has {dict(outcome)}"
    if said.status == REFUSED and said.rule != outcome["rule"]:
        return f"refused by {outcome['rule']} on record"
    kinds = Counter(event["kind"] for event in events)
    if is_applied:
        expected = SHOWS_AS[said.name]
        is_once = bool(kinds) and set(kinds) <= expected | {"rejection_withdrawn"} and all(kinds[kind] <= 1 for kind in kinds)
        return None if is_once and set(kinds) & expected else f"applied as {dict(kinds)}"
    if kinds != ({} if is_away else {"refused": 1}):
        return f"refused as {dict(kinds)}"
    return "changed something though refused" if any(event["before"] for event in events) else None


def unheard_of(record: Record, answered: Iterable[Answered]) -> list[str]:
    """Commands on the timelines that no client sent."""
    sent = {(each.number, each.command_id) for each in answered}
    return [f"{event['number']} {event['command_id']}" for event in record.events if event["command_id"] and _place(event) not in sent]


def _place(event: Row) -> tuple[str, str]:
    return event["number"], event["command_id"]


def broken_promises_of_time(record: Record) -> list[str]:
    """No date came early, none was forgotten, and each that came more than a minute late says so."""
    wrong = [f"{event['number']} event {event['seq']} came {_late(event)}" for event in record.events if not _is_honest(event)]
    lines = record.timelines()
    for incident in record.incidents:
        line = lines[incident["number"]]
        wrong += [f"{incident['number']}: {problem}" for problem in (*_closing(line), *_breach(incident, line))]
    return wrong


def marked_late(record: Record) -> int:
    """How many dates came so late that the record says so."""
    return sum("late_seconds" in event["after"] for event in record.events)


def _late(event: Row) -> timedelta:
    return _at(event["at"]) - _at(event["planned_at"])


def _is_honest(event: Row) -> bool:
    if event["planned_at"] is None:
        return True
    is_marked = "late_seconds" in event["after"]
    return _late(event) >= timedelta(0) and is_marked == (_late(event) > MARKED_LATE_AFTER)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _closing(line: list[Row]) -> list[str]:
    """Closed when the undo period was over, or by silence after one reminder, exactly as planned from the resolution."""
    if _last(line, "cancelled"):
        return []
    closed = [event for event in line if event["kind"] == "closed"]
    if len(closed) != 1:
        return [f"closed {len(closed)} times"]
    before = [event for event in line if event["seq"] < closed[0]["seq"]]
    confirmed = _last(before, "confirmed")
    resolved = _last(before, "resolved", "given_up")
    if closed[0]["after"]["closed_by"] == "confirmation":
        return [] if confirmed and _planned(closed[0], confirmed, UNDO) else ["closed as confirmed at another time than planned"]
    reminders = [
        event for event in before if event["kind"] in {"confirmation_reminded", "reminder_merged"} and resolved["seq"] < event["seq"]
    ]
    reminded = len(reminders) == 1 and _planned(reminders[0], resolved, REMINDER)
    return [] if reminded and _planned(closed[0], resolved, CLOSURE) else ["closed by silence not as planned"]


def _last(line: list[Row], *kinds: str) -> Row:
    return next((event for event in reversed(line) if event["kind"] in kinds), {})


def _planned(event: Row, cause: Row, after: timedelta) -> bool:
    return _at(event["planned_at"]) == _at(cause["at"]) + after


def _breach(incident: Row, line: list[Row]) -> list[str]:
    """Answered in time, and no breach; or not, and one breach at the planned time. A command on its way over that moment may be either."""
    breaches = [event for event in line if event["kind"] == "breached" and event["after"]["clock"] == "response"]
    due = _at(incident["facts"]["reported_at"]) + RESPONSE
    answer = next((event for event in line if event["kind"] in {"acknowledged", "resolved"}), None)
    over = _at((answer or line[-1])["at"]).replace(tzinfo=due.tzinfo)
    if due - ON_THE_WAY <= over <= due and len(breaches) <= 1:
        return []
    return [] if len(breaches) == (over > due) else [f"response due {due}, answered {over}, breached {len(breaches)} times"]


def letters_astray(record: Record, taken: Counter[str]) -> list[str]:
    """Every letter owed was taken by the relay, alone or inside a digest, and the relay took none that is not owed."""
    owed = {row["message_id"] for row in record.letters}
    by_key = {row["key"]: row for row in record.letters}
    wrong = []
    for row in record.letters:
        carrier = by_key.get(row["digest"], {}) if row["state"] == "in_digest" else row
        if carrier.get("state") != "sent" or not taken[carrier["message_id"]]:
            wrong.append(f"{row['key']} is {row['state']}, {carrier.get('key')} is {carrier.get('state')}")
    return wrong + [f"{message_id} is not in the ledger" for message_id in taken if message_id not in owed]


def in_digests(record: Record) -> int:
    """How many letters went out inside a digest."""
    return sum(row["state"] == "in_digest" for row in record.letters)


def sent_again(taken: Counter[str]) -> int:
    """How many letters the relay took more often than once, each counted as often as that was."""
    return sum(times - 1 for times in taken.values())
