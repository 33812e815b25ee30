"""The package as a file: a zip with fixed times (the same contents give the same bytes), read with suspicion. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from xueshi.errors import InputError
from xueshi.reports.manifest import Manifest, ReportHead, manifest_bytes, read_manifest
from xueshi.reports.signing import Signer

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
PACKAGE_LIMIT = 64 * 1024 * 1024
FILE_LIMIT = 32 * 1024 * 1024
FILES_LIMIT = 200
"""Bytes of a package and of one file in it, and how many files: far above a province's yearly report."""
_MOMENT = (1980, 1, 1, 0, 0, 0)
_PATH = re.compile(r"^(?:data|tables)/[A-Za-z0-9][A-Za-z0-9._-]{0,120}$")


@dataclass(frozen=True)
class Package:
    """A package as it was read: hashes hold, the signature is not yet known to be true."""

    manifest: Manifest
    manifest_body: bytes
    signature: bytes
    files: Mapping[str, bytes]
    digest: str
    """sha256 of the whole file."""

    @property
    def head(self) -> ReportHead:
        """What it reports."""
        return self.manifest.head


def write_package(head: ReportHead, files: Mapping[str, bytes], signer: Signer) -> bytes:
    """Return the signed package of some files; nothing in it depends on the clock or the machine."""
    for path in files:
        if not _PATH.match(path):
            raise ValueError(f"a package has no place for {path!r}")
    listed = manifest_bytes(head, files)
    contents = {
        MANIFEST: listed,
        SIGNATURE: base64.b64encode(signer.sign(listed)) + b"\n",
        **dict(sorted(files.items())),
    }
    stream = io.BytesIO()
    # Stored, not deflated: another version of the compressor would give other bytes.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for path, body in contents.items():
            entry = zipfile.ZipInfo(path, _MOMENT)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, body)
    return stream.getvalue()


def read_package(body: bytes) -> Package:
    """Read a package: limits first, then paths, then hashes. Raises InputError that says what is wrong with which file."""
    if len(body) > PACKAGE_LIMIT:
        raise InputError(f"报送包超过 {PACKAGE_LIMIT // 1024 // 1024} MB；请核对是不是报送包")
    try:
        contents = _contents(body)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise InputError("文件不是完整的报送包（无法解开）；请核对文件，或由报送单位重新传送") from error
    listed, signed = contents.pop(MANIFEST, None), contents.pop(SIGNATURE, None)
    if listed is None or signed is None:
        raise InputError(f"报送包缺少 {MANIFEST} 或 {SIGNATURE}；请由报送单位重新编制")
    manifest = read_manifest(listed)
    _compare(manifest, contents)
    try:
        signature = base64.b64decode(signed.strip(), validate=True)
    except binascii.Error as error:
        raise InputError(f"报送包的签名（{SIGNATURE}）无法读取；文件可能已损坏，请重新传送") from error
    return Package(manifest, listed, signature, contents, hashlib.sha256(body).hexdigest())


def _contents(body: bytes) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        entries = archive.infolist()
        if len(entries) > FILES_LIMIT:
            raise InputError(f"报送包内有 {len(entries)} 个文件，超过 {FILES_LIMIT} 个；请核对是不是报送包")
        room = PACKAGE_LIMIT
        for entry in entries:
            path = entry.filename
            if path not in (MANIFEST, SIGNATURE) and not _PATH.match(path):
                raise InputError(f"报送包内有不允许的文件 {path!r}；请由报送单位重新编制")
            if path in contents:
                raise InputError(f"报送包内有两个 {path}；请由报送单位重新编制")
            # What an entry says of its size is not believed: one byte more than allowed is asked for.
            limit = min(FILE_LIMIT, room)
            with archive.open(entry) as file:
                read = file.read(limit + 1)
            if len(read) > limit:
                raise InputError(f"报送包内的 {path} 过大；请核对是不是报送包")
            room -= len(read)
            contents[path] = read
    return contents


def _compare(manifest: Manifest, contents: Mapping[str, bytes]) -> None:
    """Refuse a package whose files are not exactly the listed ones, bit by bit."""
    missing = sorted(manifest.files.keys() - contents.keys())
    surplus = sorted(contents.keys() - manifest.files.keys())
    changed = sorted(
        path
        for path in manifest.files.keys() & contents.keys()
        if manifest.files[path] != (hashlib.sha256(contents[path]).hexdigest(), len(contents[path]))
    )
    faults = [
        f"{word}：{'、'.join(paths)}"
        for word, paths in (("缺少文件", missing), ("清单之外的文件", surplus), ("与清单不符的文件", changed))
        if paths
    ]
    if faults:
        raise InputError(
            f"报送包与清单不符（{'；'.join(faults)}）；文件可能被改动或损坏，请由报送单位重新传送"
        )
