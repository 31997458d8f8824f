"""Seals and opens single payloads: AES-256-GCM, under the key that is first in the setting, bound to the incident it belongs to."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload

from activities.payloads.keys import PLAIN, UnreadablePayloadError, is_key_id, key_bytes, key_id

ENCODING = b"binary/encrypted"
_NONCE = 12  # bytes
_TAG = 16  # bytes
_KEY_ID = "encryption-key-id"
_CIPHER = "encryption-cipher"
_CIPHER_NAME = b"AES-256-GCM"


@dataclass(frozen=True)
class Keyring:
    """Keys by their names; the first encrypts, unless there is none, all decrypt."""

    first: str | None = None
    _ciphers: Mapping[str, AESGCM] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, written: Sequence[SecretStr]) -> Self:
        """The keys of HOLDFAST_PAYLOAD_KEYS. Raises ValueError where one is none."""
        texts = [each.get_secret_value() for each in written]
        keys = [key_bytes(text) for text in texts if text != PLAIN]
        first = key_id(keys[0]) if keys and texts[0] != PLAIN else None
        return cls(first, {key_id(key): AESGCM(key) for key in keys})

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all keys, as in the setting."""
        return tuple(self._ciphers)

    def seal(self, payload: Payload, incident: str) -> Payload:
        """The payload as it is stored: its metadata is inside, too. Unchanged where no key encrypts."""
        if self.first is None:
            return payload
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self.first].encrypt(nonce, payload.SerializeToString(), _bound_to(self.first, incident))
        metadata = {"encoding": ENCODING, _KEY_ID: self.first.encode(), _CIPHER: _CIPHER_NAME}
        return Payload(metadata=metadata, data=nonce + sealed)

    def open(self, payload: Payload, incident: str) -> Payload:
        """The payload as it was; one that was never sealed comes back as it is. Raises UnreadablePayloadError."""
        name = sealed_with(payload)
        if name is None:
            return payload
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise UnreadablePayloadError(f"no key of HOLDFAST_PAYLOAD_KEYS reads this; it needs key {name}")
        changed = UnreadablePayloadError(f"what was encrypted with key {name} was changed since, or belongs elsewhere")
        labels = (payload.metadata.get("encoding"), payload.metadata.get(_CIPHER))
        if labels != (ENCODING, _CIPHER_NAME) or len(payload.data) < _NONCE + _TAG:
            raise changed
        try:
            inside = cipher.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], _bound_to(name, incident))
        except InvalidTag:
            raise changed from None
        return Payload.FromString(inside)


def sealed_with(payload: Payload) -> str | None:
    """The name of the key that a payload needs; nothing where it was not sealed."""
    if _KEY_ID not in payload.metadata and payload.metadata.get("encoding") != ENCODING:
        return None
    name = payload.metadata.get(_KEY_ID, b"").decode(errors="replace")
    return name if is_key_id(name) else "unknown"


def _bound_to(name: str, incident: str) -> bytes:
    """What the cipher authenticates beside the text: format, key and incident, so that no payload passes for one of another incident."""
    return b"\0".join((b"holdfast payload 1", ENCODING, _CIPHER_NAME, name.encode(), incident.encode()))
