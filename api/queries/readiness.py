"""Whether the database can be used by this version of the code."""

import asyncio
import logging

from activities.database.migrate import Fit, fit_of
from api.queries import DATABASE_AWAY, DATABASE_FAULT, Database, reading

PATIENCE = 2.0
# It says at every look with what it looks, and supervisors look every few seconds.
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
DATABASE_TROUBLE: tuple[type[Exception], ...] = (*DATABASE_AWAY, DATABASE_FAULT, TimeoutError)


async def what_is_wrong_with(database: Database) -> str | None:
    """A sentence without addresses, or none if all is well."""
    try:
        async with asyncio.timeout(PATIENCE):
            fit = await fit_of(reading(database))
    except DATABASE_TROUBLE:
        return "The database cannot be reached."
    return None if fit is not Fit.BEHIND else "The database lacks what this program needs: run holdfast migrate."
