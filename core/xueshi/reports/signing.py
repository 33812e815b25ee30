"""Signatures of packages and receipts: Ed25519, the private key with the data folder's keys, the public one as a file."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from xueshi.canonical import canonical_json
from xueshi.errors import InputError

KEY_FORMAT = "report-key/1"
RECEIPT_FORMAT = "report-receipt/1"


@dataclass(frozen=True)
class PublicKey:
    """A public key as it is handed over: whose it is, for which area, its 32 bytes."""

    area: str
    body: str
    key: bytes

    @property
    def key_id(self) -> str:
        """The fingerprint by which two officers compare the key on the telephone: 16 hexadecimal digits."""
        return key_id(self.key)

    def to_file(self) -> bytes:
        """Return the file that `xueshi report key` writes."""
        return (
            canonical_json(
                {
                    "xueshi": KEY_FORMAT,
                    "area": self.area,
                    "body": self.body,
                    "key": base64.b64encode(self.key).decode(),
                    "id": self.key_id,
                }
            )
            + "\n"
        ).encode()


class Signer:
    """Signs with the key that belongs to a data folder."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()
        """32 bytes."""

    @property
    def key_id(self) -> str:
        """Fingerprint of the public key."""
        return key_id(self.public)

    def sign(self, body: bytes) -> bytes:
        """Return the signature (64 bytes)."""
        return self._key.sign(body)


def key_id(public: bytes) -> str:
    """Return the fingerprint of a public key: the first 16 hexadecimal digits of its sha256."""
    return hashlib.sha256(public).hexdigest()[:16]


def is_signed(public: bytes, signature: bytes, body: bytes) -> bool:
    """Tell whether a signature over `body` was made with the key whose public half is `public`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public_key(body: bytes) -> PublicKey:
    """Read a key file. Raises InputError when it is none or does not carry its own fingerprint."""
    try:
        read = json.loads(body)
        found = PublicKey(str(read["area"]), str(read["body"]), base64.b64decode(read["key"], validate=True))
        if read["xueshi"] != KEY_FORMAT or len(found.key) != 32 or read["id"] != found.key_id:
            raise ValueError("format, length or fingerprint")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            "这不是公钥文件，或文件不完整；请由对方用 xueshi report key 重新导出，并电话核对编号"
        ) from error
    return found


@dataclass(frozen=True)
class Receipt:
    """What the receiving side says of one report: which it means, its decision and why, who decided when."""

    region: str
    area: str
    year: int
    revision: int
    digest: str
    """sha256 of the package that was decided on."""
    decision: str
    reasons: tuple[str, ...]
    decided_on: str
    """Civil date, ISO."""
    receiver: str
    """Area code of the receiving body."""
    receiver_body: str

    def to_file(self, signer: Signer) -> bytes:
        """Return the signed file."""
        said = {**vars(self), "reasons": list(self.reasons)}
        signature = base64.b64encode(signer.sign(canonical_json(said).encode())).decode()
        return (
            canonical_json(
                {"xueshi": RECEIPT_FORMAT, "receipt": said, "key": signer.key_id, "signature": signature}
            )
            + "\n"
        ).encode()


@dataclass(frozen=True)
class SignedReceipt:
    """A receipt as it was read: not yet known to be true."""

    receipt: Receipt
    key_id: str
    signature: bytes
    said: bytes
    """What the signature is over."""


def read_receipt(body: bytes) -> SignedReceipt:
    """Read a receipt file. Raises InputError when it is none; whether it is true, its signature tells."""
    try:
        read: dict[str, Any] = json.loads(body)
        if read["xueshi"] != RECEIPT_FORMAT:
            raise ValueError(read["xueshi"])
        said = read["receipt"]
        receipt = Receipt(**{**said, "reasons": tuple(str(one) for one in said["reasons"])})
        if receipt.decision not in ("acknowledged", "rejected") or not isinstance(receipt.revision, int):
            raise ValueError(receipt.decision)
        signature = base64.b64decode(read["signature"], validate=True)
        return SignedReceipt(receipt, str(read["key"]), signature, canonical_json(said).encode())
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            "这不是回执文件，或文件不完整；请由上级用 xueshi report acknowledge 或 reject 重新出具"
        ) from error
