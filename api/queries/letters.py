"""The mail ledger as the Outbox page shows it (process.md S14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, false, func, literal, select, tuple_, union_all

from activities.database.tables import groups, letters, people
from activities.erasure.marks import NOBODY, is_pseudonym
from activities.mail.postbox import LetterState
from api.queries import Database, reading

PAGE = 50
_GROUP = "group:"
_WENT_OUT = (LetterState.SENT, LetterState.KEPT, LetterState.IN_DIGEST)
_LOST = (LetterState.FAILED, LetterState.UNKNOWN)


@dataclass(frozen=True)
class LetterView:
    """One line of the ledger with the reader's name and address. Texts are set once the sender has rendered the letter."""

    key: str
    number: str
    letter: str
    recipient: str
    recipient_name: str
    recipient_email: str | None
    cause: int
    at: datetime
    state: str
    attempts: int
    sent_at: datetime | None
    message_id: str | None
    subject: str | None
    smtp_reply: str | None
    digest: str | None
    resent_by: str | None
    text: str | None = None
    html: str | None = None
    headers: str | None = None
    envelope_sender: str | None = None
    next_attempt_at: datetime | None = None
    unknown_outcomes: int = 0


@dataclass(frozen=True)
class Search:
    """What to look for; none of these: everything. ``before``: instant and key of the last letter seen."""

    number: str | None = None
    person: str | None = None
    state: str | None = None
    before: tuple[datetime, str] | None = None

    @property
    def finds_many(self) -> bool:
        """Whether most letters may be meant: all of them, or those that went out."""
        return not (self.number or self.person) and self.state in (None, *_WENT_OUT)


_COLUMNS = (
    "key", "number", "letter", "recipient", "cause", "at", "state", "attempts", "sent_at", "message_id", "subject", "smtp_reply", "digest", "resent_by",
)  # fmt: skip
_ON_ITS_PAGE = ("text", "html", "headers", "envelope_sender", "next_attempt_at", "unknown_outcomes")


def _query(*, with_texts: bool) -> Select[tuple[object, ...]]:
    columns = [letters.c[name] for name in (*_COLUMNS, *(_ON_ITS_PAGE if with_texts else ()))]
    joined = letters.outerjoin(people, people.c.id == letters.c.recipient).outerjoin(
        groups, literal(_GROUP) + groups.c.id == letters.c.recipient
    )
    name = people.c.name.label("person_name"), groups.c.name.label("group_name")
    address = people.c.email.label("person_email"), groups.c.email.label("group_email")
    return select(*columns, *name, *address).select_from(joined)


def _view(row: Row[tuple[object, ...]]) -> LetterView:
    facts = dict(row._mapping)  # noqa: SLF001 -- the public way to a mapping of a row
    recipient = str(facts["recipient"])
    people_name, group_name = facts.pop("person_name"), facts.pop("group_name")
    person_email, group_email = facts.pop("person_email"), facts.pop("group_email")
    return LetterView(
        **facts,
        recipient_name=people_name or group_name or (NOBODY if is_pseudonym(recipient) else recipient),
        recipient_email=person_email or group_email,
    )


async def newest(database: Database, search: Search) -> tuple[list[LetterView], bool]:
    """A page of letters, newest first, and whether there are older ones. Those of an incident include the digests it is told in."""
    # A few among very many are found first and sorted then; an index in the order of the page would be walked from end to end for them.
    at = letters.c.at if search.finds_many else func.coalesce(letters.c.at, letters.c.at)
    query = _query(with_texts=False).order_by(at.desc(), letters.c.key.desc()).limit(PAGE + 1)
    if search.before is not None:
        place = tuple_(literal(search.before[0], letters.c.at.type), literal(search.before[1]))
        query = query.where(tuple_(letters.c.at, letters.c.key) < place)
    if search.number:
        mine = letters.c.number == search.number
        # One list of keys: of two conditions with "or" between them PostgreSQL looks through all letters.
        keys = union_all(select(letters.c.key).where(mine), select(letters.c.digest).where(mine, letters.c.digest.is_not(None)))
        query = query.where(letters.c.key.in_(keys))
    if search.person:
        query = query.where(letters.c.recipient == search.person)
    if search.state:
        query = query.where(letters.c.state == search.state)
    return (found := await _views(database, query))[:PAGE], len(found) > PAGE


async def around(database: Database, number: str, seqs: Sequence[int]) -> list[LetterView]:
    """The letters of an incident that these events of its timeline caused, and every letter to those whom one of its letters did not reach; first owed, first."""
    mine = letters.c.number == number
    missed = select(letters.c.recipient).where(mine, letters.c.state.in_(_LOST))
    caused = letters.c.cause.between(min(seqs), max(seqs)) if seqs else false()
    wanted = _query(with_texts=False).where(mine, caused | letters.c.recipient.in_(missed))
    return await _views(database, wanted.order_by(letters.c.at, letters.c.cause, letters.c.key))


def unreached(found: Sequence[LetterView]) -> list[LetterView]:
    """Of each reader the latest letter, where that one did not arrive or may not have; what is still under way says nothing yet. ``found``: in the order of time.

    Who was erased cannot be reached any more.
    """
    latest = {each.recipient: each for each in found if each.state in (*_WENT_OUT, *_LOST)}
    return [each for each in latest.values() if each.state in _LOST and not is_pseudonym(each.recipient)]


async def one(database: Database, key: str) -> LetterView | None:
    """A letter with its texts, or none."""
    return next(iter(await _views(database, _query(with_texts=True).where(letters.c.key == key))), None)


async def held_by(database: Database, digest: str) -> list[LetterView]:
    """The letters that went out inside a digest, oldest first."""
    return await _views(database, _query(with_texts=False).where(letters.c.digest == digest).order_by(letters.c.at, letters.c.key))


async def sent_again(database: Database, root: str) -> list[LetterView]:
    """The deliveries of a letter that staff asked for, oldest first."""
    again = letters.c.key.startswith(f"{root}:", autoescape=True) & letters.c.resent_by.is_not(None)
    return await _views(database, _query(with_texts=False).where(again).order_by(letters.c.at, letters.c.key))


async def _views(database: Database, query: Select[tuple[object, ...]]) -> list[LetterView]:
    async with reading(database).connect() as connection:
        return [_view(row) for row in (await connection.execute(query)).all()]
