"""What every front door needs at hand; made once by ``create_app``."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import Request

from activities.access.single_sign_on.provider import IdentityProvider
from activities.settings import Settings
from api.commands import Line
from api.doorway.turnstile import Quay, Turnstile
from api.queries import Database
from emails.links import Signer


@dataclass(frozen=True)
class Desk:
    """Settings, the record, the line to Temporal, the reader of signed links, and the identity provider where there is one; how much may be on its way."""

    settings: Settings
    database: Database
    line: Line
    turnstile: Turnstile
    signer: Signer
    provider: IdentityProvider | None = None
    quay: Quay = field(default_factory=Quay)

    @property
    def base_url(self) -> str:
        """Where people reach the desk, never taken from a request's Host header (S15)."""
        return self.settings.base_url.rstrip("/")

    @property
    def path(self) -> str:
        """What the path of every page begins with; nothing where the desk has a host of its own."""
        return urlsplit(self.base_url).path


def desk_of(request: Request) -> Desk:
    """The desk this request came to."""
    desk: Desk = request.app.state.desk
    return desk
