"""The record as recordings: incidents of a period, and what people told them, so that a rehearsal can play them again (process.md S21).

Events keep facts before and after, who acted and under which command; from these the messages are put together again. What cannot be is counted by its
reason. Free texts stay where they are: a rehearsal needs none.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.database.tables import events, incidents, outcomes
from workflows.vocabulary import ActorKind, EventKind, HoldReason

Row = Mapping[str, Any]
_TEXT = "(not taken over)"
_MONTHS_OF_A_QUARTER = 3
_DESK, _CALLER, _OWNER = ["agent", "incident_manager"], ["caller"], ["process_owner"]


@dataclass(frozen=True)
class Period:
    """From the first day, 00:00 UTC, to before the day after the last one."""

    first: date
    after: date


def period(text: str) -> Period:
    """Reads ``2026-07``, ``2026-Q3`` or ``2026-07-01..2026-09-30``. ValueError says how it is written."""
    try:
        if quarter := re.fullmatch(r"(\d{4})-Q([1-4])", text):
            first = date(int(quarter[1]), _MONTHS_OF_A_QUARTER * int(quarter[2]) - 2, 1)
            return Period(first, _months_later(first, _MONTHS_OF_A_QUARTER))
        if month := re.fullmatch(r"(\d{4})-(\d{2})", text):
            first = date(int(month[1]), int(month[2]), 1)
            return Period(first, _months_later(first, 1))
        start, _, end = text.partition("..")
        wanted = Period(date.fromisoformat(start), date.fromisoformat(end) + timedelta(days=1))
    except ValueError:
        wanted = None
    if wanted is None or wanted.after <= wanted.first:
        raise ValueError(f"{text!r} is no period; write it like 2026-07, 2026-Q3 or 2026-07-01..2026-09-30")
    return wanted


def _months_later(first: date, months: int) -> date:
    return (first + timedelta(days=31 * months)).replace(day=1)


@dataclass
class Recorded:
    """The recordings as plain values, and what could not be put together again, by reason."""

    lives: list[dict[str, Any]] = field(default_factory=list)
    unreadable: Counter[str] = field(default_factory=Counter)


async def recorded_lives(engine: AsyncEngine, wanted: Period) -> Recorded:
    """All incidents reported in the period, in the order of their numbers."""
    start, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (wanted.first, wanted.after))
    reported = (incidents.c.reported_at >= start) & (incidents.c.reported_at < end)
    found = Recorded()
    async with engine.connect() as connection:

        async def rows(statement: Select[Any]) -> Sequence[Row]:
            return list((await connection.execute(statement)).mappings())

        facts = await rows(select(incidents.c.number, incidents.c.facts).where(reported).order_by(incidents.c.number))
        mine = select(incidents.c.number).where(reported)
        happened = await rows(select(events).where(events.c.number.in_(mine)).order_by(events.c.number, events.c.seq))
        answered = await rows(select(outcomes).where(outcomes.c.number.in_(mine)))
    stories: dict[str, list[Row]] = {}
    for event in happened:
        stories.setdefault(event["number"], []).append(event)
    names = {(row["number"], row["command_id"]): row["message"] for row in answered if row["result"] == "applied"}
    found.unreadable.update("a command that was refused: what it said is not kept" for row in answered if row["result"] != "applied")
    for each in facts:
        found.lives.append(_life(each["facts"], stories.get(each["number"], []), names, found.unreadable))
    return found


def _life(facts: Row, story: Sequence[Row], names: Mapping[tuple[str, str], str], unreadable: Counter[str]) -> dict[str, Any]:
    """One incident: the report as the first events tell it, then one line for each command, with the facts as they were after it."""
    known: dict[str, Any] = {"level": 1}
    lines, heard = [], set[str]()
    for place, event in enumerate(story):
        known |= event["after"]
        command = event["command_id"]
        # A command may leave several events: the first tells what was said, later ones what followed from it.
        if command is None or command in heard:
            continue
        heard.add(command)
        if (line := _line(names.get((facts["number"], command)), event, story[place:], known)) is not None:
            lines.append(line)
        elif (facts["number"], command) in names:
            unreadable[f"a command {names[facts['number'], command]!r} that its events do not tell"] += 1
    return {
        "number": facts["number"],
        "report": _report(facts, story),
        "reporter": {"kind": story[0]["actor_kind"] if story else "person", "id": facts["reporter"], "roles": _CALLER},
        "reported_at": facts["reported_at"],
        "logged_at": facts["logged_at"],
        "follows": facts["follows"],
        "lines": lines,
    }


def _report(facts: Row, story: Sequence[Row]) -> dict[str, Any]:
    first = {key: value for event in story if event["kind"] in _FIRST_STEPS for key, value in event["after"].items()}
    told = {name: first.get(name) for name in ("category", "subcategory", "impact", "urgency")}
    return {
        "title": _TEXT,
        "kind": facts["kind"],
        "channel": facts["channel"],
        "affected": facts["affected"],
        "service": facts["service"],
    } | told


_FIRST_STEPS = (EventKind.CATEGORISED, EventKind.PRIORITISED)


_BY_CALLERS = (EventKind.CALLER_WROTE, EventKind.CALLER_ADDED_FILE)


def _line(name: str | None, event: Row, story: Sequence[Row], known: dict[str, Any]) -> dict[str, Any] | None:
    """The command as it was said, or none where the events do not tell it."""
    told = _TOLD.get(name or "")
    said = told(event["after"], known, story) if told else None
    if said is None:
        return None
    actor = {"kind": event["actor_kind"], "id": event["actor"], "roles": _roles(name or "", event)}
    return {"command": name, "actor": actor, "at": event["at"].isoformat(), "said": said}


def _roles(name: str, event: Row) -> list[str]:
    if event["actor_kind"] == ActorKind.SYSTEM:
        return []
    if name == "adopt_edition":
        return _OWNER
    return _CALLER if name in ("confirm", "reject", "rate") or event["kind"] in _BY_CALLERS else _DESK


Said = dict[str, Any] | None


def _hold(after: Row, known: Row, story: Sequence[Row]) -> Said:
    reason = after.get("hold_reason", known.get("hold_reason"))
    if reason != HoldReason.SCHEDULED:
        return {"reason": reason, "question": _TEXT if reason == HoldReason.CALLER else None}
    # When a scheduled hold was to end is told by its end alone, unless somebody ended it before.
    ends = next((each["planned_at"] for each in story[1:] if each["kind"] in (EventKind.RESUMED, EventKind.HELD)), None)
    return None if ends is None else {"reason": reason, "until": ends.isoformat()}


def _amended(after: Row, _: Row, __: Sequence[Row]) -> Said:
    words = {name: after[name] for name in ("category", "subcategory", "service") if after.get(name)}
    texts = {name: _TEXT for name in ("title", "description", "symptoms") if name in after}
    return words | texts or None


def _attached(after: Row, _: Row, story: Sequence[Row]) -> Said:
    told = {name: after[f"file_{name}"] for name in ("size", "kind", "digest")}
    return told | {"file": after["file"], "inside": not story[0]["public"]}


def _undeliverable(after: Row, known: Row, _: Sequence[Row]) -> Said:
    asks = bool(after.get("confirmation_undeliverable"))
    told = {"letter": after["letter"], "cycle": known.get("cycle", 1), "recipient": after["recipient"], "asks_for_confirmation": asks}
    # Of an older event it is not known; then nothing goes on from it (S14).
    was_in_vain = {"cause": 0, "owed_at": known.get("held_at")} if after.get("in_vain") else {}
    return told | {"may_have_arrived": bool(after.get("may_have_arrived"))} | was_in_vain


# What each message said, from what its first event changed and the facts as they were then.
_TOLD: dict[str, Callable[[Row, Row, Sequence[Row]], Said]] = {
    "acknowledge": lambda *_: {},
    "assign": lambda _, known, __: {name: known.get(name) for name in ("group", "person", "level")},
    "take": lambda _, known, __: {name: known.get(name) for name in ("group", "level")},
    "escalate": lambda _, known, __: {"diagnosis": _TEXT, "group": known.get("group"), "level": known["level"]},
    "amend": _amended,
    "reprioritise": lambda _, known, __: {"impact": known.get("impact"), "urgency": known.get("urgency"), "reason": _TEXT},
    "override_priority": lambda after, _, __: {"priority": after.get("priority_override"), "reason": _TEXT},
    "hold": _hold,
    "resume": lambda *_: {},
    "note": lambda *_: {"text": _TEXT},
    "message": lambda *_: {"text": _TEXT},
    "resolve": lambda _, known, __: {"code": known["resolution_code"], "notes": _TEXT},
    "confirm": lambda *_: {},
    "reject": lambda *_: {"reason": _TEXT},
    "reopen": lambda *_: {"reason": _TEXT},
    "approve": lambda *_: {},
    "cancel": lambda _, known, __: {"reason": known["cancel_reason"]},
    "rate": lambda _, known, __: {"score": known["score"]},
    "attach_file": _attached,
    "remove_file": lambda after, *_: {"file": after["file"], "reason": _TEXT},
    "quarantine_file": lambda after, *_: {"file": after["file"]},
    "report_undeliverable": _undeliverable,
    "adopt_edition": lambda after, *_: {"edition": after["edition"], "reason": _TEXT},
}
