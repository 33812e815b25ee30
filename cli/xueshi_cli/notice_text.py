"""The text of a published notice from a file: plain text or Word, one paragraph a line."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

from xueshi.errors import InputError

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LARGEST = 20_000_000
"""Bytes of a text; a notice has some ten thousand."""


def notice_text(path: Path) -> str:
    """Return the text of a .txt or .docx file. Raises InputError saying what is wrong with the file and what to do."""
    if not path.is_file():
        raise InputError(f"{path}：没有这个文件。请检查路径")
    text = _word(path) if path.suffix.lower() == ".docx" else _plain(path)
    if not text.strip():
        raise InputError(f"{path}：没有文字（可能是扫描件）。请先取得文字版，另存为 .txt 或 .docx")
    return text


def _plain(path: Path) -> str:
    if path.suffix.lower() not in (".txt", ".md", ""):
        raise InputError(f"{path}：只能读 .txt 和 .docx。请在文字处理软件中另存为其中一种")
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path}：文件过大（{path.stat().st_size}字节）。请只留通知正文")
    body = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path}：不是 UTF-8 或 GB18030 文本。请另存为 UTF-8")


def _word(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo("word/document.xml")
            if entry.file_size > LARGEST:
                raise InputError(f"{path}：正文过大（{entry.file_size}字节）。请只留通知正文")
            body = archive.read(entry)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise InputError(
            f"{path}：不是可读的 Word 文档（.docx），或已损坏。请重新另存为 .docx 或 .txt"
        ) from error
    if b"<!DOCTYPE" in body[:1000]:  # Word writes none; entities could be made to grow without end
        raise InputError(f"{path}：不是可读的 Word 文档（含 DOCTYPE）。请重新另存为 .docx 或 .txt")
    try:
        tree = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise InputError(f"{path}：Word 正文损坏，读不下去。请重新另存为 .docx 或 .txt") from error
    paragraphs = list(tree.iter(f"{_WORD}p"))
    counted = sum(1 for paragraph in paragraphs if paragraph.find(f"{_WORD}pPr/{_WORD}numPr") is not None)
    if counted:
        raise InputError(
            f"{path}：有{counted}段用了自动编号，编号不在文字里。请全选复制为纯文本（.txt），核对编号后再用"
        )
    return "\n".join(_paragraph(paragraph) for paragraph in paragraphs)


def _paragraph(paragraph: ElementTree.Element) -> str:
    said = []
    for part in paragraph.iter():
        if part.tag == f"{_WORD}t":
            said.append(part.text or "")
        elif part.tag in (f"{_WORD}br", f"{_WORD}cr"):
            said.append("\n")
        elif part.tag == f"{_WORD}tab":
            said.append(" ")
    return "".join(said)
