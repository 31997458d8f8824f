"""What is known already: open major incidents of a service or topic, as everybody may read of them (process.md S1, S16)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from activities.database.tables import incidents
from api.queries import Database, reading
from workflows.vocabulary import Kind, Major, Priority, Status

_MOST = 3
# A solution that waits for its caller may not hold; whoever still has the fault is to report it.
_GOES_ON = (Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD)


@dataclass(frozen=True)
class Known:
    """What everybody may read of a major incident: no number, no names, no words but its title."""

    title: str
    status: str
    reported_at: datetime


async def known_majors(database: Database, service: str, topic: str) -> list[Known]:
    """Open major incidents of this service, or, where one of the two names no service, of this category; the latest first, three at most.

    ``topic``: a category, or a category and a part of it apart by a slash. Major is what has the first priority or is proposed as major, and what
    the desk has acknowledged: words of a caller that nobody has looked at are shown to no other.
    """
    wanted, category = service.strip(), topic.partition("/")[0]
    if not wanted and not category:
        return []
    theirs, major, acknowledged = (incidents.c.facts[name].as_string() for name in ("service", "major", "acknowledged_at"))
    is_of_topic = incidents.c.category == category
    # SQLite knows capitals of ASCII only.
    is_similar = or_(theirs == wanted, func.lower(theirs) == wanted.lower(), and_(is_of_topic, theirs.is_(None))) if wanted else is_of_topic
    is_major = or_(incidents.c.priority == Priority.P1.value, major != Major.NO.value)
    conditions = (
        incidents.c.status.in_(_GOES_ON),
        incidents.c.kind != Kind.SERVICE_REQUEST.value,
        is_major,
        is_similar,
        acknowledged.is_not(None),
    )
    query = select(incidents.c.title, incidents.c.status, incidents.c.reported_at).where(*conditions)
    async with reading(database).connect() as connection:
        rows = await connection.execute(query.order_by(incidents.c.reported_at.desc(), incidents.c.number).limit(_MOST))
        return [Known(*row) for row in rows]
