"""Reads the record of a desk after a test and holds it against what its visitors were told."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from itertools import groupby
from json import loads
from typing import Any

from tests.end_to_end.post import Post
from tests.end_to_end.visitors import ACCEPTED, APPLIED, REFUSED, Told
from tests.house.whole_house import House

LATE = timedelta(minutes=1)
Row = dict[str, Any]


class Record:
    """The tables of a desk's SQLite file, read directly: what is checked must not be told by the code that is checked."""

    def __init__(self, house: House) -> None:
        self._file = house.data_dir / "holdfast.db"

    def rows(self, query: str) -> list[Row]:
        """What a query finds; JSON columns as they stand."""
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=20)) as record:
            record.row_factory = sqlite3.Row
            return [dict(row) for row in record.execute(query).fetchall()]

    def count(self, query: str) -> int:
        """A number."""
        found: int = next(iter(self.rows(query)[0].values()))
        return found

    def lease_runs_out(self) -> None:
        """Three minutes go by for letters that were in hand when a sender was killed; otherwise the test would have to wait for them."""
        with closing(sqlite3.connect(self._file, timeout=20)) as record, record:
            record.execute("UPDATE letters SET claimed_at = datetime(claimed_at, '-10 minutes') WHERE state = 'handed_over'")


def events_by_incident(record: Record) -> dict[str, list[Row]]:
    """The timeline of each incident."""
    rows = record.rows('SELECT number, seq, at, planned_at, kind, command_id, "after" AS said FROM events ORDER BY number, seq')
    return {number: list(each) for number, each in groupby(rows, key=lambda row: row["number"])}


def check_lives(record: Record, told: list[Told]) -> None:
    """No incident lost or doubled, all of them over, no event lost or doubled."""
    known = [row["number"] for row in record.rows("SELECT number FROM incidents")]
    assert sorted(known) == sorted(each.number for each in told)
    assert record.count("SELECT count(*) FROM intake") == len(told)
    assert record.count("SELECT count(*) FROM incidents WHERE status != 'closed' OR next_due_at IS NOT NULL") == 0
    for number, events in events_by_incident(record).items():
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1)), number


def check_commands(record: Record, told: list[Told]) -> Counter[int]:
    """Every answered command took effect exactly once or was refused in the open; counts of the answers."""
    turned_away = {row["command_id"] for row in record.rows("SELECT command_id FROM turned_away")}
    results = {row["command_id"]: row["result"] for row in record.rows("SELECT command_id, result FROM outcomes")}
    timelines = events_by_incident(record)
    for each in told:
        for command_id, answer in each.answers.items():
            mine = [event for event in timelines[each.number] if event["command_id"] == command_id]
            if command_id in turned_away:
                # It came as the incident closed and was sent again after the end: both answers are the same refusal.
                assert answer == REFUSED
                assert [event["kind"] for event in mine] in ([], ["refused"])
                continue
            _check_effect(mine, answer, results[command_id])
    remarks = Counter(loads(event["said"])["text"] for events in timelines.values() for event in events if event["kind"] == "noted")
    assert not remarks or max(remarks.values()) == 1
    return Counter(answer for each in told for answer in each.answers.values())


def _check_effect(events: list[Row], answer: int, result: str) -> None:
    """One block of events, each kind once: what was applied twice would stand there twice."""
    kinds, seqs = [event["kind"] for event in events], [event["seq"] for event in events]
    assert events, "answered, and nothing on the timeline"
    assert len(set(kinds)) == len(kinds), kinds
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert (kinds == ["refused"]) == (result == "refused")
    assert answer == ACCEPTED or result == {APPLIED: "applied", REFUSED: "refused"}[answer]


def check_deadlines(record: Record) -> int:
    """Every date that fired did so once, never early, and is marked late if it was; how many there were."""
    fired = 0
    for events in events_by_incident(record).values():
        planned = [event for event in events if event["planned_at"]]
        firings = [(event["kind"], event["planned_at"], loads(event["said"]).get("clock")) for event in planned]
        assert len(set(firings)) == len(firings), firings
        for event in planned:
            delay = datetime.fromisoformat(event["at"]) - datetime.fromisoformat(event["planned_at"])
            assert delay >= timedelta(0)
            assert ("late_seconds" in loads(event["said"])) == (delay > LATE)
        fired += len(planned)
    return fired


def check_letters(record: Record, post: Post) -> int:
    """Every letter owed went out or is named as unknown; how many copies were sent again after a crash, under their own Message-ID."""
    ledger = {row["message_id"]: row["state"] for row in record.rows("SELECT message_id, state FROM letters")}
    assert set(ledger.values()) <= {"sent", "unknown"}
    assert set(post.copies) <= set(ledger)
    assert all(post.copies[message_id] for message_id, state in ledger.items() if state == "sent")
    return post.copies.total() - len(post.copies)
