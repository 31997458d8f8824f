"""What a replay found: counts that can be added up over incidents and processes."""

from collections import Counter
from dataclasses import dataclass, field
from math import floor
from typing import Any

EXAMPLES = 5
MADE_SLA, MADE_SLA_HERE = "made_sla", "made_sla where ours closed"
# Most checks allow no exception. How the old system reckoned its service level is known only from the figures, and a few follow no rule at all.
NEEDED = {MADE_SLA: 0.995, MADE_SLA_HERE: 0.995}


@dataclass
class Tally:
    """Applied and refused commands by recorded kind, checks by name, with a few examples of what failed."""

    incidents: int = 0
    commands: int = 0
    applied: Counter[str] = field(default_factory=Counter)
    unmodelled: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def check(self, name: str, number: str, expected: object, found: object) -> None:
        """One comparison."""
        if expected == found:
            self.passed[name] += 1
            return
        self.failed[name] += 1
        self._example(name, f"{number}: expected {expected}, found {found}")

    def _example(self, name: str, text: str) -> None:
        known = self.examples.setdefault(name, [])
        if len(known) < EXAMPLES:
            known.append(text)

    def add(self, other: "Tally") -> None:
        """Adds what another process found."""
        self.incidents += other.incidents
        self.commands += other.commands
        for name in ("applied", "unmodelled", "refused", "passed", "failed", "left_out"):
            getattr(self, name).update(getattr(other, name))
        for name, examples in other.examples.items():
            for example in examples:
                self._example(name, example)

    def _outcome(self, name: str) -> dict[str, Any]:
        passed, failed = self.passed[name], self.failed[name]
        share, needed = passed / (passed + failed), NEEDED.get(name, 1.0)
        # Rounded down, so that a share is never shown as reached that is not.
        told = {"passed": passed, "failed": failed, "share": floor(share * 10_000) / 10_000, "needed": needed}
        # Where a share is needed, one exception says nothing about a few incidents.
        return told | {"is_right": share >= needed or (needed < 1 and failed == 1)}

    def as_json(self, seconds: float) -> dict[str, Any]:
        """Everything as plain values; ``seconds`` is the wall time of the whole replay."""
        return {
            "incidents": self.incidents,
            "seconds": round(seconds, 3),
            "incidents_per_second": round(self.incidents / seconds, 1) if seconds else None,
            "commands": self.commands,
            "applied": dict(self.applied.most_common()),
            "unmodelled": dict(self.unmodelled.most_common()),
            "refused": [{"command": command, "rule": rule, "count": number} for (command, rule), number in self.refused.most_common()],
            "checks": {name: self._outcome(name) for name in sorted({*self.passed, *self.failed})},
            "left_out": dict(self.left_out.most_common()),
            "examples": self.examples,
        }
