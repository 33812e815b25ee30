"""Identity numbers: encrypted under a key per person, found again by a keyed digest, masked wherever they are shown.

A person's data key is wrapped by a master key that has an id, so that master keys can be changed and one person's
data destroyed by destroying one key. Nothing here knows the database.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xueshi.errors import InputError, ServiceMissingError

KEY_BYTES = 32
NONCE_BYTES = 12
DESTROYED = "身份证号无法解密：密钥已销毁，或密钥文件与数据库不属同一数据文件夹"


@dataclass(frozen=True)
class SealedIdentity:
    """An identity number at rest: the number under the person's key, that key under the master key `key_id`."""

    number: bytes
    key: bytes
    key_id: str


@dataclass(frozen=True)
class SealedContent:
    """A file at rest: its bytes under its own key, that key under the master key `key_id`."""

    body: bytes
    key: bytes
    key_id: str


class KeyRing:
    """The keys of a data folder: master keys by id, the key of the blind index, the key of workflow payloads."""

    def __init__(self, masters: dict[str, bytes], current: str, index_key: bytes, payload_key: bytes) -> None:
        self._masters = masters
        self._current = current
        self._index_key = index_key
        self.payload_key = payload_key
        """32 bytes; workflow payloads are encrypted under it."""

    @property
    def signing_seed(self) -> bytes:
        """The seed of the folder's signing key, 32 bytes: drawn from the one key that is never changed.

        So a key file of an earlier version signs too, and whoever restores the keys can still be recognised.
        """
        return hmac.new(self._index_key, b"xueshi/report-signing/1", sha256).digest()

    @classmethod
    def create(cls, path: Path) -> KeyRing:
        """Make a fresh key file that only its owner may read (0600); FileExistsError where one is already."""
        body = {
            "version": 1,
            "current": "k1",
            "masters": {"k1": _fresh()},
            "index": _fresh(),
            "payload": _fresh(),
        }
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(body, file)
            file.flush()
            os.fsync(file.fileno())
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read a key file. Raises ServiceMissingError when it is not there or not a key file."""
        try:
            body: dict[str, Any] = json.loads(path.read_text())
            masters = {key_id: _read(text) for key_id, text in body["masters"].items()}
            keys = cls(masters, body["current"], _read(body["index"]), _read(body["payload"]))
            masters[body["current"]]
        except FileNotFoundError as error:
            raise ServiceMissingError(
                f"找不到密钥文件 {path}；请由备份恢复，或以 XUESHI_KEYS 指明其位置"
            ) from error
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceMissingError(f"密钥文件 {path} 不可用（{error}）；请由备份恢复") from error
        return keys

    def index_of(self, number: str) -> str:
        """Return the blind index (hex) of an identity number: equal for the same number, useless without the key."""
        return hmac.new(self._index_key, normal(number).encode(), sha256).hexdigest()

    def content_name(self, body: bytes) -> str:
        """Return the name (hex) under which a content is known: equal for equal bytes, tells nothing without the key."""
        # Its own use of the index key, told apart by a prefix that no identity number begins with.
        return hmac.new(self._index_key, b"content:" + sha256(body).digest(), sha256).hexdigest()

    def seal_content(self, body: bytes) -> SealedContent:
        """Encrypt a file's content under a fresh key of its own."""
        key = os.urandom(KEY_BYTES)
        return SealedContent(_encrypt(key, body), _encrypt(self._masters[self._current], key), self._current)

    def reveal_content(self, sealed: SealedContent) -> bytes:
        """Decrypt a file's content; InputError when its key was destroyed or the file was altered."""
        master = self._masters.get(sealed.key_id)
        if master is None:
            raise InputError(f"主密钥 {sealed.key_id} 不在密钥文件中；请恢复含有它的密钥文件")
        try:
            return _decrypt(_decrypt(master, sealed.key), sealed.body)
        except (InvalidTag, ValueError) as error:
            raise InputError(
                "证明材料无法解密：文件被改动、密钥已销毁，或密钥文件与数据库不属同一数据文件夹；请从备份恢复"
            ) from error

    def seal(self, number: str) -> SealedIdentity:
        """Encrypt an identity number under a fresh key of its person."""
        key = os.urandom(KEY_BYTES)
        master = self._masters[self._current]
        return SealedIdentity(_encrypt(key, normal(number).encode()), _encrypt(master, key), self._current)

    def reveal(self, sealed: SealedIdentity) -> str:
        """Decrypt an identity number; InputError when its key was destroyed or is not in this key file."""
        return self.reveal_for(sealed, sealed.number)

    def seal_for(self, person: SealedIdentity, text: str) -> bytes:
        """Encrypt words about a person under his own key; InputError when it was destroyed or is not in this key file."""
        return _encrypt(self._own_key(person), text.encode())

    def reveal_for(self, person: SealedIdentity, body: bytes) -> str:
        """Decrypt what `seal_for` encrypted; InputError when the person's key was destroyed."""
        try:
            return _decrypt(self._own_key(person), body).decode()
        except (InvalidTag, ValueError) as error:
            raise InputError(DESTROYED) from error

    def _own_key(self, person: SealedIdentity) -> bytes:
        master = self._masters.get(person.key_id)
        if master is None:
            raise InputError(f"主密钥 {person.key_id} 不在密钥文件中；请恢复含有它的密钥文件")
        try:
            return _decrypt(master, person.key)
        except (InvalidTag, ValueError) as error:
            raise InputError(DESTROYED) from error

    def seal_text(self, text: str) -> bytes:
        """Encrypt a passing text (a row that waits in staging) under the current master key."""
        return _encrypt(self._masters[self._current], text.encode())

    def reveal_text(self, body: bytes) -> str:
        """Decrypt what `seal_text` encrypted, also after the current master key has changed."""
        for master in self._masters.values():
            try:
                return _decrypt(master, body).decode()
            except InvalidTag:
                continue
        raise InputError("暂存的数据无法解密：密钥文件与数据库不属同一数据文件夹")


def normal(number: str) -> str:
    """Return an identity number in the one spelling that is compared: no blanks, capital X."""
    return "".join(number.split()).upper()


def mask_identity(number: str) -> str:
    """Return an identity number as it may be shown: first six and last four stay (`990102********0019`)."""
    plain = normal(number)
    return f"{plain[:6]}{'*' * (len(plain) - 10)}{plain[-4:]}" if len(plain) > 10 else "*" * len(plain)


def _encrypt(key: bytes, body: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, body, None)


def _decrypt(key: bytes, body: bytes) -> bytes:
    return AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], None)


def _fresh() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _read(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {len(key)} bytes instead of {KEY_BYTES}")
    return key
