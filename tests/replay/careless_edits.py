"""Careless edits, each with what meets it before anything is deployed. The page for process owners is written from this table:
``python tests/replay/careless_edits.py > docs/process-owner/careless-edits.md``.
"""  # noqa: D205 -- the command belongs to the sentence

from dataclasses import dataclass
from enum import Enum

Edit = tuple[str, str, str]
POLICIES, PROCESS = "workflows/policies", "workflows"


class Check(Enum):
    """What meets an edit, and where that runs."""

    SELF = "the rule itself, in every command"
    LOCK = "the lock of published rules: `holdfast policy publish`, `make test`"
    PUBLISH = "`holdfast policy publish`"
    HOUSE = "a house rule: `make test`"
    SHAPES = "the lock of what histories hold: `make test`"
    GATE = "`holdfast gate`; `make test`"


@dataclass(frozen=True)
class Slip:
    """One careless edit: places as file, old, new. ``where`` narrows the check down: a house rule and what it looks at, or recorded histories."""

    what: str
    edits: tuple[Edit, ...]
    check: Check
    says: str
    where: tuple[str, ...] = ()


def locked(what: str, *edits: Edit) -> Slip:
    """A published rule is no longer what it was."""
    return Slip(what, edits, Check.LOCK, LOCKED)


def itself(what: str, says: str, *edits: Edit) -> Slip:
    """A rule that makes no sense."""
    return Slip(what, edits, Check.SELF, says)


def published(what: str, says: str, *edits: Edit) -> Slip:
    """A new rule that cannot be published like that."""
    return Slip(what, edits, Check.PUBLISH, says)


def house(what: str, rule: tuple[str, ...], says: str, *edits: Edit) -> Slip:
    """Code against a house rule: the name of its test and what that looks at."""
    return Slip(what, edits, Check.HOUSE, says, rule)


def held(what: str, says: str, *edits: Edit) -> Slip:
    """Something that histories hold is understood differently."""
    return Slip(what, edits, Check.SHAPES, says)


def gate(what: str, history: str, says: str, *edits: Edit) -> Slip:
    """A recorded history that would go differently."""
    return Slip(what, edits, Check.GATE, says, (history,))


LOCKED = "Put them back and append a new entry with a later valid_from"
STEP = "PROCESS.md and IncidentWorkflow.run differ: change both together"
SHAPE = "Put them back; something new stands beside them"
TIMERS = "make it a Deadline in deadlines.py; the alarm wakes the incident when it is due"
PASS_IN = "pass the value in as data instead"
STOPPED = "a changed step stands behind workflow.patched(...)"
CHANGED = "a changed rule is a new edition with a later valid_from"
PLAIN, TALKED, AGAIN = "2026-11-message-by-message", "2026-11-refused", "2026-11-reopened"
CALLED, UNANSWERED, APPROVED = "2026-11-called", "2026-11-unanswered", "approving/2026-11-approved"

CLOSURE, LADDERS = f"{POLICIES}/closure_rules.py", f"{POLICIES}/escalation_ladders.py"
ROLES, MATRIX = f"{POLICIES}/roles.py", f"{POLICIES}/priority_matrix.py"
INCIDENT, DEADLINES, DECISIONS = f"{PROCESS}/incident.py", f"{PROCESS}/deadlines.py", f"{PROCESS}/decisions.py"
RESOLUTION, SURVEYS = f"{PROCESS}/resolution.py", f"{PROCESS}/surveys.py"
ALERTS, CLIMBING = f"{PROCESS}/alerts.py", f"{PROCESS}/climbing.py"
MESSAGES, WORDS, RECORD = f"{PROCESS}/messages.py", f"{PROCESS}/vocabulary.py", f"{PROCESS}/record.py"

_LEAD = "                Step(timedelta(minutes=15), Audience.GROUP_LEAD),\n"
_FIRST_ROLES = '    Dated(valid_from=date(2026, 1, 1), rule=Permissions(_FIRST), reference="process.md S12, S22"),\n'
_LATER_ROLES = '    Dated(valid_from=date(2026, 11, 25), rule=Permissions({**_FIRST, "rate": _CALLER}), reference="process.md S13, S22"),\n'
_HOLD = '        self.inbox.append(read("hold", sent))\n'
_CATEGORISE, _PRIORITISE = "            self.categorise()  # 2\n", "            self.prioritise()  # 3\n"
_RECEIVE = "    if incident.has_answered(sent.command_id):\n        return\n"
_MATRIX_END = '        reference="process.md S3",\n    ),\n)'


