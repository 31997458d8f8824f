"""The mail ledger as the Outbox page shows it (process.md S14)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, literal, select, tuple_

from activities.database.tables import groups, letters, people
from api.queries import Database, reading

PAGE = 50
_GROUP = "group:"


@dataclass(frozen=True)
class LetterView:
    """One line of the ledger with the reader's name and address. Texts are set once the sender has rendered the letter."""

    key: str
    number: str
    letter: str
    recipient_name: str
    recipient_email: str | None
    at: datetime
    state: str
    attempts: int
    sent_at: datetime | None
    message_id: str | None
    subject: str | None
    smtp_reply: str | None
    text: str | None = None
    html: str | None = None


def _query(*, with_texts: bool) -> Select[tuple[object, ...]]:
    inner = ("key", "number", "letter", "recipient", "at", "state", "attempts", "sent_at", "message_id", "subject", "smtp_reply")
    columns = [letters.c[name] for name in (*inner, *(("text", "html") if with_texts else ()))]
    joined = letters.outerjoin(people, people.c.id == letters.c.recipient).outerjoin(
        groups, literal(_GROUP) + groups.c.id == letters.c.recipient
    )
    name = people.c.name.label("person_name"), groups.c.name.label("group_name")
    address = people.c.email.label("person_email"), groups.c.email.label("group_email")
    return select(*columns, *name, *address).select_from(joined)


def _view(row: Row[tuple[object, ...]]) -> LetterView:
    facts = dict(row._mapping)  # noqa: SLF001 -- the public way to a mapping of a row
    recipient = facts.pop("recipient")
    people_name, group_name = facts.pop("person_name"), facts.pop("group_name")
    person_email, group_email = facts.pop("person_email"), facts.pop("group_email")
    return LetterView(**facts, recipient_name=people_name or group_name or recipient, recipient_email=person_email or group_email)


async def newest(database: Database, before: tuple[datetime, str] | None) -> tuple[list[LetterView], bool]:
    """A page of letters, newest first, and whether there are older ones. ``before``: instant and key of the last one seen."""
    query = _query(with_texts=False).order_by(letters.c.at.desc(), letters.c.key.desc()).limit(PAGE + 1)
    if before is not None:
        place = tuple_(literal(before[0], letters.c.at.type), literal(before[1]))
        query = query.where(tuple_(letters.c.at, letters.c.key) < place)
    async with reading(database).connect() as connection:
        rows = (await connection.execute(query)).all()
    return [_view(row) for row in rows[:PAGE]], len(rows) > PAGE


async def one(database: Database, key: str) -> LetterView | None:
    """A letter with its texts, or none."""
    async with reading(database).connect() as connection:
        row = (await connection.execute(_query(with_texts=True).where(letters.c.key == key))).one_or_none()
    return _view(row) if row else None
