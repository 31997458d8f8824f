"""API keys: 256 random bits, shown once, kept only as a hash; each belongs to a person or to an integration (process.md S22)."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from ulid import ULID

from activities.database.tables import api_keys
from workflows.vocabulary import Role

PREFIX = "hf_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True)
class IssuedKey:
    """A new key. ``secret`` can never be shown again."""

    id: str
    secret: str


@dataclass(frozen=True)
class KeyRecord:
    """What is known about a key; never the key itself. Instants are aware UTC."""

    id: str
    person: str | None
    integration: str | None
    roles: tuple[Role, ...]
    label: str
    created_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


def hash_of(secret: str) -> str:
    """SHA-256 in hex. A slow hash would add nothing: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def issue_key(
    engine: AsyncEngine, *, person: str | None = None, integration: str | None = None, roles: tuple[Role, ...] = (), label: str = ""
) -> IssuedKey:
    """A key for a person (roles and groups come from the directory at each call) or for an integration with ``roles``.

    Raises ValueError unless exactly one owner is named, or when roles are given for a person.
    """
    if (person is None) == (integration is None):
        raise ValueError("a key belongs either to a person or to an integration")
    if integration is not None and not _NAME.fullmatch(integration):
        raise ValueError("an integration is named by letters, digits, dots and dashes, such as monitoring")
    if person is not None and roles:
        raise ValueError("a person's roles stand in the directory; leave them out")
    issued = IssuedKey(id=f"key-{ULID()}".lower(), secret=PREFIX + secrets.token_urlsafe(32))
    line = {
        "id": issued.id,
        "hash": hash_of(issued.secret),
        "person": person,
        "integration": integration,
        "roles": [role.value for role in roles],
        "label": label or person or integration,
        "created_at": datetime.now(UTC),
    }
    async with engine.begin() as connection:
        await connection.execute(api_keys.insert().values(line))
    return issued


async def revoke_key(engine: AsyncEngine, key_id: str) -> bool:
    """Whether there was such a key in force; from now on it opens nothing."""
    in_force = (api_keys.c.id == key_id) & api_keys.c.revoked_at.is_(None)
    async with engine.begin() as connection:
        result = await connection.execute(update(api_keys).where(in_force).values(revoked_at=datetime.now(UTC)))
    return bool(result.rowcount)


async def list_keys(engine: AsyncEngine) -> tuple[KeyRecord, ...]:
    """All keys, oldest first, revoked ones too."""
    async with engine.connect() as connection:
        rows = (await connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))).mappings().all()
    return tuple(_record(dict(row)) for row in rows)


def _record(row: dict[str, object]) -> KeyRecord:
    known = {name: row[name] for name in KeyRecord.__dataclass_fields__}
    return KeyRecord(**known | {"roles": tuple(Role(name) for name in row["roles"])})  # type: ignore[arg-type, attr-defined]