def _new_matrix(day: str) -> Edit:
    entry = (
        f'    Dated(valid_from=date({day}), rule=PriorityMatrix(dict.fromkeys((1, 2, 3), (P1, P2, P3)), P4), reference="a decision"),\n)'
    )
    return (MATRIX, _MATRIX_END, _MATRIX_END.removesuffix(")") + entry)


def _in_deadlines(line: str, more: str = "") -> tuple[Edit, Edit]:
    """A line at the top, and one in a function that dates come from."""
    return (
        (DEADLINES, "from workflows.record import Cause, Incident\n", f"from workflows.record import Cause, Incident\n{line}\n"),
        (
            DEADLINES,
            "    rules = incident.rules.closure\n    return _cadence(",
            f"    rules = incident.rules.closure\n    {more or 'pass'}\n    return _cadence(",
        ),
    )


SLIPS = (
    # rules
    locked("change a rule in force", (CLOSURE, "automatic_closure_after_days=5,", "automatic_closure_after_days=7,")),
    locked(
        "shorten a time that open incidents wait for", (CLOSURE, "undo_period=timedelta(minutes=10)", "undo_period=timedelta(minutes=5)")
    ),
    locked("take a rung off a ladder", (LADDERS, _LEAD, "")),
    locked("call somebody else", (LADDERS, _LEAD, _LEAD.replace("GROUP_LEAD", "INCIDENT_MANAGER"))),
    locked("change a default that rules rest on", (LADDERS, "    rounds: int = 3\n", "    rounds: int = 2\n")),
    locked("take a holiday away", (f"{POLICIES}/working_calendars.py", "            date(2026, 10, 29),  # Republic Day\n", "")),
    locked("let callers resolve, from today", (ROLES, '    "resolve": _DESK,\n', '    "resolve": _DESK | _CALLER,\n')),
    locked("remove an edition", (ROLES, _LATER_ROLES, "")),
    locked("move the day from which a rule holds", (ROLES, "date(2026, 11, 25)", "date(2026, 12, 25)")),
    itself(
        "put editions into another order",
        "each needs a later day than the one before it",
        (ROLES, _FIRST_ROLES + _LATER_ROLES, _LATER_ROLES + _FIRST_ROLES),
    ),
    itself(
        "forget a line of the matrix",
        "impact 2 (significant) needs a priority for urgency 1, 2 and 3",
        (MATRIX, "                2: (P2, P3, P4),  # impact: significant\n", ""),
    ),
    itself(
        "mistype a calendar", "there is no calendar 'offise'; did you mean 'office'?", (CLOSURE, 'calendar="office"', 'calendar="offise"')
    ),
    itself(
        "leave nobody at the end of a ladder",
        "need a fallback owner: the person who is told when nobody else is reached",
        (LADDERS, 'fallback_owner="ines"', 'fallback_owner=""'),
    ),
    published("let a new rule begin in the past", "give it a valid_from of tomorrow or later", _new_matrix("2026, 6, 1")),
    published(
        "tell nobody about a new rule", "add a paragraph '## 2127-01-01: ...' to workflows/policies/CHANGES.md", _new_matrix("2127, 1, 1")
    ),
    house(
        "ship a rule that nobody has published",
        ("test_every_edition_is_published",),
        "run: holdfast policy publish",
        _new_matrix("2127, 1, 1"),
    ),
    gate(
        "change a rule in force and write the lock anew",
        PLAIN,
        CHANGED,
        (CLOSURE, "automatic_closure_after_days=5,", "automatic_closure_after_days=4.5,"),
        (f"{POLICIES}/published.lock", "closure 2026-01-01 8b7f87846b0aed80", "closure 2026-01-01 0000000000000000"),
    ),
    # steps
    gate("insert a waiting time", PLAIN, STOPPED, (INCIDENT, _PRIORITISE, f"{_PRIORITISE}            await workflow.sleep(60)\n")),
    house(
        "put steps into another order",
        ("test_the_process_document_has_the_steps_of_run",),
        STEP,
        (INCIDENT, _CATEGORISE + _PRIORITISE, _PRIORITISE + _CATEGORISE),
    ),
    house(
        "leave a step out",
        ("test_the_process_document_has_the_steps_of_run",),
        STEP,
        (INCIDENT, "        await self.complete_the_record()  # 7\n", ""),
    ),
    house(
        "let the process wait for the database",
        ("test_run_waits_for_its_steps_only",),
        "start it and look in until() whether it is done",
        (
            INCIDENT,
            "            self.wind_the_alarm()\n            await",
            "            self.wind_the_alarm()\n            await self.publishing\n            await",
        ),
    ),
    gate(
        "set a timer where one is set already",
        PLAIN,
        STOPPED,
        (
            f"{PROCESS}/alarm.py",
            "if deadline is not None and all(rings_at > deadline for rings_at, _ in kept):",
            "if deadline is not None:",
        ),
    ),
    gate(
        "cancel timers earlier or later", PLAIN, STOPPED, (f"{PROCESS}/alarm.py", "SOON = timedelta(hours=1)", "SOON = timedelta(days=30)")
    ),
    gate(
        "count a date from somewhere else",
        AGAIN,
        CHANGED,
        (DEADLINES, "calendar.add(start, calendar.days(end_after))", "calendar.add(incident.facts.reported_at, calendar.days(end_after))"),
    ),
    gate(
        "drop a letter in passing",
        PLAIN,
        CHANGED,
        (
            f"{PROCESS}/owed_letters.py",
            "        case EventKind.ESCALATION_STEPPED:\n",
            "        case EventKind.CLOSED:\n            return ()\n        case EventKind.ESCALATION_STEPPED:\n",
        ),
    ),
    gate(
        "refuse what used to be applied",
        TALKED,
        CHANGED,
        (f"{PROCESS}/lifecycle.py", "    Amend: _OPEN,\n", "    Amend: frozenset({Status.IN_PROGRESS}),\n"),
    ),
    gate(
        "let silence count where the caller was never asked",
        UNANSWERED,
        STOPPED,
        (
            RESOLUTION,
            "    return incident.keep_due(lambda deadline: deadline.kind in {DeadlineKind.UNDO_ENDS} | reminders)\n",
            "    return incident.facts.due\n",
        ),
    ),
    gate(
        "give up on an answer without a solution",
        UNANSWERED,
        STOPPED,
        (
            DEADLINES,
            "**resolution(incident, incident.rules.closure.no_answer_code, notes, cause.at))",
            "resolution_notes=notes, **NOT_HELD)",
        ),
    ),
    gate(
        "forget the end of a hold",
        UNANSWERED,
        STOPPED,
        (DEADLINES, "return (Deadline(DeadlineKind.HOLD_ENDS, hold.until),)", "return ()"),
    ),
    gate(
        "pass over a message that is not understood",
        UNANSWERED,
        STOPPED,
        (DECISIONS, "        _answer_malformed(incident, sent, now)\n", ""),
    ),
    gate(
        "call people once and no more",
        CALLED,
        STOPPED,
        (CLIMBING, "    if climb.round >= ladder.rounds:\n", "    if climb.round >= 1:\n"),
    ),
    gate(
        "wait for people who are away",
        CALLED,
        STOPPED,
        (ALERTS, "    _skip_steps_without_reader(incident, causes, now)\n", ""),
    ),
    gate(
        "leave an incident to whoever acknowledged it once",
        CALLED,
        STOPPED,
        (CLIMBING, "quiet_until=None if silence is None else at + silence)", "quiet_until=None)"),
    ),
    gate(
        "ask somebody who was asked too often",
        CALLED,
        STOPPED,
        (SURVEYS, "    if surveyed.why_not is None:\n", "    if surveyed:\n"),
    ),
    gate(
        "close as soon as somebody approves",
        APPROVED,
        STOPPED,
        (RESOLUTION, "    if not can_be_undone:\n", "    if confirmed_at:\n"),
    ),
    gate("forget a message in the table of decisions", PLAIN, STOPPED, (DECISIONS, "    Confirm: resolution.confirm,\n", "")),
    # handlers
    house(
        "rename a handler",
        ("test_every_message_has_a_handler_of_its_name",),
        "['hold']: add a handler to workflows/incident.py",
        (INCIDENT, "    def hold(self", "    def put_on_hold(self"),
    ),
    held(
        "rename a signal",
        SHAPE,
        (MESSAGES, '    "hold": Hold,\n', '    "pause": Hold,\n'),
        (INCIDENT, "    def hold(self", "    def pause(self"),
        (INCIDENT, _HOLD, _HOLD.replace('"hold"', '"pause"')),
        (ROLES, '    "hold": _DESK,\n', '    "pause": _DESK,\n'),
    ),
    house(
        "wait in a handler",
        ("test_handlers_only_write_down",),
        "hold does more than write down",
        (INCIDENT, "    def hold(self", "    async def hold(self"),
        (INCIDENT, _HOLD, f"        await workflow.sleep(1)\n{_HOLD}"),
    ),
    house(
        "raise in a handler",
        ("test_handlers_only_write_down",),
        "hold does something else than write down",
        (INCIDENT, _HOLD, '        raise ValueError("not now")\n'),
    ),
    house(
        "decide in a handler",
        ("test_handlers_only_write_down",),
        "hold does more than write down",
        (INCIDENT, _HOLD, f"        if self.incident.is_over:\n            return\n{_HOLD}"),
    ),
    # what a replay cannot repeat
    house(
        "ask the clock",
        ("test_the_process_is_deterministic", "workflows.deadlines"),
        PASS_IN,
        *_in_deadlines("from time import time", "time()"),
    ),
    house(
        "ask the clock under another name",
        ("test_nobody_looks_at_the_clock", "workflows.deadlines"),
        "Pass the instant in; incident.py takes it from workflow.now()",
        *_in_deadlines("import datetime as dt", "dt.datetime.now(dt.UTC)"),
    ),
    house(
        "read a file",
        ("test_the_process_is_deterministic", "workflows.deadlines"),
        PASS_IN,
        *_in_deadlines("from pathlib import Path", 'Path("days.txt").read_text()'),
    ),
    house(
        "read the environment",
        ("test_the_process_is_deterministic", "workflows.deadlines"),
        PASS_IN,
        *_in_deadlines("from os import environ", 'environ.get("DAYS")'),
    ),
    house(
        "draw by chance",
        ("test_the_process_is_deterministic", "workflows.policies.survey_rules"),
        PASS_IN,
        (f"{POLICIES}/survey_rules.py", "import hashlib\n", "import hashlib\nimport random\n"),
    ),
    house(
        "sleep in a step",
        ("test_only_the_alarm_sets_timers", "workflows.incident"),
        TIMERS,
        (INCIDENT, "from collections.abc import Callable, Sequence\n", "import asyncio\nfrom collections.abc import Callable, Sequence\n"),
    ),
    house(
        "look every minute",
        ("test_only_the_alarm_sets_timers", "workflows.incident"),
        TIMERS,
        (INCIDENT, "workflow.wait_condition(self.something_happened)", "workflow.wait_condition(self.something_happened, timeout=60)"),
    ),
    house(
        "go through a set",
        ("test_sets_are_not_walked", "workflows.owed_letters"),
        "write sorted(...) around it",
        (
            f"{PROCESS}/owed_letters.py",
            "for letter, audience in _named(facts, rules, cause)",
            "for letter, audience in set(_named(facts, rules, cause))",
        ),
    ),
    house(
        "count in a module",
        ("test_nothing_is_kept_beside_the_incident", "workflows.record"),
        "all state of an incident stands in record.Incident",
        (RECORD, "from collections.abc import Callable\n", "import itertools\nfrom collections.abc import Callable\n"),
        (RECORD, "REMEMBERED_OUTCOMES = 500\n", "REMEMBERED_OUTCOMES = 500\nNUMBERS = itertools.count()\n"),
    ),
    house(
        "catch every error",
        ("test_nothing_is_swallowed", "workflows.decisions"),
        "name the one error that can be met here, and let all others through",
        (
            DECISIONS,
            _RECEIVE,
            "    try:\n        known = incident.has_answered(sent.command_id)\n    except Exception:\n        return\n    if known:\n        return\n",
        ),
    ),
    house(
        "swallow a cancellation",
        ("test_nothing_is_swallowed", "workflows.incident"),
        "name the one error that can be met here, and let all others through",
        (
            INCIDENT,
            "            await workflow.wait_condition(self.something_happened)\n",
            "            try:\n                await workflow.wait_condition(self.something_happened)\n            except CancelledError:\n                pass\n",
        ),
    ),
    # the outside world
    house(
        "call the outside world where decisions are made",
        ("test_nobody_imports_upward", "workflows.investigation"),
        "Move the code down, or pass it in",
        (
            f"{PROCESS}/investigation.py",
            "from workflows.deadlines import NOT_HELD, question_dates\n",
            "from activities.directory.who_is_meant import recipients\nfrom workflows.deadlines import NOT_HELD, question_dates\n",
        ),
    ),
    house(
        "ask the database while an incident runs",
        ("test_libraries_stay_in_their_rooms", "sqlalchemy"),
        "it belongs in ('activities', 'api.queries')",
        (
            f"{PROCESS}/surveys.py",
            "from workflows.lifecycle import Refusal, Rule\n",
            "from sqlalchemy import select\nfrom workflows.lifecycle import Refusal, Rule\n",
        ),
    ),
    house(
        "give up on the record",
        ("test_the_record_is_written_until_it_works",),
        "take the limit away; an incident must never be ahead of its record for good",
        (
            f"{PROCESS}/outside_world.py",
            "maximum_interval=timedelta(seconds=10))\n\n\ndef publish",
            "maximum_interval=timedelta(seconds=10), maximum_attempts=5)\n\n\ndef publish",
        ),
    ),
    gate(
        "rename an activity",
        PLAIN,
        STOPPED,
        ("activities/records.py", '@activity.defn(name="publish")', '@activity.defn(name="publish_incident")'),
    ),
    held("rename the workflow", SHAPE, (INCIDENT, '@workflow.defn(name="Incident")', '@workflow.defn(name="Ticket")')),
    # what histories hold
    held(
        "remove a field",
        SHAPE,
        (MESSAGES, "    work_stopped: Line | None = None\n", ""),
        (RECORD, "                work_stopped=report.work_stopped,\n", ""),
    ),
    held(
        "rename a field",
        SHAPE,
        (MESSAGES, "    diagnosis: Text\n", "    findings: Text\n"),
        (f"{PROCESS}/investigation.py", "message.diagnosis", "message.findings"),
    ),
    held(
        "give a field another type",
        SHAPE,
        (MESSAGES, "    score: Annotated[int, Field(ge=1, le=5)]\n", "    score: Annotated[float, Field(ge=1, le=5)]\n"),
    ),
    held(
        "demand a field that old messages do not have",
        "Report.site is new and has no default",
        (
            MESSAGES,
            "    title: Line\n    description: Text | None = None\n    kind",
            "    title: Line\n    site: Line\n    description: Text | None = None\n    kind",
        ),
    ),
    held(
        "change what a left-out field means",
        SHAPE,
        (MESSAGES, "    kind: Kind = Kind.INCIDENT\n", "    kind: Kind = Kind.SERVICE_REQUEST\n"),
    ),
    held("remove a word", SHAPE, (WORDS, '    TEST = "test"\n', "")),
    held("spell a word otherwise", SHAPE, (WORDS, '    NO_FAULT = "no_fault"\n', '    NO_FAULT = "nofault"\n')),
)

_HEAD = """# Careless edits

What somebody in a hurry may do to a rule or to the process, and what meets it before it is deployed. A test makes each of these edits on a copy and looks whether it is met, with a sentence that says what to do.
This page is written from the test's table.

"""


def page() -> str:
    """The table as a page."""
    lines = ["| what somebody does | in | is met by | which says |", "| --- | --- | --- | --- |"]
    lines += [f"| {each.what} | `{each.edits[0][0]}` | {each.check.value} | {each.says.strip('; ')} |" for each in SLIPS]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 -- the page goes to standard output
