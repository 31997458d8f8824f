"""Takes files in: reads the form they come in, and looks whether each is what it says it is (process.md S4).

A form lies on the disk of this process while it is read, never whole in memory.
"""

import asyncio
import codecs
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

import puremagic
from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from activities.files.kept_files import PART
from api.desk import desk_of
from api.doorway.requests import LARGEST_BODY
from api.files.names import cleaned_name, end_of
from api.forms import cleaned, form_of
from api.problems import Problem, refused_by
from workflows.files import beyond_size_and_kind
from workflows.policies.file_rules import TEXTS, FileRules

# For one form, from its first byte to its last.
PATIENCE = timedelta(minutes=5)
MOST_FILES = 5
_MOST_FIELDS = 120
_MULTIPART = "multipart/form-data"
# What its first bytes are called by the library, where that is not the end of the name.
_FIRST_BYTES: Mapping[str, str] = {"jpeg": "jpg"} | dict.fromkeys(("docx", "xlsx", "pptx", "odt", "ods", "odp"), "zip")
# No readable text has them: everything below a space but tab, line ends, page ends, and what colours a terminal.
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


@dataclass(frozen=True)
class Form:
    """A form with its files. Where a browser sends a field for files with nothing chosen, there is none."""

    fields: list[tuple[str, str]]
    files: list[UploadFile]

    @property
    def typed(self) -> dict[str, str]:
        """The fields; one that is sent twice counts with its last value."""
        return dict(self.fields)


@dataclass(frozen=True)
class Examined:
    """A file that is what it says: its cleaned name, its kind, its size in bytes, its SHA-256."""

    name: str
    kind: str
    size: int
    digest: str


def is_multipart(request: Request) -> bool:
    """Whether the request is a form that can have files. One whose sender chose the codec of its texts is none of ours."""
    media_type = request.headers.get("content-type", "").lower()
    return media_type.partition(";")[0].strip() == _MULTIPART and "charset" not in media_type


@asynccontextmanager
async def read_upload(request: Request, most_files: int = MOST_FILES) -> AsyncIterator[Form]:
    """The form that somebody known sent, with or without files; they are gone from here at the end.

    Raises a problem where it cannot be read, takes too long, or where too many of this person are under way.
    """
    if not is_multipart(request):
        yield Form(list((await form_of(request)).items()), [])
        return
    with desk_of(request).quay.berth(request.state.actor):
        form = await _unloaded(request, most_files)
        try:
            chosen = [each for _, each in form.multi_items() if isinstance(each, UploadFile) and (each.filename or each.size)]
            yield Form([(name, cleaned(value)) for name, value in form.multi_items() if isinstance(value, str)], chosen)
        finally:
            await form.close()


async def _unloaded(request: Request, most_files: int) -> FormData:
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await request.form(max_files=most_files, max_fields=_MOST_FIELDS, max_part_size=LARGEST_BODY)
    except TimeoutError:
        raise Problem("too-slow") from None
    except HTTPException:
        raise Problem("malformed-request", f"The form cannot be read, or has more than {most_files} files.") from None


async def examine(file: UploadFile, rules: FileRules) -> Examined:
    """What the file is. Raises a problem that says why it cannot be taken: empty, too large, of a kind nobody takes, or not what its name says."""
    name, size = cleaned_name(file.filename or ""), file.size or 0
    if size == 0:
        raise Problem("empty-file")
    if (refusal := beyond_size_and_kind(rules, size, end_of(name))) is not None:
        raise refused_by(refusal.rule, refusal.detail)
    kind = end_of(name)
    digest, is_text = await _read_through(file, is_to_be_text=kind in TEXTS)
    if not (is_text if kind in TEXTS else await asyncio.to_thread(_begins_as, file.file, kind)):
        raise Problem("content-differs")
    return Examined(name, kind, size, digest)


async def _read_through(file: UploadFile, *, is_to_be_text: bool) -> tuple[str, bool]:
    """The SHA-256, and whether all of it is text."""
    digest, decoder, is_text = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), is_to_be_text
    async for part in parts_in(file):
        digest.update(part)
        is_text = is_text and _is_readable(decoder, part)
    return digest.hexdigest(), is_text and _is_readable(decoder, b"", final=True)


def _is_readable(decoder: codecs.IncrementalDecoder, part: bytes, *, final: bool = False) -> bool:
    try:
        return _NOT_IN_TEXT.search(decoder.decode(part, final)) is None
    except UnicodeDecodeError:
        return False


def _begins_as(content: BinaryIO, kind: str) -> bool:
    content.seek(0)
    try:
        found = puremagic.magic_stream(content)
    except (puremagic.PureError, ValueError):
        return False
    return f".{_FIRST_BYTES.get(kind, kind)}" in {each.extension for each in found}


async def parts_in(file: UploadFile) -> AsyncIterator[bytes]:
    """Its bytes from the beginning, a part at a time."""
    await file.seek(0)
    while part := await file.read(PART):
        yield part
