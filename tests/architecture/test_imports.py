"""Who may import whom (design section 3)."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# From top to bottom. A module may import what stands in its own line or below, never above.
LAYERS = [
    ("worker", "cli"),
    ("api",),
    ("workflows.rehearsal",),
    ("workflows.incident", "workflows.mail_room"),
    ("workflows.outside_world", "workflows.alarm"),
    ("activities",),
    ("emails",),
    ("workflows.intake", "workflows.decisions", "workflows.foresight"),
    ("workflows.resolution", "workflows.adoption", "workflows.files"),
    ("workflows.investigation",),
    ("workflows.deadlines",),
    ("workflows.alerts", "workflows.approvals", "workflows.surveys"),
    ("workflows.record",),
    ("workflows.moves", "workflows.owed_letters", "workflows.parcels", "workflows.timekeeping", "workflows.climbing", "workflows.sampling"),
    ("workflows.dates", "workflows.explanations"),
    ("workflows.publication",),
    ("workflows.clocks",),
    ("workflows.policies",),
    ("workflows.calendars", "workflows.lifecycle", "workflows.reading"),
    ("workflows.messages",),
    ("workflows.fields", "workflows.house_messages", "workflows.attachments", "workflows.event_kinds", "workflows.unanswered"),
    ("workflows.vocabulary", "workflows.counting"),
]
# The house and the rehearsal are entered from the command line only, so they may start what stands above them.
MAY_ALSO = {
    "activities.house": ("api", "worker", "workflows.incident", "workflows.mail_room", "workflows.rehearsal"),
}
ONLY_IN = {
    "temporalio": (
        "workflows.incident",
        "workflows.mail_room",
        "workflows.outside_world",
        "workflows.alarm",
        "workflows.rehearsal",
        "activities",
        "api.commands",
        "api.app",
        "worker",
        "cli",
    ),
    "sqlalchemy": ("activities", "api.queries"),
    "fastapi": ("api",),
    "starlette": ("api",),
}
# What would make a replay differ from the first run (design section 3).
UNDETERMINISTIC = ("random", "os", "socket", "subprocess", "threading", "time", "uuid", "secrets", "holidays")
UNDETERMINISTIC += ("pathlib", "io", "tempfile", "shutil", "urllib", "http", "httpx", "requests", "platform", "locale", "concurrent")
FREE_OF_INPUT = ("workflows.rehearsal", "workflows.policies.lock")


def _modules() -> dict[str, Path]:
    found = {}
    for top in ("workflows", "activities", "emails", "api", "worker.py", "cli.py"):
        place = ROOT / top
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            if "versions" in file.parts:
                continue
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = file
    return found


MODULES = _modules()


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def _imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def _is_in(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def _layer(name: str) -> int | None:
    depths = [(len(room), depth) for depth, rooms in enumerate(LAYERS) for room in rooms if _is_in(name, room)]
    return max(depths)[1] if depths else None


@pytest.mark.parametrize("module", MODULES)
def test_nobody_imports_upward(module: str) -> None:
    """A module imports only from its own floor or from floors below it."""
    mine = _layer(module)
    allowed = [room for place, rooms in MAY_ALSO.items() if _is_in(module, place) for room in rooms]
    if mine is None:
        return
    upward = {
        name
        for name in _imports(MODULES[module])
        if (theirs := _layer(name)) is not None and theirs < mine and not any(_is_in(name, room) for room in allowed)
    }
    assert not upward, f"{module} imports {sorted(upward)} from above. Move the code down, or pass it in from worker.py or api/app.py."


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_in_their_rooms(library: str) -> None:
    """Temporal, SQL and HTTP are each known to a few rooms only."""
    strays = {
        name
        for name, file in MODULES.items()
        if any(_is_in(imported, library) for imported in _imports(file)) and not any(_is_in(name, room) for room in ONLY_IN[library])
    }
    assert not strays, f"{library} is imported in {sorted(strays)}; it belongs in {ONLY_IN[library]}."


@pytest.mark.parametrize("module", [name for name in MODULES if _is_in(name, "workflows")])
def test_the_process_is_deterministic(module: str) -> None:
    """Nothing under workflows reads a clock, a die, a file or the environment."""
    if any(_is_in(module, room) for room in FREE_OF_INPUT):
        return
    bad = {name for name in _imports(MODULES[module]) if name.split(".")[0] in UNDETERMINISTIC}
    calls = {ast.unparse(node.func) for node in ast.walk(_parsed(MODULES[module])) if isinstance(node, ast.Call)} & {
        "open",
        "datetime.now",
        "datetime.utcnow",
        "date.today",
        "datetime.today",
    }
    assert not bad | calls, f"{module} uses {sorted(bad | calls)}: pass the value in as data instead."


def test_one_module_reads_the_environment() -> None:
    """What a process is told by its environment can be looked up in one place."""
    reads = {"os.environ", "os.getenv"}
    readers = {
        name
        for name, file in MODULES.items()
        if any(ast.unparse(node) in reads for node in ast.walk(_parsed(file)) if isinstance(node, ast.Attribute))
    }
    assert readers == {"activities.settings"}, f"{sorted(readers)} read the environment: ask activities/settings.py instead."


def test_every_room_has_a_floor() -> None:
    """A new module of the process gets its place in the layers of this test."""
    homeless = [name for name in MODULES if _layer(name) is None and name != "workflows"]
    assert not homeless, f"{homeless}: add them to LAYERS, as low as they can stand."
