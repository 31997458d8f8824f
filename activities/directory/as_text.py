"""The directory as a TOML file that the import reads back (process.md S22). What is as it would be anyway is left out."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.directory.entries import DirectoryFile
from activities.directory.rows import everything
from activities.directory.who_is_meant import all_rotas

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def as_toml(file: DirectoryFile, unreadable: Collection[str] = ()) -> str:
    """The file as text, sorted by id. It begins with the names of rotas that are not in it because nobody can read them."""
    lines = [
        f"# The rota {json.dumps(rota)} cannot be read and is not in this file: importing it would take that rota away."
        for rota in unreadable
    ]
    for name in ("people", "groups", "rotas", "services"):
        entries: Mapping[str, BaseModel] | None = getattr(file, name)
        if entries is None:
            continue
        lines += [] if entries else [f"[{name}]", ""]
        for key in sorted(entries):
            lines += _table(f"{name}.{_key(key)}", entries[key])
    return "\n".join(lines)


async def exported(connection: AsyncConnection) -> tuple[str, tuple[str, ...]]:
    """The directory in the record as such a file, and the rotas that cannot be read and are not in it."""
    unreadable = (await all_rotas(connection)).unreadable
    return as_toml(await everything(connection), unreadable), unreadable


def entry_as_toml(entry: BaseModel, without: frozenset[str] = frozenset()) -> str:
    """One entry as text, as if it were a file of its own."""
    values = {name: value for name, value in _values(entry).items() if name not in without}
    return "\n".join([*_body(values), "", *_lists(values, "")]).strip() + "\n"


def _values(entry: BaseModel) -> dict[str, Any]:
    return entry.model_dump(exclude_defaults=True, by_alias=True)


def _table(place: str, entry: BaseModel) -> list[str]:
    values = _values(entry)
    return [f"[{place}]", *_body(values), "", *_lists(values, f"{place}.")]


def _body(values: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name} = {_value(value)}" for name, value in values.items() if value is not None and not _is_of_tables(value))


def _lists(values: Mapping[str, Any], place: str) -> Iterator[str]:
    """Lists of tables: layers and overrides of a rota."""
    for name, value in values.items():
        if _is_of_tables(value):
            for each in value:
                yield from (f"[[{place}{name}]]", *_body(each), "")


def _is_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # Strings of TOML are escaped as those of JSON are, but for this one sign.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
