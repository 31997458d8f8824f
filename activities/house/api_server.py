"""The HTTP server around the front door."""

import signal

import uvicorn

from activities.access.single_sign_on.provider import MissingExtraError
from activities.house.refusals import UsageRefusedError
from activities.policy_book import UnusableBookError
from activities.settings import Settings
from api.app import create_app

_KEEP_ALIVE = 15  # seconds an idle connection is kept
_LAST_REQUESTS = 3  # seconds that requests under way get when the API is stopped
_MOST_HEADER_BYTES = 32_768


def api_server(settings: Settings) -> uvicorn.Server:
    """The server, to be run until SIGTERM or SIGINT. No access log: paths of links and searches would be personal data.

    Raises UsageRefusedError where HOLDFAST_POLICIES names no usable file, or an identity provider is set and its packages are missing.
    """
    # Uvicorn raises the signal that stopped it once more at its end; it has been obeyed by then.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: None)
    try:
        return uvicorn.Server(_configuration(settings))
    except (UnusableBookError, MissingExtraError) as error:
        raise UsageRefusedError(str(error)) from None


def _configuration(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(settings),
        host=settings.listen_host,
        port=settings.listen_port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_LAST_REQUESTS,
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
    )
