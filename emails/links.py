"""Signed links in letters (process.md S15): bound to purpose, incident, cycle, person and expiry. A link is a capability for one page; it signs nobody in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer
from pydantic import SecretStr

# The purpose of the only page there is so far: "it works" or "still broken".
ANSWER = "answer"
_SHORTEST_KEY = 32


@dataclass(frozen=True)
class Link:
    """What a link is good for. ``expires_at`` is aware UTC."""

    purpose: str
    number: str
    cycle: int
    person: str
    expires_at: datetime


class Signer:
    """Signs with the newest key and reads with all of them, so that keys can be exchanged while letters are under way."""

    def __init__(self, keys: Sequence[SecretStr], base_url: str, days: int) -> None:
        """``keys`` newest first. Raises ValueError without keys, and for a key of fewer than 32 characters."""
        secrets = [key.get_secret_value() for key in keys]
        if not secrets or min(map(len, secrets)) < _SHORTEST_KEY:
            raise ValueError(f"links are signed with keys of at least {_SHORTEST_KEY} characters: set HOLDFAST_LINK_KEYS")
        self._serializer = URLSafeSerializer(list(reversed(secrets)), salt="holdfast.link")
        self._base_url = base_url.rstrip("/")
        self._lifetime = timedelta(days=days)

    def url(self, purpose: str, number: str, cycle: int, person: str, *, now: datetime) -> str:
        """The address of the page for this reader, good from ``now`` for the days of the settings."""
        return self.sign(Link(purpose, number, cycle, person, now + self._lifetime))

    def sign(self, link: Link) -> str:
        """The address of the page a link leads to."""
        parts = [link.purpose, link.number, link.cycle, link.person, int(link.expires_at.timestamp())]
        token = self._serializer.dumps(parts)
        return f"{self._base_url}/l/{token!s}"

    def read(self, token: str) -> Link | None:
        """The link, or none: unknown, tampered and expired ones look the same to whoever brings them (S15)."""
        try:
            purpose, number, cycle, person, expires = self._serializer.loads(token)
            link = Link(str(purpose), str(number), int(cycle), str(person), datetime.fromtimestamp(int(expires), UTC))
        except (BadData, ValueError, TypeError, OverflowError):
            return None
        return link if link.expires_at > datetime.now(UTC) else None
