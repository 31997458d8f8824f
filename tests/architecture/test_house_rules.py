"""House rules that are tests: what they say tells the reader what to do."""

import ast
import re
from pathlib import Path

from workflows.incident import IncidentWorkflow
from workflows.messages import SIGNALS
from workflows.policies.lock import changed_after_publication, unlocked_defaults, unpublished, untold

ROOT = Path(__file__).resolve().parents[2]


def _steps() -> list[str]:
    tree = ast.parse((ROOT / "workflows/incident.py").read_text(encoding="utf-8"))
    run = next(node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef) and node.name == "run")
    calls = [node.func for node in ast.walk(run) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    mine = [call for call in calls if isinstance(call.value, ast.Name) and call.value.id == "self"]
    return [call.attr for call in sorted(mine, key=lambda call: call.lineno)]


def test_the_process_document_has_the_steps_of_run() -> None:
    """The headings of PROCESS.md are the steps of run, in the same order."""
    text = (ROOT / "workflows/PROCESS.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \d+\. (\w+)$", text, flags=re.MULTILINE)
    assert headings == _steps(), "PROCESS.md and IncidentWorkflow.run differ: change both together."


def test_every_step_names_its_section() -> None:
    """Each step method says which section of the process it carries out."""
    silent = [name for name in _steps() if "(S" not in (getattr(IncidentWorkflow, name).__doc__ or "")]
    assert not silent, f"{silent}: write the section number, such as (S4), into the docstring."


def test_every_message_has_a_handler_of_its_name() -> None:
    """A message in the table is a signal the workflow handles, each by its own method."""
    missing = [name for name in SIGNALS if not hasattr(getattr(IncidentWorkflow, name, None), "__temporal_signal_definition")]
    assert not missing, f"{missing}: add a handler to workflows/incident.py."


def test_handlers_only_write_down() -> None:
    """A signal handler is one line that puts the message into the inbox: it never waits, raises or decides."""
    tree = ast.parse((ROOT / "workflows/incident.py").read_text(encoding="utf-8"))
    handlers = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any("workflow.signal" in ast.unparse(each) for each in node.decorator_list)
    ]
    assert len(handlers) == len(SIGNALS) + 1
    for handler in handlers:
        body = [ast.unparse(statement) for statement in handler.body[1:]]
        assert len(body) == 1, f"{handler.name} does more than write down"
        assert body[0].startswith("self.inbox.append(read("), f"{handler.name} does something else than write down"


def test_published_editions_are_locked() -> None:
    """A rule once published is never edited: incidents reported under it keep it."""
    changed = changed_after_publication()
    assert not changed, f"{changed} were published and have changed. Put them back and append a new entry with a later valid_from."


def test_every_edition_is_published() -> None:
    """A new edition is locked before it ships."""
    new = unpublished() + unlocked_defaults()
    assert not new, f"{new} are not locked. If they are as decided, run: holdfast policy publish"


def test_every_edition_is_told() -> None:
    """CHANGES.md has a paragraph for each day on which a rule changes."""
    missing = untold()
    assert not missing, f"{missing}: tell process owners in workflows/policies/CHANGES.md what changes on that day."


def test_nobody_changes_the_audit() -> None:
    """The table of the audit is only added to and read, by any route, command or activity but the erasure of a person; migrations alone may change its shape."""
    found = {}
    for room in ("activities", "api", "workflows", "emails", "worker.py", "cli.py"):
        place = ROOT / room
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            if "versions" in file.parts:
                continue
            text = file.read_text(encoding="utf-8")
            by_name = re.findall(r"(?:update|delete|change|remove)\(\s*security_events\b|security_events\.(?:update|delete|drop)\b", text)
            by_word = re.findall(r"(?i)(?:update|delete\s+from|truncate)\s+security_events", text)
            if by_name or by_word:
                found[str(file.relative_to(ROOT))] = by_name + by_word
    assert found.pop("activities/erasure/pen.py") == ["change(security_events"], (
        "An erasure replaces what is in a line, and takes none away."
    )
    assert not found, f"{found}: nobody edits the audit trail (S21, S22). Write another line instead."


def test_top_level_is_as_agreed() -> None:
    """Newcomers find the same rooms at the top for ever."""
    agreed = {
        "workflows",
        "activities",
        "api",
        "emails",
        "worker.py",
        "cli.py",
        "tests",
        "docker-compose.yml",
        "pyproject.toml",
        "README.md",
    }
    furniture = {"Makefile", ".ci", "docs", "benchmarks", "CHANGELOG.md", "LICENSE", "Dockerfile", "requirements"}
    seen = {place.name for place in ROOT.iterdir() if not place.name.startswith(".") and not place.name.endswith(".egg-info")}
    strangers = seen - agreed - furniture - {"build", "dist", "__pycache__"}
    assert not strangers, f"{strangers} do not belong at the top; design.md section 2 has a room for them."


def test_every_test_states_its_promise() -> None:
    """Each test begins with one sentence that says what is promised."""
    silent = [
        f"{file.name}:{node.name}"
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert not silent, f"say in one sentence what is promised: {silent}"
