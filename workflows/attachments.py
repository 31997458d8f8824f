"""What is said about files, and what an incident remembers of them. The bytes and the name stay in the record: neither is for a history (design rule 10).

Front doors fill in ``AttachFile`` from what they have stored; nobody can claim a file that is not there.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from workflows.fields import Text

FileId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


@dataclass(frozen=True)
class AttachFile:
    """A file that is stored already: its size in bytes, its kind as the file rules name it, its SHA-256. Inside: only the desk sees it (S22)."""

    file: FileId
    size: Annotated[int, Field(ge=1)]
    kind: Annotated[str, Field(pattern=r"^[a-z0-9]{1,10}$")]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    inside: bool = False


@dataclass(frozen=True)
class RemoveFile:
    """Take a file away for good, with the reason (S22). That it was there, and who took it away, stays on the timeline."""

    file: FileId
    reason: Text


@dataclass(frozen=True)
class QuarantineFile:
    """From the keeper of files: the scanner found the file infected, and its bytes are gone."""

    file: FileId


@dataclass(frozen=True)
class AttachedFile:
    """What an incident knows of a file it has: enough to count and to tell inner ones from public ones."""

    file: str
    size: int
    inside: bool = False
