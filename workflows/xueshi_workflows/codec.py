"""Payload encryption (AES-GCM): what the Temporal server stores can be read with our key only."""

from __future__ import annotations

import os
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

ENCODING = b"binary/encrypted"
_NONCE = 12


class PayloadCipher(PayloadCodec):
    """Encrypts every payload under one 256-bit key; payloads without our mark pass unchanged."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Encrypt."""
        return [self._encode(payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Decrypt; raises InvalidTag for a wrong key or altered bytes."""
        return [self._decode(payload) for payload in payloads]

    def _encode(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, payload.SerializeToString(), ENCODING)
        return Payload(metadata={"encoding": ENCODING}, data=nonce + sealed)

    def _decode(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        opened = self._cipher.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], ENCODING)
        return Payload.FromString(opened)
