"""A workbook file before anything is read from it: is it one, is it safe, and what would be lost in reading.

The reader (calamine) lays a sheet out as a full rectangle and turns error values into blanks; so every file is first
inflated here, in small pieces and with a count, and its sheets are scanned for what a blank would hide.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from xueshi.errors import XueshiError
from xueshi.register.sheet_scan import PartReader, SheetScan, SheetScanner

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
"""First bytes of Microsoft's older container: a workbook of Excel 97–2003, or a newer one behind a password."""
ZIP = b"PK"
PIECE = 1 << 16
DENSEST = 300
"""How many times larger than its compressed form one part may be; long tables of like rows reach 60."""
SMALL_PART = 1 << 20
"""Bytes below which a part may be as dense as it likes: an almost empty sheet is."""
MEGABYTE = 1024 * 1024
INDEX, LINKS, TYPES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
INDEX_LIMIT = 8 * MEGABYTE
RESAVE = "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再导入"


class FileRefusedError(XueshiError):
    """Seen by whoever handed a file in: it is no workbook that can be read safely; `cause` says why, `repair` what to do."""

    def __init__(self, cause: str, repair: str) -> None:
        super().__init__(f"{cause}；{repair}")
        self.cause = cause
        self.repair = repair


@dataclass(frozen=True)
class Limits:
    """How large a workbook may be."""

    megabytes: int = 40
    """The file as it is handed in."""
    rows: int = 200_000
    """Filled rows of all sheets that are read."""
    unpacked_megabytes: int = 800
    """The same file inflated: what a zip bomb would fill the memory with."""
    problems: int = 10_000
    """Problems that are listed; further ones are counted."""


@dataclass
class WorkbookFile:
    """What a workbook holds: its sheets in order, which of them are hidden, and the scan of each."""

    sheets: dict[str, SheetScan] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    counts_from_1904: bool = False
    """Numbers of days count from 1904 (old Excel for Mac): a bare number is then no sure date."""

    def named(self, name: str) -> str | None:
        """Return the sheet of a name, blanks around it disregarded; None when there is none."""
        return next((own for own in self.sheets if own.strip() == name), None)


def examine(path: Path, limits: Limits) -> WorkbookFile:
    """Look through a whole file without trusting it. Raises FileRefusedError: what it is instead, and what to do.

    Memory stays within one piece of 64 KiB and what the scans note, whatever the file claims to be.
    """
    _size(path, limits)
    with path.open("rb") as file:
        first = file.read(4096)
    if first.startswith(OLE):
        raise _ole(path)
    if not first.startswith(ZIP):
        raise _no_archive(first)
    try:
        with ZipFile(path) as archive:
            _directory(archive, limits)
            return _look_through(archive, limits)
    except (BadZipFile, ZlibError, EOFError, OSError, NotImplementedError) as error:
        raise FileRefusedError(
            "文件不完整或已损坏（压缩包读不到结尾）", "请重新下载或重新复制原文件，能用 Excel 打开后再导入"
        ) from error
    except (ExpatError, ValueError) as error:
        raise FileRefusedError("工作簿的内容已损坏（XML 不完整）", RESAVE) from error


