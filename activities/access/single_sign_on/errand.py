"""One walk of one browser to the identity provider and back: what it must bring home follows from a secret only this browser has."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass


@dataclass(frozen=True)
class Errand:
    """A secret of 256 random bits, and the page to go to afterwards."""

    secret: str
    back_to: str

    @classmethod
    def begun(cls, back_to: str) -> "Errand":
        """A new one."""
        return cls(secrets.token_urlsafe(32), back_to)

    @property
    def state(self) -> str:
        """Comes back in the address: an answer to another browser is not taken."""
        return self._for("state")

    @property
    def nonce(self) -> str:
        """Comes back in the token: a token that was made for another errand is not taken."""
        return self._for("nonce")

    @property
    def verifier(self) -> str:
        """Shown with the code (PKCE): whoever has only the code gets no token."""
        return self._for("verifier")

    def fits(self, state: str) -> bool:
        """Whether this answer belongs to this errand."""
        return hmac.compare_digest(self.state.encode(), state.encode())

    def _for(self, purpose: str) -> str:
        made = hmac.digest(self.secret.encode(), purpose.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
