"""What of a package is encrypted: parts under a key made of a passphrase, which travels by another way than the package.

The folder's own keys never leave it: what is sealed here can be opened in any folder by whoever knows the passphrase.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xueshi.errors import InputError

SHORTEST = 12
"""Characters of a passphrase: a package may lie about for years."""
KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12
OVERHEAD = NONCE_BYTES + 16
"""Bytes by which a sealed part is longer than what it holds."""
COST = {"n": 1 << 15, "r": 8, "p": 1}
_MOST = {"n": 1 << 20, "r": 32, "p": 16}
_MOST_MEMORY = 256 * 1024 * 1024
_CHECK = b"xueshi-register"


@dataclass(frozen=True)
class PackageKey:
    """The key of one package, and what its manifest says of how it is made of the passphrase."""

    key: bytes
    told: Mapping[str, Any]

    def seal(self, body: bytes, name: str) -> bytes:
        """Encrypt a part; `name` is bound to it, so that parts cannot be exchanged."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, body, name.encode())

    def reveal(self, body: bytes, name: str) -> bytes:
        """Decrypt a part. Raises InputError for one that was altered or put in another's place."""
        try:
            return AESGCM(self.key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise InputError(
                f"导出包中的 {name} 无法解密，可能在途中被改动；没有并入任何内容，请向导出方重新索取"
            ) from error


def new_key(passphrase: str) -> PackageKey:
    """Make the key of a new package. Raises InputError for a passphrase that is too short."""
    if len(passphrase) < SHORTEST:
        raise InputError(
            f"口令只有 {len(passphrase)} 个字符，太短；请用至少 {SHORTEST} 个字符，如几个不相干的词"
        )
    salt = os.urandom(SALT_BYTES)
    key = PackageKey(_derived(passphrase, salt, COST), {})
    told = {
        "cipher": "AES-256-GCM",
        "kdf": "scrypt",
        **COST,
        "salt": base64.b64encode(salt).decode(),
        "check": base64.b64encode(key.seal(_CHECK, "check")).decode(),
    }
    return PackageKey(key.key, told)


def key_of(passphrase: str, told: Mapping[str, Any]) -> PackageKey:
    """Return the key of a package that was handed in. Raises InputError for a wrong passphrase or a strange manifest."""
    try:
        cost = {name: int(told[name]) for name in COST}
        salt = base64.b64decode(told["salt"], validate=True)
        check = base64.b64decode(told["check"], validate=True)
        known = (told["cipher"], told["kdf"]) == ("AES-256-GCM", "scrypt")
        if not known or any(not 1 <= cost[name] <= most for name, most in _MOST.items()):
            raise ValueError(f"{told['kdf']} {cost}")
        key = PackageKey(_derived(passphrase, salt, cost), told)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("导出包清单所写的加密办法本系统不认识；请用导出时的版本导入") from error
    try:
        key.reveal(check, "check")
    except InputError as error:
        raise InputError("口令不对，证明材料不能解密；没有并入任何内容，请向导出方核对口令") from error
    return key


def _derived(passphrase: str, salt: bytes, cost: Mapping[str, int]) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, dklen=KEY_BYTES, maxmem=_MOST_MEMORY, **cost)
