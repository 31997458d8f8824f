"""The service catalogue at the front doors: what can be chosen, and what a service is called (process.md S1)."""

from api.problems import invalid
from api.queries import Database
from api.queries.people import services_to_choose


async def check_service(database: Database, service: str | None) -> None:
    """The service is one in use, where the desk keeps a catalogue; else a problem. Without a catalogue any word is one."""
    if service is None:
        return
    known = [key for key, _ in await services_to_choose(database)]
    if known and service not in known:
        raise invalid("/service", f"The desk has: {', '.join(known)}")
