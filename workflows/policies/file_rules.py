"""Which files an incident takes, and how much of them (process.md S1, S4). Who may add them follows from who may write; see roles.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from workflows.policies.dated import Dated
from workflows.policies.wording import must_be_a_list, must_be_known

MB = 1024 * 1024
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_TEXT = "text/plain"

# Every kind the desk can tell from its content, by the end of its name, with the media type it is handed out as. Pages, scripts and programs are not
# among them, and no rule can name them: whoever opens such a file trusts whoever sent it.
KINDS: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "txt": _TEXT,
    "log": _TEXT,
    "csv": "text/csv",
    "md": _TEXT,
    "json": "application/json",
    "docx": _WORD,
    "xlsx": _SHEET,
    "pptx": _SLIDES,
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "zip": "application/zip",
    "7z": "application/x-7z-compressed",
    "mp4": "video/mp4",
}
# They have no mark of their own at the beginning: what is readable text counts as such.
TEXTS = frozenset({"txt", "log", "csv", "md", "json"})


# An incident carries the list of its files in everything it publishes; with tens of thousands no message to the record could leave any more.
MOST_OF_AN_INCIDENT = 500


@dataclass(frozen=True)
class FileRules:
    """Sizes in bytes. ``largest``: one file; ``most`` and ``total``: all that an incident has at a time; ``kinds``: ends of names."""

    largest: int
    most: int
    total: int
    kinds: tuple[str, ...]

    def __post_init__(self) -> None:
        must_be_a_list(self.kinds, "file rules, kinds")
        must_be_known(self.kinds, KINDS, "kind of file", "file rules, kinds")
        if min(self.largest, self.most, self.total) < 0:
            raise ValueError("file rules: a limit cannot be less than nothing; 0 takes no files at all.")
        if self.most > MOST_OF_AN_INCIDENT:
            raise ValueError(f"file rules, most: ({self.most}) an incident can have at most {MOST_OF_AN_INCIDENT} files; a ZIP holds many.")


_PICTURES = ("png", "jpg", "jpeg", "gif", "webp", "mp4")
_DOCUMENTS = ("pdf", "txt", "log", "csv", "md", "json", "docx", "xlsx", "pptx", "odt", "ods", "odp", "zip", "7z")

EDITIONS = (
    Dated(
        valid_from=date(2026, 1, 1),
        rule=FileRules(largest=10 * MB, most=20, total=50 * MB, kinds=(*_PICTURES, *_DOCUMENTS)),
        reference="process.md S1, S4, S14",
    ),
)
