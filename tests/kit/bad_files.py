"""Files that are no good workbooks, built for real: containers, archives and sheets with exactly one thing wrong."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

SECTOR = 512
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound_file(path: Path, streams: dict[str, bytes]) -> Path:
    """Write a compound file (MS-CFB, version 3) with streams of at least 4096 bytes each below the root."""
    bodies = {name: body.ljust(4096, b"\0") for name, body in streams.items()}
    entries = len(bodies) + 1
    directories = -(-entries // 4)
    chains: list[int] = [FAT_SECTOR]
    chains += [place + 2 for place in range(directories - 1)] + [END]
    starts = {}
    for name, body in bodies.items():
        starts[name] = len(chains)
        sectors = -(-len(body) // SECTOR)
        chains += [len(chains) + place + 1 for place in range(sectors - 1)] + [END]
    fat = struct.pack("<128I", *(chains + [FREE] * (128 - len(chains))))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16
    header += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, END, 0, END, 0, 0)
    header = header.ljust(SECTOR - 4 * 108, b"\0") + b"\xff" * 4 * 108
    directory = _entry("Root Entry", 5, END, 0, child=1)
    for place, (name, body) in enumerate(bodies.items(), start=1):
        right = place + 1 if place < len(bodies) else FREE
        directory += _entry(name, 2, starts[name], len(body), right=right)
    directory = directory.ljust(directories * SECTOR, b"\0")
    content = b"".join(body.ljust(-(-len(body) // SECTOR) * SECTOR, b"\0") for body in bodies.values())
    path.write_bytes(header + fat + directory + content)
    return path


def _entry(name: str, kind: int, start: int, size: int, right: int = FREE, child: int = FREE) -> bytes:
    text = name.encode("utf-16-le")
    body = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text) + 2, kind, 1, FREE, right, child)
    return body + b"\0" * 36 + struct.pack("<IQ", start, size)


def changed_archive(
    source: Path,
    target: Path,
    *,
    edit: dict[str, Callable[[bytes], bytes]] | None = None,
    add: dict[str, bytes] | None = None,
) -> Path:
    """Copy an archive with some of its parts edited and some added."""
    with ZipFile(source) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for entry in old.infolist():
            body = old.read(entry.filename)
            if edit is not None and entry.filename in edit:
                changed = edit[entry.filename](body)
                assert changed != body, f"nothing was edited in {entry.filename}"
                body = changed
            new.writestr(entry.filename, body)
        for name, body in (add or {}).items():
            new.writestr(name, body)
    return target


def lying_archive(source: Path, target: Path, part: str, more: int) -> Path:
    """Copy an archive in which one part inflates to `more` bytes than the directory and its own header say."""
    with ZipFile(source) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for entry in old.infolist():
            body = old.read(entry.filename)
            new.writestr(entry.filename, body + b" " * more if entry.filename == part else body)
        true = new.getinfo(part).file_size
        offset = new.getinfo(part).header_offset
    told = struct.pack("<I", true - more)
    raw = bytearray(target.read_bytes())
    raw[offset + 22 : offset + 26] = told
    central = raw.rindex(b"PK\x01\x02", 0, raw.rindex(part.encode()))
    raw[central + 24 : central + 28] = told
    target.write_bytes(raw)
    return target


def stored(path: Path, parts: dict[str, bytes]) -> Path:
    """Write an archive of the given parts."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(ZipInfo(name), body)
    return path
