"""The cookie that carries a session: for this host only, out of reach of scripts, not sent along from other sites (process.md S22)."""

import ipaddress

from fastapi import Request
from fastapi.responses import Response

from activities.access.sessions import LASTS

_NAME = "holdfast"


def _name(base_url: str) -> str:
    # Browsers take a cookie of this prefix only over https, for the whole host, and from the host itself.
    return f"__Host-{_NAME}" if base_url.startswith("https:") else _NAME


def token_in(request: Request, base_url: str) -> str | None:
    """The token of the session the browser shows, or none."""
    return request.cookies.get(_name(base_url))


def hand_out(response: Response, token: str, base_url: str) -> None:
    """Gives the browser its session."""
    is_https = base_url.startswith("https:")
    response.set_cookie(_name(base_url), token, int(LASTS.total_seconds()), path="/", secure=is_https, httponly=True, samesite="lax")


def take_back(response: Response, base_url: str) -> None:
    """Tells the browser to forget it."""
    response.delete_cookie(_name(base_url), path="/", secure=base_url.startswith("https:"), httponly=True, samesite="lax")


def address_of(request: Request) -> str:
    """Where the request came from, for throttles and audit. Whoever has one IPv6 address has its whole network."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    return str(address) if address.version == 4 else str(ipaddress.ip_network(f"{address}/64", strict=False))  # noqa: PLR2004 -- the version
