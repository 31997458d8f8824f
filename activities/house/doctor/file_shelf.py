"""What the doctor says of files: whether the scanner answers, and what waits for it (process.md S4)."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from activities.database.session import open_database
from activities.database.tables import files
from activities.files.kept_files import FileState, Scan
from activities.files.scanner import ScannerAwayError, is_infected
from activities.house.doctor.findings import Finding, fail, ok, warn
from activities.settings import Settings
from workflows.counting import counted

_SUBJECT = "files"


async def look_at_files(settings: Settings) -> Sequence[Finding]:
    """The scanner is asked about a few harmless bytes; files wait only for as long as it does not answer."""
    return [await _scanner(settings.file_scanner), *await _waiting(settings)]


async def _scanner(scanner: str | None) -> Finding:
    if scanner is None:
        return ok(_SUBJECT, "no virus scanner; files are taken in unchecked, and say so")
    try:
        await is_infected(scanner, _harmless())
    except ScannerAwayError as error:
        return fail(
            _SUBJECT,
            f"the virus scanner gives no verdict: {error}",
            "start it, or correct HOLDFAST_FILE_SCANNER (status 0 means clean, 1 infected); files wait until then",
        )
    return ok(_SUBJECT, "the virus scanner answers")


async def _harmless() -> AsyncIterator[bytes]:
    yield b"holdfast doctor\n"


async def _waiting(settings: Settings) -> Sequence[Finding]:
    waits = (files.c.state == FileState.ATTACHED.value) & (files.c.scan == Scan.WAITING.value)
    engine = open_database(settings.database_url)
    try:
        async with engine.connect() as connection:
            count = (await connection.execute(select(func.count()).select_from(files).where(waits))).scalar_one()
    except (SQLAlchemyError, OSError):
        return [warn(_SUBJECT, "not counted, the database cannot be asked", "see the database's line")]
    finally:
        await engine.dispose()
    if not count:
        return []
    told = f"{counted(count, 'file waits', 'files wait')} to be checked, and cannot be read until then"
    if settings.file_scanner is None:
        return [fail(_SUBJECT, told, "set HOLDFAST_FILE_SCANNER for the workers as for the API")]
    return [warn(_SUBJECT, told, "a moment is enough; if it stays so, see the log of the workers")]
