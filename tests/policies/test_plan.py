"""The incident response plan says everything that the rules say, marks what differs, and stands alone (process.md S3 to S22; design rules 5 and 6)."""

import copy
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from api.plan.as_markdown import as_markdown
from api.plan.as_page import as_page
from api.plan.comparing import Mark, marked
from api.plan.composing import chapters, editions, plan
from api.plan.contacts import contacts
from api.plan.diagram import drawn, in_text
from api.plan.notes import legal
from api.plan.stages import stages
from api.queries.contacts import Directory, Reachable, Team
from workflows.incident import IncidentWorkflow
from workflows.policies.approval_rules import Approval, ApprovalRules
from workflows.policies.book import HOLDFAST, Edition
from workflows.policies.dated import Dated
from workflows.policies.escalation_ladders import EDITIONS as LADDERS
from workflows.policies.service_levels import Target
from workflows.vocabulary import Priority, Role

NEWEST = editions(HOLDFAST)[-1]
# With something in every corner, so that nothing is left unlooked at because the desk's own rules leave it empty.
FULL = replace(
    HOLDFAST.edition(NEWEST),
    approvals=ApprovalRules((Approval(Role.AGENT, frozenset({"payroll"}), frozenset({Priority.P1})), Approval(Role.INCIDENT_MANAGER))),
    service_levels=replace(
        HOLDFAST.edition(NEWEST).service_levels,
        internal={1: Target("office", working_days=1)},
        supplier=Target("office", time=timedelta(days=3)),
    ),
)


def others(value: Any) -> Iterator[Any]:
    """The same value with one thing in it changed, for every thing in it; without the checks that would refuse some of them."""
    match value:
        case _ if is_dataclass(value) and not isinstance(value, type):
            for each in (each for each in fields(value) if each.repr):
                for other in others(getattr(value, each.name)):
                    changed = copy.copy(value)
                    object.__setattr__(changed, each.name, other)
                    yield changed
        case Mapping():
            yield from ({name: each for name, each in value.items() if name != gone} for gone in value)
            yield from ({**value, name: other} for name, each in value.items() for other in others(each))
        case frozenset():
            yield from (value - {gone} for gone in value)
        case tuple():
            if len({type(each) for each in value}) == 1:  # a letter with its reader is one thing
                yield from (value[:place] + value[place + 1 :] for place in range(len(value)))
            yield from ((*value[:place], other, *value[place + 1 :]) for place, each in enumerate(value) for other in others(each))
        case _:
            yield from _other_values(value)


def _other_values(value: Any) -> list[Any]:
    match value:
        case bool():
            return [not value]
        case Role():  # the two that can approve
            return [Role.INCIDENT_MANAGER if value is Role.AGENT else Role.AGENT]
        case Enum():
            return [next(member for member in type(value) if member is not value)]
        case str():
            return [f"{value}x"]
        case timedelta():
            return [value + timedelta(minutes=1), value + timedelta(days=1)]
        case date():
            return [value + timedelta(days=1)]
        case int() | float():
            return [value + 1]
        case _:
            return []


def test_every_rule_of_every_policy_is_told() -> None:
    """Whatever is changed, added or taken away in any policy, the plan reads differently."""
    told, untold, looked_at = chapters(FULL), [], 0
    for subject in (each.name for each in fields(Edition) if each.name != "name"):
        for other in others(getattr(FULL, subject)):
            looked_at += 1
            if chapters(replace(FULL, **{subject: other})) == told:
                untold.append((subject, other))
    assert untold == []
    assert looked_at > 300


def test_empty_values_are_told_once_they_are_filled() -> None:
    """A rule that the desk leaves out so far appears as soon as it says something."""
    levels, ladder = FULL.service_levels, FULL.escalation.ladders[0]
    step = replace(ladder.steps[0], only_during="office", only_for=frozenset({Priority.P1}))
    filled = {
        "service_levels": [replace(levels, holders_calendar=None), replace(levels, supplier=None), replace(levels, resolution={})],
        "escalation": [replace(FULL.escalation, ladders=(replace(ladder, steps=(step,)),)), replace(FULL.escalation, ladders=())],
        "closure": [
            replace(FULL.closure, no_answer_after_days=None),
            replace(FULL.closure, resolution_codes=(), no_answer_after_days=None),
        ],
        "assignment": [
            replace(FULL.assignment, picks={"network": "least_loaded"}),
            replace(FULL.assignment, services={"erp": ("applications",)}),
        ],
        "approvals": [ApprovalRules()],
    }
    told = chapters(FULL)
    assert all(chapters(replace(FULL, **{name: value})) != told for name, values in filled.items() for value in values)


@pytest.mark.parametrize("edition", editions(HOLDFAST))
def test_every_edition_has_its_plan(edition: str) -> None:
    """All chapters, no key twice in a table, and nothing marked when it is compared with itself."""
    found = plan(HOLDFAST, edition)
    assert [section.id for section in found.sections] == [
        "roles", "priorities", "service-levels", "escalation", "communication", "closure", "surveys", "groups", "files", "calendars", "process", "legal",
        "decisions",
    ]  # fmt: skip
    for section in found.sections:
        for table in section.tables:
            assert len({row.key for row in table.rows}) == len(table.rows)
            assert all(len(row.cells) == len(table.columns) for row in table.rows)
    assert marked(found, found).differing == 0


