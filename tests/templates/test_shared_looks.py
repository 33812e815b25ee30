"""The shared letter and the looks that a region's own templates build on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pypdfium2
import pytest

from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import Letter, PersonYear
from xueshi.jurisdictions import YearSpan
from xueshi_templates.closure import complete_closure
from xueshi_templates.fonts import FontSet
from xueshi_templates.render import render

LETTER = complete_closure(
    DocumentTemplate("return", "退回通知", "", "letter", YearSpan(2007), "pdf", "shared/forms/letter.typ.j2")
)


def pages_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [re.sub(r"\s+", "", page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def letter(paragraphs: int) -> Letter:
    return Letter(
        region="r",
        area_name="某区",
        number="某人社退〔2021〕12号",
        title="关于退回2021年度专业技术人员继续教育验证申报材料的通知",
        addressee="某区水利工程勘测设计院",
        paragraphs=tuple(
            f"第{number}项：短期培训证明未加盖单位公章，请补盖后重新报送。" for number in range(paragraphs)
        ),
        signed_by="某区人事考试培训中心",
        signed_on=date(2021, 11, 8),
    )


def test_a_letter_has_head_number_addressee_items_signature_and_date(fonts: FontSet) -> None:
    (text,) = pages_of(render(LETTER, letter(2), "pdf", fonts=fonts))
    in_order = [
        "某区人事考试培训中心", "某人社退〔2021〕12号", "关于退回2021年度专业技术人员", "某区水利工程勘测设计院：",
        "第0项：短期培训证明未加盖单位公章", "第1项", "某区人事考试培训中心2021年11月8日", "—1—",
    ]  # fmt: skip
    places = [text.find(part) for part in in_order]
    assert -1 not in places
    assert text.rfind("某区人事考试培训中心") > text.find("第1项")


@pytest.mark.parametrize("paragraphs", range(4, 16))
def test_the_signature_never_stands_alone_on_a_page(paragraphs: int, fonts: FontSet) -> None:
    last = pages_of(render(LETTER, letter(paragraphs), "pdf", fonts=fonts))[-1]
    assert "2021年11月8日" in last
    assert "请补盖后重新报送" in last


def test_a_region_can_build_a_certificate_on_the_shared_look(
    person: Callable[..., PersonYear], fonts: FontSet
) -> None:
    text = (
        '#import "/shared/look/certificate.typ": *\n'
        "#show: certificate.with(title: << paper.title >>, faces: << faces >>, sample: << sample_mark >>)\n"
        "#blank(90pt, << fit(data.name, 85, 20, size=180) >>)#<< fields.sentence >>"
    )
    own = DocumentTemplate(
        "certificate", "继续教育合格证书", "", "person_year", YearSpan(2007), "pdf", "own.typ.j2",
        {"sentence": "同志：经审验合格，特发此证。"}, {"own.typ.j2": text},
    )  # fmt: skip
    pages = pages_of(render(complete_closure(own), person(sample=True), "pdf", fonts=fonts))
    assert len(pages) == 1
    for part in ("继续教育合格证书", "曹敏英同志：经审验合格，特发此证。", "示例"):
        assert part in pages[0]
