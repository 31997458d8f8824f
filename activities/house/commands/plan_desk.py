"""What ``holdfast plan`` does: writes the incident response plan of an edition, as Markdown or as a page."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.house.commands.office import on_record
from activities.house.commands.reports import write_report
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
    known = on_record(settings, _contacts) if with_contacts else None
    other = plan(rules, against, settings.policies, known) if against else None
    return marked(plan(rules, wanted, settings.policies, known), other)


async def _contacts(engine: AsyncEngine) -> Section:
    return contacts(await directory(engine))


def write(found: MarkedPlan, html_file: Path | None, markdown_file: Path | None) -> str:
    """Files where they are named, and a sentence about them; otherwise the Markdown itself. Raises UsageRefusedError where a file cannot be written."""
    written = []
    for file, text in ((html_file, as_page), (markdown_file, as_markdown)):
        if file is not None:
            write_report(file, text(found))
            written.append(str(file))
    return f"Written: {', '.join(written)}." if written else as_markdown(found)
