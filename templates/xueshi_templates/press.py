"""The press: one template closure made ready to print many papers.

Pure in effect: what comes out depends on the closure, the data and the font set. It writes only into a temporary
folder of its own (look files, photos), which is the only folder that Typst may read.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import typst

from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import DocumentData, ExplainedYear, PersonYear, UnitFiling, YearTable
from xueshi.errors import RenderError
from xueshi_templates.fonts import FontSet
from xueshi_templates.literals import text_literal
from xueshi_templates.sandbox import template_environment
from xueshi_templates.typesetting import SetKey, SetText, Typesetter
from xueshi_templates.words import TemplateWords

SAMPLE_MARK = "示例（演示数据，非正式文件）"
PREVIEW_PPI = 110
PREVIEW_MARK = "预览（未出具，不作凭证）"
WATERMARK = """\
#set page(foreground: rotate(-35deg, text(
  font: %s, fallback: false, size: 150pt, weight: "bold", fill: rgb(190, 30, 30, 46), [预览],
)))
"""
"""Set before the first word of a paper that is only looked at; a look that sets a page keeps what lies over it."""
TEXTS_KEPT = 20_000
_PHOTO_KINDS = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
_PDF_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


@dataclass(frozen=True)
class Sheet:
    """What the press gives for one paper: the file (or one picture a page) and what the typesetter noted."""

    bodies: tuple[bytes, ...]
    shrank: bool
    continued: bool
    pages: int


class Press:
    """One closure, one font set: loads both once. Safe to share between threads: it prints one paper at a time."""

    def __init__(self, template: DocumentTemplate, fonts: FontSet) -> None:
        self.template = template
        self.fonts = fonts
        self._lock = threading.Lock()
        self._known: dict[SetKey, SetText] = {}
        self._root = Path(tempfile.mkdtemp(prefix="xueshi-press-"))
        weakref.finalize(self, shutil.rmtree, self._root, ignore_errors=True)
        for name, text in template.closure.items():
            if name.endswith(".typ"):
                path = self._root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        self._environment = template_environment(template.closure)
        # An empty package folder: a template has nothing to fetch and nothing of the machine to read.
        packages = self._root / "packages"
        packages.mkdir()
        self._compiler = typst.Compiler(
            root=str(self._root),
            font_paths=fonts.typst_fonts,
            ignore_system_fonts=True,
            package_path=str(packages),
            package_cache_path=str(packages),
        )

    def sheet(
        self,
        data: DocumentData,
        output: Literal["pdf", "png"],
        *,
        ppi: int = PREVIEW_PPI,
        preview: bool = False,
    ) -> Sheet:
        """Set one paper, marked 预览 on every page where it is only looked at.

        Raises RenderError that names whose paper it is and the cause.
        """
        with self._lock:
            self.refuse_missing_characters(data)
            if len(self._known) > TEXTS_KEPT:
                self._known.clear()
            setter = Typesetter(self.fonts, self._known)
            words = TemplateWords(setter)
            photo = self._place_photo(data)
            try:
                source = self._source(data, words, photo, preview)
                compiled = self._compiler.compile(
                    input=source.encode(),
                    format=output,
                    ppi=float(ppi),
                    pdf_standards=["a-2b"] if output == "pdf" else [],
                    timestamp=_timestamp(data),
                    pdf_tags=False,
                )
            except typst.TypstError as error:
                cure = "如有照片，请换用完好的 JPEG 或 PNG 照片后重试；否则请联系模板的维护者。"
                raise self._error(data, f"排版失败：{error.message}", cure, bare="排版失败") from error
            finally:
                if photo:
                    (self._root / photo).unlink(missing_ok=True)
        bodies = tuple(compiled) if isinstance(compiled, list) else (compiled or b"",)
        pages = len(bodies) if output == "png" else len(_PDF_PAGE.findall(bodies[0]))
        return Sheet(bodies, setter.shrank, words.continued, pages)

    def _source(self, data: DocumentData, words: TemplateWords, photo: str, preview: bool) -> str:
        """Return the Typst source of one paper."""
        faces = {role: self.fonts.chain(role)[0] for role in ("song", "hei", "fill", "head")}
        try:
            text = self._environment.get_template(self.template.template).render(
                data=data,
                fields=self.template.fields,
                paper={"id": self.template.id, "title": self.template.title, "clause": self.template.clause},
                faces=faces,
                photo=f"/{photo}",
                sample_mark=_mark(data, preview),
                **words.names(),
            )
        except Exception as error:
            # A bureau's template may fail in any way that Python can; whatever it is, it is the template's fault.
            bare = f"模板有误（{type(error).__name__}）"
            raise self._error(data, f"模板有误：{error}", "请联系模板的维护者改正。", bare=bare) from error
        return (WATERMARK % text_literal(faces["hei"]) if preview else "") + text

    def refuse_missing_characters(self, data: DocumentData) -> None:
        """Raise RenderError naming the paper's subject and each character that no font has."""
        for text in _texts(data):
            missing = self.fonts.missing(text)
            if missing:
                signs = "、".join(f"“{sign}”（U+{ord(sign):04X}）" for sign in missing)
                raise self._error(
                    data,
                    f"“{text[:40]}”中的字符 {signs} 在现有字体中没有字形",
                    "请核对该字是否录入有误（如私用区编码）；确为生僻字的，请把含该字的字体放入 XUESHI_FONTS 指向的文件夹。",
                    bare=f"字符 {'、'.join(f'U+{ord(sign):04X}' for sign in missing)} 在现有字体中没有字形",
                )

    def _place_photo(self, data: DocumentData) -> str:
        photo = data.photo if isinstance(data, PersonYear) else None
        if not photo:
            return ""
        kind = next((kind for start, kind in _PHOTO_KINDS.items() if photo.startswith(start)), None)
        if kind is None:
            raise self._error(data, "照片不是 JPEG 或 PNG 文件", "请换用 JPEG 或 PNG 照片后重试。")
        name = f"photo-{hashlib.sha256(photo).hexdigest()[:16]}.{kind}"
        (self._root / name).write_bytes(photo)
        return name

    def _error(self, data: DocumentData, cause: str, cure: str, *, bare: str = "") -> RenderError:
        """Say whose paper it is, the cause and the cure; `bare` is the cause where its words quote the paper."""
        return RenderError(
            f"《{self.template.title}》无法打印：{subject_of(data)}：{cause}。{cure}",
            f"{bare or cause}。{cure}",
        )


