"""Asks a virus scanner about a file: clamd over its socket, or any command that reads standard input (process.md S4).

Both get the file a part at a time. Whatever is not a plain yes or no raises ScannerAwayError, and the file waits. What is infected will be destroyed, so
a scanner is believed only if it takes something harmless for harmless: programs also end with status 1 when they cannot start.
"""

import asyncio
import shlex
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

from activities.settings import scanner_environment

PATIENCE = timedelta(minutes=2)
CLAMD = "clamd://"
_INFECTED = 1
_HARMLESS = b"Nothing is wrong with this.\n"


class ScannerAwayError(Exception):
    """The scanner gave no answer; the message says why, and nothing of the file."""


async def is_infected(scanner: str, content: AsyncIterator[bytes]) -> bool:
    """What the scanner of the settings says about these bytes. Raises ScannerAwayError."""
    ask = _ask_clamd if scanner.startswith(CLAMD) else _ask_command
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            infected = await ask(scanner, content)
            if infected and await ask(scanner, _harmless()):
                raise ScannerAwayError("it takes everything for infected")
            return infected
    except TimeoutError:
        raise ScannerAwayError(f"no answer within {PATIENCE.total_seconds():g} s") from None
    except (OSError, ValueError) as error:
        raise ScannerAwayError(type(error).__name__) from None


async def _harmless() -> AsyncIterator[bytes]:
    yield _HARMLESS


async def _ask_command(scanner: str, content: AsyncIterator[bytes]) -> bool:
    """Exit status 0: clean; 1: infected, as clamscan and clamdscan have it."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *shlex.split(scanner), stdin=asyncio.subprocess.PIPE, stdout=quiet, stderr=quiet, env=scanner_environment()
    )
    try:
        status = await _fed(process, content)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status not in (0, _INFECTED):
        raise ScannerAwayError(f"it ended with status {status}")
    return status == _INFECTED


async def _fed(process: asyncio.subprocess.Process, content: AsyncIterator[bytes]) -> int:
    assert process.stdin is not None
    # One that has seen enough closes its end; its status says what it saw.
    with suppress(BrokenPipeError, ConnectionResetError):
        async for part in content:
            process.stdin.write(part)
            await process.stdin.drain()
        process.stdin.close()
    return await process.wait()


async def _ask_clamd(scanner: str, content: AsyncIterator[bytes]) -> bool:
    """The INSTREAM command of clamd: each part behind its length, an empty one at the end."""
    place = urlsplit(scanner)
    if place.hostname:
        reader, writer = await asyncio.open_connection(place.hostname, place.port or 3310)
    else:
        reader, writer = await asyncio.open_unix_connection(place.path)
    try:
        writer.write(b"zINSTREAM\0")
        # Beyond its own limit clamd answers and hangs up in the middle of the stream.
        with suppress(BrokenPipeError, ConnectionResetError):
            async for part in content:
                writer.write(struct.pack("!L", len(part)) + part)
                await writer.drain()
            writer.write(struct.pack("!L", 0))
            await writer.drain()
        said = (await reader.read(4096)).rstrip(b"\0\n")
    finally:
        writer.close()
    if said.endswith(b" FOUND"):
        return True
    if said.endswith(b": OK"):
        return False
    raise ScannerAwayError(
        "clamd refused to scan it; see StreamMaxLength in clamd.conf" if b"size limit" in said else "clamd gave no verdict"
    )
