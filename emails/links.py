"""Signed links in letters (process.md S15): bound to purpose, incident, cycle, person and expiry. A link is a capability for one page; it signs nobody in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer
from pydantic import SecretStr

# What a link leads to: "it works" or "still broken"; the marks of a survey; no surveys please; letters one by one instead of digests.
ANSWER, SURVEY = "answer", "survey"
NO_SURVEYS, NO_DIGESTS = "no_surveys", "no_digests"
UNSUBSCRIBES = frozenset({NO_SURVEYS, NO_DIGESTS})
# The first part of the path, by purpose.
_DOORS = {ANSWER: "l", SURVEY: "s", NO_SURVEYS: "u", NO_DIGESTS: "u"}
_TOKEN = re.compile(r"(/[lsu]/)[A-Za-z0-9_.~=-]+")
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
        return f"{self._base_url}/{_DOORS[link.purpose]}/{token!s}"

    def read(self, token: str) -> Link | None:
        """The link, or none: unknown, tampered and expired ones look the same to whoever brings them (S15)."""
        try:
            purpose, number, cycle, person, expires = self._serializer.loads(token)
            link = Link(str(purpose), str(number), int(cycle), str(person), datetime.fromtimestamp(int(expires), UTC))
        except (BadData, ValueError, TypeError, OverflowError):
            return None
        return link if link.expires_at > datetime.now(UTC) else None


def without_tokens(text: str, instead: str = "...") -> str:
    """What may be shown to others than the reader: addresses of links without what makes them work (S15)."""
    return _TOKEN.sub(lambda found: found[1] + instead, text)
