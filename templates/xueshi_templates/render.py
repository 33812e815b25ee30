"""The only renderer: `render(template, data, format) -> bytes`.

A pure function of the template's closure, the data and the font set: it knows no database and no clock, and the
same three give the same bytes in any process.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from xueshi.documents.proofs import template_digest
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import (
    DocumentData,
    ExplainedYear,
    FigureList,
    Letter,
    PersonYear,
    UnitFiling,
    YearTable,
)
from xueshi.errors import RenderError
from xueshi_templates.fonts import FontSet, installed_fonts
from xueshi_templates.press import PREVIEW_PPI, Press, Sheet, subject_of
from xueshi_templates.workbook import table_workbook

RenderFormat = Literal["pdf", "png", "xlsx"]
_PRESSES_KEPT = 8
_DATA_TYPES = {
    "person_year": PersonYear,
    "unit_filing": UnitFiling,
    "year_table": YearTable,
    "letter": Letter,
    "explained_year": ExplainedYear,
}


@dataclass(frozen=True)
class Rendered:
    """One printed paper of a batch."""

    index: int
    """Place in the list handed in."""
    bytes: bytes
    sha256: str
    shrank: bool
    """Whether any text had to be set below 8 pt."""
    continued: bool
    """Whether it needed a continuation card."""
    pages: int


@dataclass(frozen=True)
class NotRendered:
    """A paper of a batch that could not be printed; the others are not affected."""

    index: int
    error: RenderError


def render(
    template: DocumentTemplate,
    data: DocumentData,
    format: RenderFormat,
    *,
    fonts: FontSet | None = None,
    lists: Sequence[FigureList] = (),
    preview: bool = False,
) -> bytes:
    """Print one paper: PDF/A-2b, a PNG of its first page, or a workbook (with `lists`: what stands behind its figures).

    `preview` marks every page 预览: what is looked at can not be taken for what was issued.

    The template must hold its closure (`complete_closure`). Raises RenderError naming whose paper it is, what
    cannot be set and what to do; ServiceMissingError when the fonts are not there.
    """
    _check(template, data, format)
    if format == "xlsx":
        return table_workbook(template, data, lists)
    return _press(template, fonts or installed_fonts()).sheet(data, format, preview=preview).bodies[0]


def render_pages(
    template: DocumentTemplate,
    data: DocumentData,
    *,
    fonts: FontSet | None = None,
    ppi: int = PREVIEW_PPI,
    preview: bool = False,
) -> tuple[bytes, ...]:
    """Return one PNG a page: the faithful picture of a paper, marked 预览 on each where asked."""
    _check(template, data, "png")
    return _press(template, fonts or installed_fonts()).sheet(data, "png", ppi=ppi, preview=preview).bodies


def render_many(
    template: DocumentTemplate,
    data: Iterable[DocumentData],
    format: RenderFormat = "pdf",
    *,
    fonts: FontSet | None = None,
) -> Iterator[Rendered | NotRendered]:
    """Print papers one by one, lazily and in order; one that fails gives its error and the rest go on."""
    press = None if format == "xlsx" else _press(template, fonts or installed_fonts())
    for index, item in enumerate(data):
        try:
            _check(template, item, format)
            if press is None or format == "xlsx":
                sheet = Sheet((table_workbook(template, item),), shrank=False, continued=False, pages=1)
            else:
                sheet = press.sheet(item, format)
        except RenderError as error:
            yield NotRendered(index, error)
            continue
        body = sheet.bodies[0]
        digest = hashlib.sha256(body).hexdigest()
        yield Rendered(index, body, digest, sheet.shrank, sheet.continued, sheet.pages)


def preflight(
    template: DocumentTemplate, data: Iterable[DocumentData], *, fonts: FontSet | None = None
) -> tuple[NotRendered, ...]:
    """Say before a batch which papers cannot be printed for want of a character; prints nothing."""
    press = _press(template, fonts or installed_fonts())
    refused: list[NotRendered] = []
    for index, item in enumerate(data):
        try:
            press.refuse_missing_characters(item)
        except RenderError as error:
            refused.append(NotRendered(index, error))
    return tuple(refused)


_presses: OrderedDict[tuple[str, str], Press] = OrderedDict()
_presses_lock = threading.Lock()


def _press(template: DocumentTemplate, fonts: FontSet) -> Press:
    """Return the press of a template and font set; a few are kept, since loading one costs more than a paper."""
    key = (template_digest(template), fonts.digest)
    with _presses_lock:
        press = _presses.get(key)
        if press is None:
            press = _presses[key] = Press(template, fonts)
        _presses.move_to_end(key)
        while len(_presses) > _PRESSES_KEPT:
            _presses.popitem(last=False)
        return press


def _check(template: DocumentTemplate, data: DocumentData, format: RenderFormat) -> None:
    expected = _DATA_TYPES[template.data]
    if not isinstance(data, expected):
        raise RenderError(
            f"《{template.title}》（{template.id}）需要 {template.data} 数据，得到的是 {type(data).__name__}"
            f"（{subject_of(data)}）。请检查调用处选用的表格。"
        )
    if format == "xlsx" and not isinstance(data, YearTable):
        raise RenderError(f"《{template.title}》不是统计表，不能生成 xlsx。请改用 pdf。")
    if format != "xlsx" and not template.template:
        raise RenderError(f"《{template.title}》没有排版模板，只能生成 {template.format}。")
