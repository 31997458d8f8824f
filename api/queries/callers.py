"""Who a key belongs to, with the roles and groups the directory gives at this moment (process.md S22)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, or_, select

from activities.access.keys import digest_of
from activities.database.tables import api_keys, groups, memberships, people
from activities.directory.attendance import OF_THE_HOUSE
from activities.front_door import KEY_USE_IS_NOTED_EVERY
from api.queries import Database, reading
from workflows.messages import Actor
from workflows.vocabulary import ActorKind, Role


@dataclass(frozen=True)
class KeyHolder:
    """An identified caller of the API: key, actor, name to greet with, and whether the use of the key should be noted."""

    key_id: str
    actor: Actor
    name: str
    use_is_to_be_noted: bool


async def holder_of(database: Database, secret: str) -> KeyHolder | None:
    """Who shows this key, or none: unknown, revoked, at its end, or of a person who is no longer in the directory, or disabled."""
    has_not_ended = or_(api_keys.c.ends_at.is_(None), api_keys.c.ends_at > datetime.now(UTC))
    in_force = (api_keys.c.hash == digest_of(secret)) & api_keys.c.revoked_at.is_(None) & has_not_ended
    whose = and_(people.c.id == api_keys.c.person, OF_THE_HOUSE)
    query = select(api_keys, people.c.name, people.c.roles.label("their_roles")).outerjoin(people, whose)
    async with reading(database).connect() as connection:
        key = (await connection.execute(query.where(in_force))).mappings().one_or_none()
        if key is None or (key["person"] and key["name"] is None):
            return None
        member_of = select(memberships.c.group).where(memberships.c.person == key["person"]).order_by(memberships.c.group)
        theirs = tuple((await connection.execute(member_of)).scalars()) if key["person"] else ()
    kind = ActorKind.PERSON if key["person"] else ActorKind.INTEGRATION
    roles = tuple(Role(role) for role in (key["their_roles"] if key["person"] else key["roles"]))
    actor = Actor(kind, key["person"] or key["integration"], roles, theirs)
    return KeyHolder(key["id"], actor, key["name"] or key["integration"], _is_to_be_noted(key["used_at"]))


def _is_to_be_noted(used_at: datetime | None) -> bool:
    return used_at is None or datetime.now(UTC) - used_at > KEY_USE_IS_NOTED_EVERY


async def person_exists(database: Database, person: str) -> bool:
    """Whether the directory knows this person, and not as somebody who left."""
    async with reading(database).connect() as connection:
        return (await connection.execute(select(people.c.id).where(people.c.id == person, OF_THE_HOUSE))).first() is not None


async def is_agent(database: Database, person: str) -> bool:
    """Whether the directory knows this person as an agent, to whom incidents can be given (S5)."""
    async with reading(database).connect() as connection:
        roles = (await connection.execute(select(people.c.roles).where(people.c.id == person, OF_THE_HOUSE))).scalar_one_or_none()
    return Role.AGENT.value in (roles or ())


async def is_member(database: Database, person: str, group: str) -> bool:
    """Whether the directory has this person in that group (S5)."""
    is_theirs = (memberships.c.person == person) & (memberships.c.group == group)
    async with reading(database).connect() as connection:
        return (await connection.execute(select(memberships.c.person).where(is_theirs))).first() is not None


async def level_of(database: Database, group: str) -> int | None:
    """The support level of a group, or none if the directory does not know the group."""
    async with reading(database).connect() as connection:
        return (await connection.execute(select(groups.c.level).where(groups.c.id == group))).scalar_one_or_none()
