"""API keys: 256 random bits, shown once, kept only as a hash; each belongs to a person or to an integration (process.md S22)."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from ulid import ULID

from activities.access.security_log import COMMAND_LINE, Change, Hand, Seen, write_changes
from activities.database.tables import api_keys, people
from activities.directory.lock import changing
from workflows.vocabulary import Role

PREFIX = "hf_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class KeyRefusedError(ValueError):
    """There can be no such key; the message says why."""


class KeyMadeBeforeError(KeyRefusedError):
    """From this form a key was made before; its secret was shown then, and cannot be shown again."""


@dataclass(frozen=True)
class IssuedKey:
    """A new key. ``secret`` can never be shown again."""

    id: str
    secret: str


@dataclass(frozen=True)
class KeyRecord:
    """What is known about a key; never the key itself. Instants are aware UTC; without ``ends_at`` it has no end."""

    id: str
    person: str | None
    integration: str | None
    roles: tuple[Role, ...]
    label: str
    created_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    ends_at: datetime | None

    @property
    def owner(self) -> str:
        """The person or the integration, by id."""
        return self.person or self.integration or ""

    def is_open(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and (self.ends_at is None or now < self.ends_at)


def digest_of(secret: str) -> str:
    """SHA-256 in hex. A slow hash would add nothing: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def issue_key(
    engine: AsyncEngine,
    *,
    person: str | None = None,
    integration: str | None = None,
    roles: tuple[Role, ...] = (),
    label: str = "",
    ends_at: datetime | None = None,
    by: Hand = COMMAND_LINE,
    form: str | None = None,
) -> IssuedKey:
    """A key for a person (roles and groups come from the directory at each call) or for an integration with ``roles``.

    ``form``: the same form sent twice makes one key. Raises KeyRefusedError unless exactly one owner is named, when roles are given for a person, or
    when an integration has the name of a person: it would act as them.
    """
    _check(person, integration, roles)
    name = digest_of(f"{person} {integration} {form}")[:26] if form else str(ULID())
    issued = IssuedKey(id=f"key-{name}".lower(), secret=PREFIX + secrets.token_urlsafe(32))
    line = {
        "id": issued.id,
        "hash": digest_of(issued.secret),
        "person": person,
        "integration": integration,
        "roles": [role.value for role in roles],
        "label": label or person or integration,
        "created_at": datetime.now(UTC),
        "ends_at": ends_at,
    }
    told = {"owner": person or integration, "label": line["label"], "roles": line["roles"], "ends_at": ends_at and ends_at.isoformat()}
    try:
        # Not beside a change of the directory: two could otherwise give a person and an integration the same name.
        async with changing(engine) as connection:
            await _refuse_names_of_people(connection, integration)
            await connection.execute(api_keys.insert().values(line))
            await write_changes(connection, by, Change(Seen.KEY_MADE, f"key {issued.id}", None, told, person))
    except IntegrityError:
        raise KeyMadeBeforeError(KeyMadeBeforeError.__doc__) from None
    return issued


def _check(person: str | None, integration: str | None, roles: tuple[Role, ...]) -> None:
    if (person is None) == (integration is None):
        raise KeyRefusedError("a key belongs either to a person or to an integration")
    if integration is not None and not _NAME.fullmatch(integration):
        raise KeyRefusedError("an integration is named by letters, digits, dots and dashes, such as monitoring")
    if person is not None and roles:
        raise KeyRefusedError("a person's roles stand in the directory; leave them out")


async def _refuse_names_of_people(connection: AsyncConnection, integration: str | None) -> None:
    if integration and (await connection.execute(select(people.c.id).where(people.c.id == integration))).first():
        raise KeyRefusedError(f"{integration} is a person; an integration needs a name of its own, or it would act as them")


async def revoke_key(engine: AsyncEngine, key_id: str, *, person: str | None = None, by: Hand = COMMAND_LINE) -> bool:
    """Whether there was such a key in force, of that person if one is named; from now on it opens nothing."""
    in_force = (api_keys.c.id == key_id) & api_keys.c.revoked_at.is_(None)
    theirs = in_force if person is None else in_force & (api_keys.c.person == person)
    taken = update(api_keys).where(theirs).values(revoked_at=datetime.now(UTC))
    async with engine.begin() as connection:
        row = (await connection.execute(taken.returning(api_keys.c.person, api_keys.c.integration, api_keys.c.label))).one_or_none()
        if row is None:
            return False
        before = {"owner": row.person or row.integration, "label": row.label}
        await write_changes(connection, by, Change(Seen.KEY_REVOKED, f"key {key_id}", before, None, row.person))
    return True


async def list_keys(engine: AsyncEngine, person: str | None = None) -> tuple[KeyRecord, ...]:
    """All keys, oldest first, revoked ones too; or those of one person."""
    query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
    async with engine.execution_options(read_only=True).connect() as connection:
        rows = (await connection.execute(query if person is None else query.where(api_keys.c.person == person))).mappings().all()
    return tuple(_record(dict(row)) for row in rows)


async def count_open_keys(engine: AsyncEngine, person: str, now: datetime) -> int:
    """How many keys of this person open something."""
    return sum(each.is_open(now) for each in await list_keys(engine, person))


def _record(row: dict[str, object]) -> KeyRecord:
    known = {name: row[name] for name in KeyRecord.__dataclass_fields__}
    return KeyRecord(**known | {"roles": tuple(Role(name) for name in row["roles"])})  # type: ignore[arg-type, attr-defined]
