"""Recorded incidents to seed a record with: lines of a file in this desk's own words, or invented ones in the same format (docs/replay.md).

Recorded times are taken for the wall clock of the office and moved by whole weeks, so that work falls into working time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from workflows.policies.book import Edition

# Stand for the caller and the number until a life is copied.
CALLER, NUMBER = "seeded-caller", "SEED-{}-0"
Line = Mapping[str, Any]
_FAULTS = {
    "hardware": ("Laptop does not start", "Screen stays black", "Docking station makes no sound"),
    "software": ("Spreadsheet closes by itself", "Licence has run out", "Update hangs at 40 percent"),
    "network": ("No network in room 214", "Wireless drops every few minutes", "Remote access asks for a code again and again"),
    "access": ("Password is not accepted", "No permission for the project folder", "Account is locked"),
    "e-mail": ("Mailbox is full", "Mail from outside does not arrive", "Shared calendar is empty"),
    "telephony": ("Desk phone has no tone", "Conference room cannot be called", "Voicemail does not answer"),
    "printing": ("Printer on floor 2 is jammed", "Scanner sends nothing", "Print queue stands still"),
    "security": ("Strange mail asks for my password", "Laptop was lost on the train", "Virus warning on start"),
    "facility": ("No power in the meeting room", "Door of the server room stays open", "It is far too warm on floor 3"),
}
_ELSE = ("Something is wrong with my workplace", "Nobody knows who looks after this", "It worked yesterday")
# Of ten recorded groups so many are of the first level, of the second, of the third.
_LEVELS = (0, 0, 0, 0, 0, 0, 1, 1, 1, 2)


@dataclass(frozen=True)
class Crew:
    """Who works at the desk: the people of each group and its level."""

    members: Mapping[str, Sequence[str]]
    levels: Mapping[str, int]

    def member(self, group: str | None, word: str) -> str | None:
        """Somebody of the group, always the same one for the same word."""
        return _pick(word, self.members.get(group or "", ())) if self.members.get(group or "") else None


def in_our_words(line: Line, rules: Edition, crew: Crew, starts: datetime, place: int) -> dict[str, Any]:
    """The line with the categories, groups, people and codes of this desk, moved by whole weeks to begin at most half a week from ``starts``.

    ``place`` makes its number. Raises KeyError, TypeError or ValueError where it is no recorded incident.
    """
    opening = line["steps"][0]
    zone = ZoneInfo(rules.calendars[rules.closure.calendar].zone)
    moved = timedelta(weeks=round((starts.replace(tzinfo=None) - datetime.fromisoformat(opening["at"])) / timedelta(weeks=1)))
    category = _pick(opening.get("category") or "", tuple(rules.assignment.categories))
    translated = [_step(step, rules, crew, category) | {"at": _at(step["at"], moved, zone)} for step in line["steps"]]
    translated[0] |= {"caller": CALLER, "symptom": _title(category, opening.get("symptom") or ""), "location": None, "ci": None}
    return {"number": NUMBER.format(place), "steps": translated, "final": line["final"]}


def _at(text: str, moved: timedelta, zone: ZoneInfo) -> str:
    local = (datetime.fromisoformat(text) + moved).replace(tzinfo=zone)
    return local.astimezone(UTC).replace(tzinfo=None).isoformat()


def _step(step: Line, rules: Edition, crew: Crew, category: str | None) -> dict[str, Any]:
    told = dict(step)
    if "category" in told:
        told["category"] = _pick(told["category"] or "", tuple(rules.assignment.categories))
    if "subcategory" in told:
        told["subcategory"] = _pick(told["subcategory"] or "", rules.assignment.categories.get(told.get("category") or category or "", ()))
    if told.get("group"):
        told["group"] = _group(told["group"], rules.assignment.groups.get(category or "", rules.assignment.otherwise), crew)
    if told.get("u_symptom"):
        told["u_symptom"] = _title(category, told["u_symptom"])
    if "code" in told:
        told["code"] = _pick(told["code"] or "", [code for code in rules.closure.resolution_codes if code != rules.closure.no_answer_code])
    return told


def _group(word: str, path: Sequence[str], crew: Crew) -> str | None:
    ours = [group for group in path if group in crew.levels] or sorted(crew.levels)
    return ours[min(_LEVELS[crc32(word.encode()) % len(_LEVELS)], len(ours) - 1)] if ours else None


def _title(category: str | None, word: str) -> str:
    return str(_pick(word, _FAULTS.get(category or "", _ELSE)))


def _pick(word: str, choices: Sequence[str]) -> str | None:
    return choices[crc32(word.encode()) % len(choices)] if choices else None


def invented(chance: Random) -> Iterator[Line]:
    """Endless lines: reported on weekdays between eight and six, taken, often passed on or held, solved after hours or days."""
    for place in count():
        when = datetime(2016, 2, 29) + timedelta(days=chance.choice((0, 0, 1, 2, 3, 4)), minutes=chance.randint(480, 1080))  # noqa: DTZ001 -- recorded format
        story = _Story(when, chance)
        story.tells(
            "open", 0, **_assessed(chance), category=f"c{chance.randrange(60)}", subcategory=f"s{chance.randrange(40)}", channel="Phone"
        )
        story.opening["symptom"] = f"Symptom {place}"
        story.tells("assign_person", chance.expovariate(1 / 60), person=f"r{chance.randrange(200)}")
        story.tells("start", chance.expovariate(1 / 20))
        if chance.random() < 0.3:  # noqa: PLR2004 -- a share
            story.tells("reassign_group", chance.expovariate(1 / 240), group=f"g{chance.randrange(70)}")
        if chance.random() < 0.25:  # noqa: PLR2004 -- a share
            story.tells("hold", chance.expovariate(1 / 120), reason=chance.choice(("user_info", "user_info", "vendor", "problem")))
            story.tells("resume", chance.expovariate(1 / 1500))
        story.tells("resolve", chance.expovariate(1 / chance.choice((30, 300, 3000))), code=f"code {chance.randrange(9)}")
        yield {"number": f"I{place}", "steps": story.steps, "final": {}}


class _Story:
    """Steps one after the other, each so many minutes after the one before."""

    def __init__(self, starts: datetime, chance: Random) -> None:
        self._now, self._chance, self.steps = starts, chance, list[dict[str, Any]]()

    @property
    def opening(self) -> dict[str, Any]:
        return self.steps[0]

    def tells(self, command: str, after: float, **more: Any) -> None:
        self._now += timedelta(minutes=round(after))
        self.steps.append({"at": self._now.isoformat(timespec="minutes"), "cmd": command, **more})


def _assessed(chance: Random) -> dict[str, Any]:
    impact, urgency = chance.choices(((1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (3, 3)), (1, 4, 30, 25, 25, 15))[0]
    return {"impact": impact, "urgency": urgency}
