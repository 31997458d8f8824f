"""Style sheets and scripts: served compressed, and kept by browsers for as long as their content stays what it is.

An address carries the hash of the content. Only under the right hash may a browser keep a file: while a new version rolls out, an old process may be
asked for a new file, and what it answers must not be kept under the new name.
"""

import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

STATIC = "/static"
FOLDER = Path(__file__).parent / "static"
KEPT_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def hashes() -> Mapping[str, str]:
    """Of every file, by its path below the folder, a short hash of its content."""
    files = (file for file in FOLDER.rglob("*") if file.is_file())
    return {file.relative_to(FOLDER).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in files}


def address(name: str) -> str:
    """Where a page finds this file, below the base path. Raises KeyError for one that is not there."""
    return f"{STATIC}/{name}?v={hashes()[name]}"


class _Kept(StaticFiles):
    def file_response(self, full_path: Any, stat_result: os.stat_result, scope: Scope, status_code: int = 200) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        if asked == hashes().get(Path(full_path).resolve().relative_to(FOLDER.resolve()).as_posix()):
            response.headers["Cache-Control"] = KEPT_FOR_EVER
        return response


def room() -> ASGIApp:
    """The mount for them. Only this is compressed, never pages: in those stand secrets beside what others typed, and lengths tell of them (BREACH)."""
    return GZipMiddleware(_Kept(directory=FOLDER))
