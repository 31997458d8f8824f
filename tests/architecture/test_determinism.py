"""What would make an incident run differently when its history is replayed, or stop it (design rules 4 and 7): caught before it runs."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.test_imports import FREE_OF_INPUT, MODULES, _is_in, _parsed

PROCESS = [name for name in MODULES if _is_in(name, "workflows") and not any(_is_in(name, room) for room in FREE_OF_INPUT)]
# Whoever asks for the present gets the one of the history from here; everything else gets it passed in.
_THE_PRESENT = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
_SETS = {"set", "frozenset"}
_TOO_MUCH = {"Exception", "BaseException", "CancelledError"}
_IN_ORDER = {"tuple", "list", "enumerate", "iter", "next"}


def _calls(module: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(_parsed(MODULES[module])) if isinstance(node, ast.Call))


def _at(module: str, node: ast.expr | ast.stmt | ast.excepthandler) -> str:
    return f"{module} line {node.lineno}: {ast.unparse(node).splitlines()[0]}"


@pytest.mark.parametrize("module", PROCESS)
def test_nobody_looks_at_the_clock(module: str) -> None:
    """Under whatever name: only workflow.now() is the same again in a replay."""
    found = [
        _at(module, call)
        for call in _calls(module)
        if isinstance(call.func, ast.Attribute) and call.func.attr in _THE_PRESENT and ast.unparse(call.func) != "workflow.now"
    ]
    assert not found, f"{found}: a replay happens at another time. Pass the instant in; incident.py takes it from workflow.now()."


@pytest.mark.parametrize("module", PROCESS)
def test_only_the_alarm_sets_timers(module: str) -> None:
    """Timers and tasks are commands in the history, so they come from one place, where they are few (design rules 4 and 7)."""
    if module == "workflows.alarm":
        return
    tree = _parsed(MODULES[module])
    imported = [
        _at(module, node)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(each.name.split(".")[0] == "asyncio" for each in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "asyncio")
    ]
    timed = [
        _at(module, call)
        for call in _calls(module)
        if (isinstance(call.func, ast.Attribute) and call.func.attr == "sleep")
        or (
            ast.unparse(call.func).endswith("wait_condition")
            and (len(call.args) > 1 or any(each.arg == "timeout" for each in call.keywords))
        )
    ]
    assert not imported + timed, f"{imported + timed}: make it a Deadline in deadlines.py; the alarm wakes the incident when it is due."


@pytest.mark.parametrize("module", PROCESS)
def test_nothing_is_swallowed(module: str) -> None:
    """A fault stops an incident where it can be seen and mended; caught, it goes on wrongly, and a cancellation never ends."""
    found = [
        _at(module, node)
        for node in ast.walk(_parsed(MODULES[module]))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or {ast.unparse(node.type).split(".")[-1]} & _TOO_MUCH or "Cancelled" in ast.unparse(node.type))
    ]
    found += [_at(module, call) for call in _calls(module) if ast.unparse(call.func).split(".")[-1] == "suppress"]
    assert not found, f"{found}: name the one error that can be met here, and let all others through."


@pytest.mark.parametrize("module", PROCESS)
def test_sets_are_not_walked(module: str) -> None:
    """A set of words has another order in every process; what is done in its order is done in another order in a replay."""

    def is_set(node: ast.expr) -> bool:
        return isinstance(node, ast.Set | ast.SetComp) or (isinstance(node, ast.Call) and ast.unparse(node.func) in _SETS)

    tree = _parsed(MODULES[module])
    # What ends in a set again has no order to lose.
    unordered = {id(part) for node in ast.walk(tree) if isinstance(node, ast.SetComp | ast.DictComp) for part in node.generators}
    walked = [node.iter for node in ast.walk(tree) if isinstance(node, ast.For | ast.comprehension) and id(node) not in unordered]
    walked += [call.args[0] for call in _calls(module) if ast.unparse(call.func) in _IN_ORDER and call.args]
    found = [_at(module, node) for node in walked if is_set(node)]
    assert not found, f"{found}: write sorted(...) around it."


@pytest.mark.parametrize("module", PROCESS)
def test_nothing_is_kept_beside_the_incident(module: str) -> None:
    """A worker serves many incidents, and replays them in any order: what one leaves in a module, another one finds."""
    tree = _parsed(MODULES[module])
    found = [_at(module, node) for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)]
    # An iterator at the top of a module, such as a counter, is one for all.
    found += [
        _at(module, node)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).split(".")[-1] in {"count", "cycle", "iter"}
    ]
    assert not found, f"{found}: all state of an incident stands in record.Incident."


def test_run_waits_for_its_steps_only() -> None:
    """In incident.py, run awaits steps, steps await until, and until awaits one condition: everything else would hold up the incident."""
    tree = _parsed(MODULES["workflows.incident"])
    steps = {node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)} - {"run"}
    awaited = [node for node in ast.walk(tree) if isinstance(node, ast.Await)]
    allowed = {f"self.{name}" for name in steps} | {"workflow.wait_condition"}
    found = [
        _at("workflows.incident", node)
        for node in awaited
        if not (isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in allowed)
    ]
    assert not found, f"{found}: start it and look in until() whether it is done, as publish_what_is_new does."


def test_the_record_is_written_until_it_works() -> None:
    """No publication gives up: a database that is away for a day is written when it is back (design section 4)."""
    policies = [call for call in _calls("workflows.outside_world") if ast.unparse(call.func) == "RetryPolicy"]
    limited = [_at("workflows.outside_world", call) for call in policies if any(each.arg == "maximum_attempts" for each in call.keywords)]
    limited += [
        _at("workflows.outside_world", call)
        for call in _calls("workflows.outside_world")
        if any(each.arg in ("schedule_to_close_timeout", "schedule_to_start_timeout") for each in call.keywords)
    ]
    assert not limited, f"{limited}: take the limit away; an incident must never be ahead of its record for good."
