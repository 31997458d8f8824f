"""What the doctor says: one finding a line, with what to do about it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it stands, and what to do unless it is well."""

    level: Level
    subject: str
    finding: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        """Plain values, for JSON."""
        return asdict(self)


def ok(subject: str, finding: str) -> Finding:
    """It is well."""
    return Finding(Level.OK, subject, finding)


def warn(subject: str, finding: str, advice: str) -> Finding:
    """It works, but somebody should look at it."""
    return Finding(Level.WARN, subject, finding, advice)


def fail(subject: str, finding: str, advice: str) -> Finding:
    """It does not work until somebody does something."""
    return Finding(Level.FAIL, subject, finding, advice)


def failed(findings: Sequence[Finding]) -> bool:
    """Whether anything does not work."""
    return any(finding.level is Level.FAIL for finding in findings)


def told(findings: Sequence[Finding]) -> str:
    """The findings for a person, one a line, advice below."""
    lines = []
    for each in findings:
        lines.append(f"{each.level:<4}  {each.subject}: {each.finding}")
        if each.advice:
            lines.append(f"      -> {each.advice}")
    return "\n".join(lines)
