"""``holdfast doctor``: looks at a set-up from the settings to the clock and says what is wrong and what to do."""

import asyncio
import platform
import shutil
import stat
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from activities.house.doctor import file_shelf, payload_shelf, rota_board, rules_board, surroundings
from activities.house.doctor.findings import Finding, fail, failed, ok, told, warn
from activities.policy_book import UnusableBookError, load_book
from activities.settings import Settings, SettingsError, link_key_file, names_a_temporal_server, read_settings, unknown_names
from emails.headers import hostile_subject_is_harmless

__all__ = ["PLACES", "examine", "failed", "told"]

_PATIENCE = 10.0  # seconds for one look; what takes longer does not answer
_OLDEST_PYTHON = (3, 11)
_LITTLE_SPACE = 1_000_000_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

Look = Callable[[Settings], Awaitable[Sequence[Finding]]]
PLACES: dict[str, Look] = {
    "database": surroundings.look_at_database,
    "temporal": surroundings.look_at_temporal,
    "payloads": payload_shelf.look_at_payloads,
    "api": surroundings.look_at_api,
    "relay": surroundings.look_at_relay,
    "provider": surroundings.look_at_provider,
    "clock": surroundings.look_at_clock,
    "rotas": rota_board.look_at_rotas,
    "rules": rules_board.look_at_rules,
    "files": file_shelf.look_at_files,
}


async def examine(only: Sequence[str] = ()) -> list[Finding]:
    """Everything worth looking at, or only the places named; where the settings cannot be read, only what needs none."""
    found = [] if only else [_python(), _headers(), *_unknown_names()]
    try:
        settings = read_settings()
    except SettingsError as error:
        return found + [fail("settings", line, "correct it; all settings: holdfast settings --example") for line in str(error).splitlines()]
    if not only:
        found += [ok("settings", "understood"), *_policies(settings), *_link_keys(), *_data_directory(settings)]
    looks = [look for place, look in PLACES.items() if not only or place in only]
    for findings in await asyncio.gather(*(_patiently(look, settings) for look in looks)):
        found += findings
    return found


async def _patiently(look: Look, settings: Settings) -> Sequence[Finding]:
    subject = next(place for place, each in PLACES.items() if each is look)
    try:
        async with asyncio.timeout(_PATIENCE):
            return await look(settings)
    except TimeoutError:
        return [fail(subject, f"no answer within {_PATIENCE:g} s", "check that it runs and that a firewall lets this machine through")]
    except Exception as error:  # noqa: BLE001 -- a doctor that stumbles still tells the rest
        return [fail(subject, f"cannot be examined ({type(error).__name__})", "please report this as a fault of holdfast doctor")]


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info < _OLDEST_PYTHON:
        return fail("python", version, "use Python 3.11 or newer")
    return ok("python", version)


def _headers() -> Finding:
    """Some Pythons inject headers from encoded words; whether ours does is tried, not looked up in a list of versions."""
    if not hostile_subject_is_harmless():
        return fail("letters", "the guard against injected headers does not hold", "use another Python, and report this")
    return ok("letters", "the guard against injected headers holds")


def _unknown_names() -> list[Finding]:
    return [
        warn("settings", f"{name} is no setting", f"did you mean {meant}?" if meant else "see: holdfast settings --example")
        for name, meant in unknown_names().items()
    ]


def _policies(settings: Settings) -> list[Finding]:
    if settings.policies is None:
        return [ok("policies", "those that ship with the desk")]
    try:
        load_book(settings.policies)
    except UnusableBookError as error:
        return [fail("policies", str(error), "correct the file, or leave HOLDFAST_POLICIES out")]
    return [ok("policies", str(settings.policies))]


def _link_keys() -> list[Finding]:
    try:
        count = len(read_settings(signs_links=True).link_keys)
    except SettingsError as error:
        return [
            fail("link keys", str(error).partition(";")[0], "make one with: openssl rand -hex 32, or use holdfast up, which makes its own")
        ]
    return [ok("link keys", f"{count} in force")]


def _data_directory(settings: Settings) -> list[Finding]:
    place = settings.data_dir
    if not place.exists():
        if names_a_temporal_server():
            return []
        return [warn("data directory", f"{place} does not exist yet", "holdfast up makes it")]
    files = [place, link_key_file(settings), place / "keys.env"]
    found = [
        warn("data directory", f"{file} can be read by others", f"chmod go= {file}")
        for file in files
        if file.exists() and _is_open_to_others(file)
    ]
    if shutil.disk_usage(place).free < _LITTLE_SPACE:
        found.append(warn("data directory", "less than 1 GB is free", "make room; databases that cannot grow refuse incidents"))
    return found or [ok("data directory", str(place))]


def _is_open_to_others(file: Path) -> bool:
    return bool(file.stat().st_mode & _OTHERS)
