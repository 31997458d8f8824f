"""What ``holdfast plan`` does: writes the incident response plan of an edition, as Markdown or as a page."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from activities.database.session import open_database
from activities.house.commands.office import with_advice
from activities.house.refusals import UsageRefusedError
from activities.house.serving import adopt_policies
from activities.settings import Settings
from api.plan.as_markdown import as_markdown
from api.plan.as_page import as_page
from api.plan.comparing import MarkedPlan, marked
from api.plan.composing import editions, plan
from api.plan.contacts import contacts
from api.plan.contents import Section
from api.queries.contacts import directory
from workflows.policies.book import book


def composed(settings: Settings, edition: str | None, against: str | None, *, with_contacts: bool) -> MarkedPlan:
    """The plan, compared with another edition if one is named. Raises UsageRefusedError where the book has none of that name."""
    adopt_policies(settings)
    rules = book()
    names, wanted = editions(rules), edition or rules.name_of_edition(datetime.now(UTC))
    for name in (wanted, against):
        if name is not None and name not in names:
            raise UsageRefusedError(f"There is no edition {name}; there are: {', '.join(names)}.")
    known = with_advice(lambda: asyncio.run(_contacts(settings))) if with_contacts else None
    other = plan(rules, against, settings.policies, known) if against else None
    return marked(plan(rules, wanted, settings.policies, known), other)


async def _contacts(settings: Settings) -> Section:
    engine = open_database(settings.database_url)
    try:
        return contacts(await directory(engine))
    finally:
        await engine.dispose()


def write(found: MarkedPlan, html_file: Path | None, markdown_file: Path | None) -> str:
    """Files where they are named, and a sentence about them; otherwise the Markdown itself. Raises UsageRefusedError where a file cannot be written."""
    written = []
    for file, text in ((html_file, as_page), (markdown_file, as_markdown)):
        if file is not None:
            try:
                file.write_text(text(found), encoding="utf-8")
            except OSError as error:
                raise UsageRefusedError(f"{file} cannot be written: {error.strerror}.") from None
            written.append(str(file))
    return f"Written: {', '.join(written)}." if written else as_markdown(found)
