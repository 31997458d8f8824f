"""The identity provider of the settings: found by its discovery document, asked for keys and tokens, never waited for long (process.md S22)."""

import asyncio
import importlib.util
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import httpx
import structlog

from activities.access.single_sign_on.errand import Errand
from activities.settings import Settings, is_on_this_machine, is_safe_to_ask

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

_ANSWERS_WITHIN = 5.0  # seconds for one question, from the first byte to the last
_LARGEST_ANSWER = 256 * 1024
_GOOD_FOR = 3600.0  # seconds that addresses and keys are taken for what they were
# A key we do not know is looked for anew, but not for every token: the provider is not to suffer from a stranger's.
_KEYS_AT_MOST_EVERY = 10.0
_DISCOVERY = "/.well-known/openid-configuration"
# RFC 6749, 5.2: what may be said in the log; anything else is the provider's own text.
_SAID = frozenset({"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"})
BACK = "/sign-in/provider/back"
log = structlog.get_logger("holdfast.sign_in")


class MissingExtraError(Exception):
    """HOLDFAST_OIDC_ISSUER is set, and the extra sso is missing; install it: pip install --require-hashes -r requirements/sso.txt, or leave the setting out."""

    def __init__(self) -> None:
        super().__init__(MissingExtraError.__doc__)


class ProviderAwayError(Exception):
    """The identity provider does not answer, or not as one; the text says in a few words what was wrong."""


class CodeRefusedError(Exception):
    """The provider gives no token for this code: used up, too old, made for somebody else, or our secret is wrong."""


@dataclass(frozen=True)
class Addresses:
    """What the discovery document says. ``end_session`` is missing at providers that end no sessions."""

    authorization: str
    token: str
    keys: str
    end_session: str | None
    secret_in_body: bool


@dataclass(frozen=True)
class Told:
    """Who the provider says somebody is. ``claimed`` is the value of the claim of the settings; ``email`` only where it is verified."""

    issuer: str
    subject: str
    email: str | None
    claimed: str | None
    unverified: str | None = None

    @property
    def called(self) -> str:
        """How they know themselves, to tell them as whom they came."""
        return self.claimed or self.email or self.unverified or ""


def is_installed() -> bool:
    """Whether the extra sso is."""
    return all(importlib.util.find_spec(name) for name in ("authlib", "joserfc"))


