"""Certificates for a mail server on loopback: a true one, and those that nobody should believe."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    """Files of a server's certificate and key."""

    cert: Path
    key: Path


class Authority:
    """Issues certificates; its own stands in `file`."""

    def __init__(self, folder: Path, name: str = "Office CA") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name = folder, _name(name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / "ca.pem"
        made = (
            _builder(self.name, self.name, self.key.public_key(), -DAY, 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self.file.write_bytes(made.public_bytes(Encoding.PEM))

    def issue(
        self, name: str, address: str = "127.0.0.1", since: dt.timedelta = -DAY, until: dt.timedelta = DAY
    ) -> Certificate:
        """Issue a server's certificate for an address, valid from and until so long from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            _builder(_name(name), self.name, key.public_key(), since, until)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        return self._files(name, made, key)

    def self_signed(self) -> Certificate:
        """Return the authority's own certificate, as a server without a proper one shows."""
        return self._files("self", x509.load_pem_x509_certificate(self.file.read_bytes()), self.key)

    def _files(self, name: str, made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Certificate:
        found = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        found.cert.write_bytes(made.public_bytes(Encoding.PEM))
        found.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return found


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    since: dt.timedelta,
    until: dt.timedelta,
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
    )
