"""What the doctor says of rules and directory: whether one names groups, rotas or people that the other lacks, today or from a day to come (process.md S5)."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime

from sqlalchemy.exc import SQLAlchemyError

from activities.database.session import open_database
from activities.directory.policy_check import misfits
from activities.directory.rows import everything
from activities.house.doctor.findings import Finding, ok, warn
from activities.policy_book import UnusableBookError, load_book
from activities.settings import Settings
from workflows.policies.book import HOLDFAST, Book

_SUBJECT = "rules"


async def look_at_rules(settings: Settings) -> Sequence[Finding]:
    """Each misfit once, with the first edition that has it; nothing where the database or the policies cannot be read: others say that."""
    engine = open_database(settings.database_url)
    try:
        book = load_book(settings.policies) if settings.policies else HOLDFAST
        async with engine.connect() as connection:
            known = await everything(connection)
    except (SQLAlchemyError, UnusableBookError):
        return []
    finally:
        await engine.dispose()
    found: dict[str, str] = {}
    for name in _editions(book, datetime.now(UTC)):
        for says in misfits(book.edition(name), known):
            found.setdefault(says, name)
    now = book.name_of_edition(datetime.now(UTC))
    told = [warn(_SUBJECT, says if name == now else f"from {name} on: {says}", "see /admin/categories") for says, name in found.items()]
    return told or [ok(_SUBJECT, "they fit the directory")]


def _editions(book: Book, now: datetime) -> list[str]:
    """The edition in force and those to come."""
    days: set[date] = {dated.valid_from for subject in fields(book) for dated in getattr(book, subject.name)}
    return [book.name_of_edition(now), *(day.isoformat() for day in sorted(days) if day > now.astimezone(UTC).date())]
