"""The process as it is run: read from ``IncidentWorkflow.run``, so that the plan cannot show steps that do not exist (design rule 5)."""

import ast
import inspect
import re
import textwrap
from functools import cache

from api.plan.contents import Section, Stage, table
from workflows.incident import IncidentWorkflow

_STEP = re.compile(r"self\.(\w+)\(\)\s*#\s*([\d ]+)")


@cache
def stages() -> tuple[Stage, ...]:
    """The steps in their order; those inside the loop can be met again."""
    source = textwrap.dedent(inspect.getsource(IncidentWorkflow.run))
    loop = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.While))
    found = []
    for line, text in enumerate(source.splitlines(), start=1):
        if step := _STEP.search(text):
            repeats = loop.lineno < line <= (loop.end_lineno or 0)
            found.append(Stage(_numbers(step[2]), step[1].replace("_", " "), _says(step[1]), repeats))
    return tuple(found)


def _numbers(text: str) -> str:
    first, *more = text.split()
    return f"{first} to {more[-1]}" if more else first


def _says(name: str) -> str:
    """The first paragraph of the step's docstring, without its number and with the sections of the specification at the end."""
    told = inspect.getdoc(getattr(IncidentWorkflow, name)) or ""
    said = " ".join(told.split("\n\n")[0].split()).partition(": ")[2]
    return said[:1].upper() + said[1:]


def process(told: tuple[Stage, ...]) -> Section:
    """Every incident goes this way."""
    shown = table("", ("Step", "No.", "What happens"), ((each.name, each.numbers, each.says) for each in told))
    return Section(
        "process",
        "The process",
        "Every incident goes this way. Each step waits for people or for a date, and what it waits for survives any outage.",
        (shown,),
    )