def subject_of(data: DocumentData) -> str:
    """Return whose paper it is, for messages: person with unit, unit, body or addressee."""
    if isinstance(data, PersonYear):
        return f"{data.name}（{data.unit}）"
    if isinstance(data, UnitFiling):
        return data.unit
    if isinstance(data, YearTable):
        return data.reporting_body
    if isinstance(data, ExplainedYear):
        return f"{data.person}（{data.unit}）"
    return data.addressee


def paper_date(data: DocumentData) -> date:
    """Return the date that a paper's file bears: of verification, filing, making or signing; never today's."""
    if isinstance(data, YearTable | ExplainedYear):
        return data.made_on
    if isinstance(data, PersonYear):
        return data.verified_on or date(data.year, 12, 31)
    if isinstance(data, UnitFiling):
        return data.verified_on or data.filed_on or date(data.year, 12, 31)
    return data.signed_on


def _timestamp(data: DocumentData) -> datetime:
    day = paper_date(data)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _texts(data: DocumentData) -> list[str]:
    """Return every text that the data may put on the page."""
    found: list[str] = []
    waiting: list[object] = [vars(data)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        elif hasattr(value, "__dataclass_fields__"):
            waiting.append(vars(value))
    return found


def _mark(data: DocumentData, preview: bool = False) -> str | None:
    """Return what stands above a paper that is no ordinary one: a preview, a sample's, a correction's with what it replaces."""
    corrects = getattr(data, "corrects", "")
    marks = [
        PREVIEW_MARK if preview else "",
        f"更正（代替 {corrects} 号）" if corrects else "",
        SAMPLE_MARK if data.sample else "",
    ]
    return "　".join(mark for mark in marks if mark) or None
