"""The cookie of an errand to the identity provider: signed, for ten minutes, out of reach of scripts (process.md S22)."""

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import SecretStr

from activities.access.single_sign_on.errand import Errand

LASTS = 600  # seconds
_NAME = "holdfast-errand"


def _name(base_url: str) -> str:
    return f"__Host-{_NAME}" if base_url.startswith("https:") else _NAME


def _serializer(keys: Sequence[SecretStr]) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer([key.get_secret_value() for key in reversed(keys)], salt="holdfast.errand")


def send_off(response: Response, errand: Errand, keys: Sequence[SecretStr], base_url: str) -> None:
    """Gives the browser what it needs to come back with."""
    value = str(_serializer(keys).dumps([errand.secret, errand.back_to]))
    # Lax: the way back begins on the provider's page, and is a plain link.
    response.set_cookie(_name(base_url), value, LASTS, path="/", secure=base_url.startswith("https:"), httponly=True, samesite="lax")


def errand_of(request: Request, keys: Sequence[SecretStr], base_url: str) -> Errand | None:
    """The errand this browser was sent on, or none: never sent, too long ago, or made up."""
    try:
        secret, back_to = _serializer(keys).loads(request.cookies.get(_name(base_url), ""), max_age=LASTS)
    except (BadData, ValueError, TypeError):
        return None
    return Errand(str(secret), str(back_to))


def end(response: Response, base_url: str) -> None:
    """An errand ends with its first answer, whatever that was."""
    response.delete_cookie(_name(base_url), path="/", secure=base_url.startswith("https:"), httponly=True, samesite="lax")
