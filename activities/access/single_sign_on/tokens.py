"""What an ID token proves (OpenID Connect Core, 3.1.3.7). Needs the extra sso, so it is imported only where a provider is set up."""

from collections.abc import Mapping, Sequence
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, import_key
from joserfc.jws import JWSRegistry

# The allow-list: no "none", and no HS256, with which a public key would be a secret everybody has.
ALGORITHMS = ("RS256", "ES256")
_CLOCKS_MAY_DIFFER = 30  # seconds
_KINDS = ("RSA", "EC")
# A provider that publishes these has a problem; we need not have it, too.
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
_LONGEST_SUBJECT = 255


class NotBelievedError(Exception):
    """What the provider sent proves nothing; the text is for the log and holds nothing of it."""


class UnknownKeyError(NotBelievedError):
    """The token is signed with a key that we do not know, or not yet."""


def keys_of(document: Mapping[str, Any]) -> KeySet:
    """The keys that sign. Those of other kinds or for other uses, and what is no key at all, are passed over."""
    found = []
    listed = document.get("keys")
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict) or each.get("kty") not in _KINDS or each.get("use", "sig") != "sig":
            continue
        try:
            found.append(import_key({name: value for name, value in each.items() if name not in _PRIVATE}))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return KeySet(found)


def read(token: str, keys: KeySet, *, issuer: str, client: str, nonce: str, access_token: str | None) -> dict[str, Any]:
    """The claims of a token that is signed by one of the keys and made by this issuer, for us, for this errand, and just now.

    Raises UnknownKeyError for a key we do not know, and NotBelievedError for everything else.
    """
    try:
        decoded = jwt.decode(token, keys, registry=JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False))
        options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client}}
        claims = CodeIDToken(decoded.claims, decoded.header, options, {"nonce": nonce, "client_id": client, "access_token": access_token})
        claims.validate(leeway=_CLOCKS_MAY_DIFFER)
    except InvalidKeyIdError:
        raise UnknownKeyError("signed with a key that is not published") from None
    except Exception as error:  # noqa: BLE001 -- whatever breaks on a token, it proves nothing
        raise NotBelievedError(f"{type(error).__name__} {getattr(error, 'claim', '') or ''}".strip()) from None
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise NotBelievedError("no subject")
    return dict(claims)


def challenge_of(verifier: str) -> str:
    """What is shown before the verifier is (RFC 7636)."""
    made: str = create_s256_code_challenge(verifier)
    return made


def asks_for(endpoint: str, parameters: Sequence[tuple[str, str]]) -> str:
    """The address with these parameters, beside those it may have already."""
    made: str = add_params_to_uri(endpoint, list(parameters))
    return made