class IdentityProvider:
    """Keeps addresses and keys for an hour. ``now`` is a clock in seconds that never goes back."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.monotonic) -> None:
        """Raises MissingExtraError without the packages that speak its language."""
        if not is_installed():
            raise MissingExtraError
        self._issuer, self._client = settings.oidc_issuer or "", settings.oidc_client_id or ""
        self._secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None
        self._claim = settings.oidc_claim
        self._base_url = settings.base_url.rstrip("/")
        self._now = now
        self._addresses: tuple[float, Addresses] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def way_in(self, errand: Errand) -> str:
        """The address to send the browser to. Raises ProviderAwayError."""
        from activities.access.single_sign_on.tokens import asks_for, challenge_of  # noqa: PLC0415 -- needs the extra

        asked = (
            ("response_type", "code"),
            ("client_id", self._client),
            ("redirect_uri", self._base_url + BACK),
            ("scope", "openid email profile"),
            ("state", errand.state),
            ("nonce", errand.nonce),
            ("code_challenge", challenge_of(errand.verifier)),
            ("code_challenge_method", "S256"),
        )
        return asks_for((await self.addresses()).authorization, asked)

    async def way_out(self) -> str | None:
        """Where people can end their session at the provider as well, if it has such a page and answers."""
        from activities.access.single_sign_on.tokens import asks_for  # noqa: PLC0415 -- needs the extra

        try:
            end_session = (await self.addresses()).end_session
        except ProviderAwayError:
            return None
        back = (("client_id", self._client), ("post_logout_redirect_uri", f"{self._base_url}/sign-in"))
        return asks_for(end_session, back) if end_session else None

    async def told_by(self, code: str, errand: Errand) -> Told:
        """Who this code stands for. Raises ProviderAwayError, CodeRefusedError, and NotBelievedError for a token that proves nothing."""
        from activities.access.single_sign_on.tokens import NotBelievedError  # noqa: PLC0415 -- needs the extra

        answer = await self._exchange(code, errand)
        token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str):
            raise NotBelievedError("no ID token")
        claims = await self._read(token, errand.nonce, access_token if isinstance(access_token, str) else None)
        email = _word(claims.get("email"))
        is_verified = claims.get("email_verified") is True
        return Told(
            issuer=self._issuer,
            subject=claims["sub"],
            email=email if is_verified else None,
            claimed=_word(claims.get(self._claim)) if self._claim else None,
            unverified=None if is_verified else email,
        )

    async def addresses(self) -> Addresses:
        """Where the provider is asked for what. Raises ProviderAwayError."""
        if self._addresses and self._now() - self._addresses[0] < _GOOD_FOR:
            return self._addresses[1]
        document = await self._asked("GET", self._issuer.rstrip("/") + _DISCOVERY)
        self._addresses = (self._now(), self._understood(document))
        return self._addresses[1]

    async def keys(self, *, anew: bool = False) -> "KeySet":
        """The keys with which it signs. Raises ProviderAwayError."""
        from activities.access.single_sign_on.tokens import keys_of  # noqa: PLC0415 -- needs the extra

        age = self._now() - self._keys[0] if self._keys else None
        if self._keys and age is not None and age < (_KEYS_AT_MOST_EVERY if anew else _GOOD_FOR):
            return self._keys[1]
        document = await self._asked("GET", (await self.addresses()).keys)
        self._keys = (self._now(), keys_of(document))
        return self._keys[1]

    def _understood(self, document: Mapping[str, Any]) -> Addresses:
        if document.get("issuer") != self._issuer:
            raise ProviderAwayError("its discovery document names another issuer")
        ways = document.get("token_endpoint_auth_methods_supported")
        basic_is_missing = isinstance(ways, list) and "client_secret_basic" not in ways and "client_secret_post" in ways
        return Addresses(
            authorization=self._address(document, "authorization_endpoint"),
            token=self._address(document, "token_endpoint"),
            keys=self._address(document, "jwks_uri"),
            end_session=self._address(document, "end_session_endpoint") if document.get("end_session_endpoint") else None,
            secret_in_body=basic_is_missing,
        )

    def _address(self, document: Mapping[str, Any], name: str) -> str:
        """An address of the document, if it is one that a provider out there may send us to."""
        found = document.get(name)
        if not isinstance(found, str) or not is_safe_to_ask(found) or (is_on_this_machine(found) and not is_on_this_machine(self._issuer)):
            raise ProviderAwayError(f"its {name} is missing, or no https address")
        return found

    async def _exchange(self, code: str, errand: Errand) -> Mapping[str, Any]:
        addresses = await self.addresses()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._base_url + BACK,
            "code_verifier": errand.verifier,
        }
        if self._secret is None:
            return await self._asked("POST", addresses.token, form | {"client_id": self._client})
        if addresses.secret_in_body:
            return await self._asked("POST", addresses.token, form | {"client_id": self._client, "client_secret": self._secret})
        return await self._asked("POST", addresses.token, form, (quote_plus(self._client), quote_plus(self._secret)))

    async def _read(self, token: str, nonce: str, access_token: str | None) -> dict[str, Any]:
        from activities.access.single_sign_on.tokens import UnknownKeyError, read  # noqa: PLC0415 -- needs the extra

        known: dict[str, Any] = {"issuer": self._issuer, "client": self._client, "nonce": nonce, "access_token": access_token}
        try:
            return read(token, await self.keys(), **known)
        except UnknownKeyError:  # keys are exchanged from time to time
            return read(token, await self.keys(anew=True), **known)

    async def _asked(
        self, method: str, url: str, form: dict[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """One question. No redirect is followed: only addresses of the settings and of the provider's own document are asked."""
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN), self._browser() as browser:
                asking = browser.stream(method, url, data=form, auth=auth, headers={"Accept": "application/json"})
                async with asking as response:
                    body = await _body_of(response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise ProviderAwayError(type(error).__name__) from None
        return _object_in(response.status_code, body, is_about_code=form is not None)

    def _browser(self) -> httpx.AsyncClient:
        # Proxies and a certificate authority of one's own are told by the usual names of the environment; not for this machine itself.
        return httpx.AsyncClient(timeout=_ANSWERS_WITHIN, follow_redirects=False, trust_env=not is_on_this_machine(self._issuer))


def _word(claim: Any) -> str | None:
    """A claim that can name somebody. One with signs that nobody sees, and that PostgreSQL may not even take, says nothing."""
    return claim if isinstance(claim, str) and claim and claim.isprintable() else None


async def _body_of(response: httpx.Response) -> bytes:
    body = b""
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _LARGEST_ANSWER:
            raise ProviderAwayError("its answer is endless")
    return body


def _object_in(status: int, body: bytes, *, is_about_code: bool) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if status == httpx.codes.OK and isinstance(found, dict):
        return found
    if is_about_code and status in (400, 401, 403):
        said = found.get("error") if isinstance(found, dict) else None
        raise CodeRefusedError(said if said in _SAID else "refused")
    raise ProviderAwayError(f"it answers {status}" if status != httpx.codes.OK else "its answer is no JSON object")