def _size(path: Path, limits: Limits) -> None:
    if not path.is_file():
        raise FileRefusedError("文件不存在", "请核对文件路径")
    size = path.stat().st_size
    if size == 0:
        raise FileRefusedError("文件是空的（0 字节）", "请重新保存或重新下载后再导入")
    if size > limits.megabytes * MEGABYTE:
        shown = -(-size // MEGABYTE)
        raise FileRefusedError(
            f"文件超过{limits.megabytes} MB（约 {shown} MB）", "请删去图片和多余的工作表，或按部门拆分"
        )


def _ole(path: Path) -> FileRefusedError:
    """Tell a workbook behind a password from one of Excel 97–2003: by the names in the container's directory."""
    body = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in body:
        return FileRefusedError(
            "文件设有打开密码，无法读取", "请在 Excel 中取消打开密码（文件—信息—保护工作簿）后再导入"
        )
    if any(name.encode("utf-16-le") in body for name in ("Workbook", "Book")):
        return FileRefusedError("是 Excel 97–2003 的旧格式（.xls）", RESAVE)
    return FileRefusedError("不是 Excel 工作簿（可能是 Word 97–2003 等旧格式文件）", RESAVE)


def _no_archive(first: bytes) -> FileRefusedError:
    cause = "不是可读的 Excel 工作簿"
    if first.startswith(b"%PDF"):
        return FileRefusedError(f"{cause}，而是 PDF 文件", "请导入原来的 .xlsx 文件")
    text = _as_text(first)
    if text is None:
        return FileRefusedError(cause, RESAVE)
    if re.match(r"\s*<(!doctype|html|table|\?xml)", text, re.IGNORECASE):
        return FileRefusedError(f"{cause}，而是改了扩展名的网页或 XML 文件", RESAVE)
    if any(sign in text for sign in (",", "\t", ";", "，")):
        return FileRefusedError(
            f"{cause}，而是改了扩展名的文本文件（CSV）", f"改扩展名不能转换格式；{RESAVE}"
        )
    return FileRefusedError(f"{cause}，而是文本文件", RESAVE)


def _as_text(first: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            # The piece may end within a character: its last bytes do not count.
            return first.decode(encoding) if len(first) < 4096 else first[:-4].decode(encoding, "ignore")
        except UnicodeDecodeError:
            continue
    return None


def _directory(archive: ZipFile, limits: Limits) -> None:
    """Refuse by what the archive says of itself, before a byte is inflated."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & 1 for entry in entries):
        raise FileRefusedError("压缩包设有密码，无法读取", "请取消密码后再导入")
    if any(
        name.endswith(("vbaProject.bin", "vbaProjectSignature.bin")) or "/macrosheets/" in name
        for name in names
    ):
        raise _macros()
    if INDEX not in names:
        raise _other_document(names)
    if len(set(names)) != len(names):
        raise FileRefusedError("压缩包中有同名的部分，内容不可信", RESAVE)
    for entry in entries:
        if entry.file_size > SMALL_PART and entry.file_size > DENSEST * max(entry.compress_size, 1):
            raise _bomb(f"“{entry.filename}”压缩了 {entry.file_size // max(entry.compress_size, 1)} 倍")
    total = sum(entry.file_size for entry in entries)
    if total > limits.unpacked_megabytes * MEGABYTE:
        raise _bomb(f"解开后有 {total // MEGABYTE} MB，上限 {limits.unpacked_megabytes} MB")


def _macros() -> FileRefusedError:
    return FileRefusedError(
        "工作簿带有宏",
        "宏可能夹带病毒，系统不接收；请另存为不带宏的“Excel 工作簿（.xlsx）”后再导入，填写的内容不受影响",
    )


def _other_document(names: list[str]) -> FileRefusedError:
    kinds = {
        "word/document.xml": "是 Word 文档，不是 Excel 工作簿",
        "ppt/presentation.xml": "是演示文稿，不是 Excel 工作簿",
        "xl/workbook.bin": "是二进制工作簿（.xlsb）",
        "content.xml": "是 OpenDocument 格式的文件",
    }
    found = next((kind for part, kind in kinds.items() if part in names), "是压缩包，不是 Excel 工作簿")
    return FileRefusedError(found, RESAVE)


def _bomb(how: str) -> FileRefusedError:
    return FileRefusedError(
        f"压缩包异常，解开后远大于文件本身（{how}）",
        "请删去图片和空白格式，另存后再导入；来历不明的文件请勿打开",
    )


def _look_through(archive: ZipFile, limits: Limits) -> WorkbookFile:
    found = WorkbookFile()
    parts = _parts_of_sheets(archive, found)
    types = b"".join(_inflate(archive, TYPES, INDEX_LIMIT)) if TYPES in archive.namelist() else b""
    if b"macroEnabled" in types:
        raise _macros()
    scans: dict[str, SheetScan] = {}
    left = limits.unpacked_megabytes * MEGABYTE
    for entry in archive.infolist():
        reader = _reader_of(entry, set(parts.values()))
        for piece in _inflate(archive, entry.filename, left):
            left -= len(piece)
            if reader is not None:
                reader.feed(piece)
        if reader is not None:
            scan = reader.close()
            if scan is not None:
                scans[entry.filename] = scan
    found.sheets = {name: scans.get(part, SheetScan()) for name, part in parts.items()}
    return found


def _reader_of(entry: ZipInfo, sheets: set[str]) -> PartReader | None:
    """Return what reads a part: a scanner for a sheet, a bare XML reader for the parts that calamine reads beside it."""
    if entry.filename in sheets:
        return SheetScanner()
    read = (
        entry.filename.startswith("xl/") and "/" not in entry.filename[3:] and entry.filename.endswith(".xml")
    )
    return PartReader() if read or entry.filename in (TYPES, LINKS) else None


def _inflate(archive: ZipFile, name: str, most: int) -> Iterator[bytes]:
    """Yield a part in pieces. Refuses once it is larger than it may be, or than the archive's directory says."""
    entry = archive.getinfo(name)
    open_ended = copy.copy(entry)
    # Reading would stop at the size that the directory claims; going on for two pieces shows whether the claim is true.
    open_ended.file_size = entry.file_size + 2 * PIECE
    taken = 0
    with archive.open(open_ended) as part:
        for piece in _pieces(part):
            taken += len(piece)
            if taken > entry.file_size:
                raise _bomb(f"“{name}”比目录所称的大")
            if taken > most:
                raise _bomb(f"“{name}”太大")
            yield piece


def _pieces(part: IO[bytes]) -> Iterator[bytes]:
    while piece := part.read(PIECE):
        yield piece


def _parts_of_sheets(archive: ZipFile, found: WorkbookFile) -> dict[str, str]:
    """Return sheet name → part, in the order of the book; notes which are hidden and how days are counted."""
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def index(name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            link = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            ids[attributes.get("name", "")] = link
            if attributes.get("state", "visible") != "visible":
                found.hidden.add(attributes.get("name", ""))
        elif name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            found.counts_from_1904 = True

    def links(name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    for part, take in ((INDEX, index), (LINKS, links)):
        if part in archive.namelist():
            reader = PartReader(take)
            for piece in _inflate(archive, part, INDEX_LIMIT):
                reader.feed(piece)
            reader.close()
    return {name: _part(targets[link]) for name, link in ids.items() if link in targets}


def _part(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
