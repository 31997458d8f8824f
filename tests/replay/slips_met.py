"""Makes each careless edit in a copy of the product, looks only at what should meet it, and tells what that said: a line of JSON each.

Run in the copy, as ``python slips_met.py HISTORIES``. Libraries are loaded once; each edit is looked at in a fork, which loads the product's own code anew.
"""

import asyncio
import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from careless_edits import SLIPS, Check, Slip

HERE, HISTORIES = Path.cwd(), Path(sys.argv[1])
OURS = ("workflows", "activities", "emails", "api", "worker", "tests")
HOUSE_RULES = ("test_house_rules", "test_imports", "test_determinism", "test_shapes")
DECIDED = date(2026, 12, 14)


def _import() -> None:
    importlib.import_module("workflows.policies.book")


def _house(rule: str, *looks_at: str) -> None:
    for name in HOUSE_RULES:
        found = getattr(importlib.import_module(f"tests.architecture.{name}"), rule, None)
        if inspect.isfunction(found) and found.__module__.endswith(name):
            found(*looks_at)
            return
    raise LookupError(rule)


def _publish() -> None:
    importlib.import_module("activities.house.commands.policy_desk").publish(DECIDED)


def _gate(*names: str) -> None:
    gate = importlib.import_module("activities.house.commands.gate")
    if any(name.startswith("approving/") for name in names):
        importlib.import_module("workflows.policies.book").adopt(importlib.import_module("approving_desk").BOOK)
    runtime = importlib.import_module("temporalio.runtime")
    runtime.Runtime.set_default(runtime.Runtime(telemetry=runtime.TelemetryConfig(logging=None)), error_if_already_set=False)
    passage = asyncio.run(gate.pass_through(gate.of_files([HISTORIES / f"{name}.json" for name in names])))
    if passage.advice:
        raise AssertionError(passage.told())


CHECKS: dict[Check, Callable[..., None]] = {
    Check.SELF: _import,
    Check.LOCK: lambda: _house("test_published_editions_are_locked"),
    Check.PUBLISH: _publish,
    Check.HOUSE: _house,
    Check.SHAPES: lambda: _house("test_what_histories_hold_is_still_understood"),
    Check.GATE: _gate,
}


def looked_at(each: Slip) -> str:
    """What the check says to the tree as it is now, in a process of its own; nothing where it finds nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            CHECKS[each.check](*each.where)
            said = ""
        except BaseException as error:  # noqa: BLE001 -- whatever is said is what is looked at
            said = str(error) or type(error).__name__
        os.write(writer, said.encode()[:60_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    os.waitpid(child, 0)
    return said


def edited(each: Slip) -> str:
    """The same with the edit made, and taken back afterwards."""
    originals = {HERE / name: (HERE / name).stat() for name, _, _ in each.edits}
    texts = {file: file.read_text(encoding="utf-8") for file in originals}
    try:
        for name, old, new in each.edits:
            text = (HERE / name).read_text(encoding="utf-8")
            if text.count(old) != 1:
                return f"{name} has {text.count(old)} times: {old}"
            (HERE / name).write_text(text.replace(old, new), encoding="utf-8")
        return looked_at(each)
    finally:
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
            os.utime(file, ns=(originals[file].st_atime_ns, originals[file].st_mtime_ns))


def main() -> None:
    """First every check once without an edit, then each edit."""
    sys.dont_write_bytecode = True
    for name in ("worker", *(f"tests.architecture.{each}" for each in HOUSE_RULES)):
        importlib.import_module(name)
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    unedited = {(each.check, each.where): each for each in SLIPS}
    told = {f"without an edit: {check.name} {' '.join(where)}": looked_at(each) for (check, where), each in unedited.items()}
    told |= {each.what: edited(each) for each in SLIPS}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
