"""Keys that encrypt what Temporal stores: what one looks like, and the name by which a payload says which one it needs.

Free of cryptography, because everything that reads settings comes by here.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence

# In the first place instead of a key: the keys behind it only read.
PLAIN = "plain"
LENGTH = 32  # bytes
_WRITTEN = 43  # characters of base64url without padding
_LEAST_VARIETY = 20  # random bytes have 30 different ones among 32; fewer than 20 come once in a billion keys
_MAKE_ONE = "make one with: holdfast payloads key"
_NAMES_A_KEY = re.compile(r"[0-9a-f]{16}")


class UnreadablePayloadError(Exception):
    """What Temporal stores cannot be read by this process; the text says why, and holds nothing of what was stored."""


def new_key() -> str:
    """A key to put into HOLDFAST_PAYLOAD_KEYS."""
    while True:
        key = secrets.token_urlsafe(LENGTH)
        if problem_of([key]) is None:
            return key


def key_bytes(written: str) -> bytes:
    """The key itself. Raises ValueError where it is none; the error never quotes it."""
    try:
        key = base64.b64decode(written + "=", altchars=b"-_", validate=True)
    except ValueError:
        key = b""
    if len(written) != _WRITTEN or base64.urlsafe_b64encode(key) != f"{written}=".encode():
        raise ValueError(f"needs keys of {LENGTH} random bytes, {_WRITTEN} characters of base64url each; {_MAKE_ONE}")
    return key


def key_id(key: bytes) -> str:
    """The name of a key, the same everywhere; nobody learns from it what the key is."""
    return hashlib.sha256(b"holdfast payload key\0" + key).hexdigest()[:16]


def is_key_id(text: str) -> bool:
    """Whether this can be the name of a key."""
    return _NAMES_A_KEY.fullmatch(text) is not None


def problem_of(written: Sequence[str]) -> str | None:
    """What is wrong with the keys of a setting, and what to do; nothing where they can be used. It quotes none of them."""
    keys = list(written)
    if keys[:1] == [PLAIN]:
        keys.pop(0)
    if written and not keys:
        return f"has the word {PLAIN} and no key that it could mean; leave the setting out to encrypt nothing"
    if PLAIN in keys:
        return f"has the word {PLAIN} behind a key; it stands in front, or not at all"
    try:
        found = [key_bytes(key) for key in keys]
    except ValueError as error:
        return str(error)
    if any(_is_no_accident(key, text) for key, text in zip(found, keys, strict=True)):
        return f"has a key that was typed or made up; {_MAKE_ONE}"
    return "names a key twice; take one of them out" if len(set(found)) < len(found) else None


def _is_no_accident(key: bytes, written: str) -> bool:
    """Random bytes hardly repeat, and their text has both cases: what has not was thought of by somebody, and can be guessed."""
    return len(set(key)) < _LEAST_VARIETY or written in {written.lower(), written.upper()}
