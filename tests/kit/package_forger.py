"""Packages as somebody else might make them: files exchanged, added or left out, whatever the manifest says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping


def repacked(package: bytes, changed: Mapping[str, bytes | None]) -> bytes:
    """Return a package with some files exchanged (None: left out); signature and manifest stay unless they are named."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        contents: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    return zipped([(name, body) for name, body in {**contents, **changed}.items() if body is not None])


def zipped(contents: list[tuple[str, bytes]], *, compressed: bool = False) -> bytes:
    """Return a zip of any names and bytes."""
    stream = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, body in contents:
            archive.writestr(name, body)
    return stream.getvalue()
