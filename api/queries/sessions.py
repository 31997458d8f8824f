"""Who a session belongs to, with the roles and groups the directory gives at this moment (process.md S22)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from activities.access.keys import digest_of
from activities.access.sessions import IDLE, USE_IS_NOTED_EVERY
from activities.database.tables import accounts, memberships, people, sessions
from activities.directory.attendance import OF_THE_HOUSE
from api.queries import Database, reading
from workflows.messages import Actor
from workflows.vocabulary import ActorKind, Role

# Who has no password shows by a fresh session that it is them.
_LATELY = timedelta(minutes=15)


@dataclass(frozen=True)
class SignedIn:
    """A person with a session in force, language and zone in which they read, and whether its use should be noted."""

    session_hash: str
    actor: Actor
    name: str
    zone: str
    language: str
    use_is_to_be_noted: bool


async def signed_in(database: Database, token: str, now: datetime) -> SignedIn | None:
    """Who shows this token, or none: unknown, ended, unused for too long, or of a person who is no longer in the directory, or disabled."""
    in_force = (sessions.c.hash == digest_of(token), sessions.c.ends_at > now, sessions.c.seen_at > now - IDLE, OF_THE_HOUSE)
    columns = (sessions.c.hash, sessions.c.seen_at, people.c.id, people.c.name, people.c.zone, people.c.language, people.c.roles)
    query = select(*columns).join(people, people.c.id == sessions.c.person).where(*in_force)
    async with reading(database).connect() as connection:
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        member_of = select(memberships.c.group).where(memberships.c.person == row.id).order_by(memberships.c.group)
        groups = tuple((await connection.execute(member_of)).scalars())
    actor = Actor(ActorKind.PERSON, row.id, tuple(Role(role) for role in row.roles), groups)
    return SignedIn(row.hash, actor, row.name, row.zone, row.language, now - row.seen_at > USE_IS_NOTED_EVERY)


async def began_lately(database: Database, token: str, now: datetime) -> bool:
    """Whether this session began within the last quarter of an hour."""
    query = select(sessions.c.began_at).where(sessions.c.hash == digest_of(token))
    async with reading(database).connect() as connection:
        began_at = (await connection.execute(query)).scalar_one_or_none()
    return began_at is not None and now - began_at <= _LATELY


async def has_password(database: Database, person: str) -> bool:
    """Whether this person can sign in with a password."""
    async with reading(database).connect() as connection:
        return (await connection.execute(select(accounts.c.person).where(accounts.c.person == person))).first() is not None