def test_differences_are_marked_line_by_line() -> None:
    """A changed target shows old and new, a rung that is gone stays to be seen, and nothing else is marked."""
    ladder = LADDERS[-1].rule.ladders[0]
    shorter = replace(LADDERS[-1].rule, ladders=(replace(ladder, steps=ladder.steps[:1] + ladder.steps[2:]), *LADDERS[-1].rule.ladders[1:]))
    matrix = replace(HOLDFAST.priority_matrix[-1].rule, unassessed=Priority.P2)
    later = date(2127, 1, 1)
    book = replace(
        HOLDFAST,
        escalation=(*HOLDFAST.escalation, Dated(later, shorter, "a decision")),
        priority_matrix=(*HOLDFAST.priority_matrix, Dated(later, matrix, "a decision")),
    )
    found = marked(plan(book, "2127-01-01"), plan(book, NEWEST))
    differing = {
        (section.id, row.mark, row.cells[0].now)
        for section in found.sections
        for table in section.tables
        for row in table.rows
        if row.mark is not Mark.SAME and section.id != "decisions"
    }
    assert differing == {
        ("priorities", Mark.CHANGED, "Until somebody has assessed both"),
        ("escalation", Mark.GONE, "whoever is on call (major-incidents)"),
        ("communication", Mark.GONE, "nobody has taken it up after 10 minutes (urgent)"),
    }
    text, shown = as_markdown(found), as_page(found)
    assert "| Until somebody has assessed both | P2 **(was: P4)** |" in text
    assert "~~whoever is on call (major-incidents)~~" in text
    assert f"Compared with edition {NEWEST}: 5 lines differ." in text
    assert '<ins>P2</ins> <del><span class="was">was</span> P4</del>' in shown


def test_the_stages_are_those_of_run() -> None:
    """Every step of run is drawn, in its order, with the way back between those of the loop; the picture cannot show others."""
    told = stages()
    source = inspect.getsource(IncidentWorkflow.run)
    assert [stage.name.replace(" ", "_") for stage in told] == re.findall(r"self\.(\w+)\(\)\s+#", source)
    assert [stage.name for stage in told if stage.repeats] == ["investigate until resolved", "ask caller to confirm"]
    assert all(re.search(r"\(S\d", stage.says) for stage in told)
    assert all(stage.name in str(drawn(told)) and stage.name in in_text(told) for stage in told)
    assert in_text(told).count("not solved") == str(drawn(told)).count(">not solved<") == 1


def test_the_page_stands_alone() -> None:
    """Nothing is loaded from anywhere, no script runs, and it has rules for paper."""
    shown = as_page(marked(plan(HOLDFAST, NEWEST)))
    assert not re.search(r"<script|<link|@import|\bsrc=|url\((?!#|\"?data:)|\bhref=\"(?!#)", shown)
    assert re.findall(r'href="#([\w-]+)"', shown)[:1] == ["roles"]
    assert "@media print" in shown


def test_what_a_rule_says_cannot_be_markup() -> None:
    """A group or a code with an odd name stays text, on the page and in Markdown."""
    odd = replace(HOLDFAST.closure[-1].rule, resolution_codes=("<b>|*fixed*", "no answer"))
    book = replace(HOLDFAST, closure=(Dated(HOLDFAST.closure[-1].valid_from, odd, "test"),))
    found = marked(plan(book, NEWEST))
    assert "&lt;b&gt;|*fixed*" in as_page(found)
    assert "&lt;b>\\|\\*fixed\\*, no answer |" in as_markdown(found)


def test_legal_notes_stand_beside_the_policies(tmp_path: Path) -> None:
    """Those that hold for the edition, the later of two with one title; none where the desk's own book has none beside it."""
    own = tmp_path / "policies.py"
    assert legal(own, NEWEST).tables == ()
    text = "# Notes\n\n## 2026-01-01: Data\n\nIn 72\nhours.\n\n## 2026-06-01: Data\n\nIn 24 hours.\n\n## 2127-01-01: Later\n\nNever.\n"
    (tmp_path / "LEGAL.md").write_text(text, encoding="utf-8")
    assert [row.cells for row in legal(own, "2026-03-01").tables[0].rows] == [("Data", "2026-01-01", "In 72 hours.")]
    assert [row.cells for row in legal(own, NEWEST).tables[0].rows] == [("Data", "2026-06-01", "In 24 hours.")]
    assert len(legal(None, NEWEST).tables[0].rows) >= 4


def test_contacts_are_a_chapter_where_they_are_wanted() -> None:
    """Groups with lead and mailbox, people by role, rotas; without them the plan names nobody."""
    team = Team("network", Reachable("Network", "network@example.org"), 2, "Noah Brown", ("Asha Rao", "Noah Brown"))
    known = Directory((team,), {Role.INCIDENT_MANAGER: (Reachable("Ines Costa", "ines@example.org"),)}, {"major-incidents": ()})
    text = as_markdown(marked(plan(HOLDFAST, NEWEST, contacts=contacts(known))))
    assert "| Network | 2 | Noah Brown | network@example.org | Asha Rao, Noah Brown |" in text
    assert "| incident manager | Ines Costa &lt;ines@example.org> |" in text
    assert "Contacts" not in as_markdown(marked(plan(HOLDFAST, NEWEST)))
