"""The two forms of the yearly verification, as an officer holds them against the printed ones."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageChops

from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, StudyEntry, UnitFiling
from xueshi_templates.fonts import FontSet
from xueshi_templates.render import render, render_pages

PICTURES = Path(__file__).parent / "pictures"
MIXED = [("senior", "met"), ("senior", "not_met"), *[("intermediate", "met")] * 3, ("junior", "not_met")]

CARD_LABELS = [
    "重庆市专业技术人员继续教育登记卡",
    "（2021年度）",
    "工作单位（盖章）：",
    "姓名",
    "性别",
    "出生年月",
    "政治面貌",
    "照片",
    "工作岗位",
    "职称",
    "起迄时间",
    "学习内容",
    "学习方式",
    "学时",
    "学习成绩",
    "审验登记",
    "同志完成规定的继续教育学时。",
    "说明：此卡存入专业技术人员本人的业务档案。专业技术人员申报评定上一级职称资格或申请职（执）业资格延续注册时，需提供此卡复印件。",
]

Person = Callable[..., PersonYear]
Paper = Callable[[str], DocumentTemplate]
Filing = Callable[..., UnitFiling]


def page_texts(pdf: bytes) -> list[str]:
    """The text of each page without any white space: labels are spaced and broken to fill their cells."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [re.sub(r"\s+", "", page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def rules_of(pdf: bytes) -> str:
    return "\n".join(page_texts(pdf))


def test_the_card_has_every_field_of_the_official_form(paper: Paper, person: Person, fonts: FontSet) -> None:
    (text,) = page_texts(render(paper("registration-card"), person(), "pdf", fonts=fonts))
    assert [label for label in CARD_LABELS if label not in text] == []


def test_the_card_shows_what_the_person_studied(paper: Paper, person: Person, fonts: FontSet) -> None:
    (text,) = page_texts(render(paper("registration-card"), person(), "pdf", fonts=fonts))
    for shown in (
        "曹敏英",
        "女",
        "1969.06",
        "群众",
        "水工结构设计",
        "高级工程师",
        "涪陵区水利工程勘测设计院",
    ):
        assert shown in text
    assert "2021.02.07—02.09" in text
    assert "公需科目：成渝地区双城经济圈建设与高质量发展专题培训远程培训9.6优秀" in text
    assert "证书号ZS20210304" in text


def test_party_membership_of_the_sample_form_is_never_a_default(
    paper: Paper, person: Person, fonts: FontSet
) -> None:
    card = paper("registration-card")
    assert "中共党员" not in rules_of(render(card, person(political_status=""), "pdf", fonts=fonts))
    assert "中共党员" in rules_of(render(card, person(political_status="中共党员"), "pdf", fonts=fonts))


def test_the_conclusion_is_filled_only_for_who_met_the_requirement(
    paper: Paper, person: Person, fonts: FontSet
) -> None:
    card = paper("registration-card")
    met = rules_of(render(card, person(), "pdf", fonts=fonts))
    assert "曹敏英同志完成规定的继续教育学时。" in met
    assert "2021年11月26日" in met
    for verdict in ("not_met", "needs_fact", "not_judged"):
        text = rules_of(render(card, person(verdict=verdict), "pdf", fonts=fonts))
        assert "曹敏英同志" not in text
        assert "同志完成规定的继续教育学时。" in text
        assert "年月日" in text


def test_the_twelfth_entry_needs_a_continuation_card(
    paper: Paper, person: Person, study: Callable[..., StudyEntry], fonts: FontSet
) -> None:
    card = paper("registration-card")
    entries = tuple(study(content=f"课程{number:02d}号") for number in range(1, 26))
    one = page_texts(render(card, person(entries=entries[:11]), "pdf", fonts=fonts))
    three = page_texts(render(card, person(entries=entries), "pdf", fonts=fonts))
    assert [page.count("课程") for page in one] == [11]
    assert [page.count("课程") for page in three] == [11, 11, 3]
    assert [label for page in three for label in CARD_LABELS[:-2] if label not in page] == []
    assert "续卡（第2张，共3张）" in three[1]
    assert ["曹敏英同志完成" in page for page in three] == [False, False, True]


def test_the_longest_names_and_courses_lose_no_character(
    paper: Paper, person: Person, study: Callable[..., StudyEntry], fonts: FontSet
) -> None:
    course = "关于" + "新时代专业技术人员继续教育" * 5 + "专题研修班"
    course = course.ljust(74, "第")
    name = "阿卜杜热合曼·买买提依明江"
    assert (len(course), len(name)) == (74, 13)
    for rows in (11, 25):
        entries = tuple(study(content=course) for _ in range(rows))
        pages = page_texts(
            render(paper("registration-card"), person(name=name, entries=entries), "pdf", fonts=fonts)
        )
        assert len(pages) == -(-rows // 11)
        assert sum(page.count(course) for page in pages) == rows
        assert all(name in page for page in pages)


def test_a_text_too_long_for_its_row_runs_on_in_the_next(
    paper: Paper, person: Person, study: Callable[..., StudyEntry], fonts: FontSet
) -> None:
    long = "长" * 400
    (text,) = page_texts(
        render(
            paper("registration-card"),
            person(entries=(study(content=long), study(content="末项"))),
            "pdf",
            fonts=fonts,
        )
    )
    assert text.count("长") == 400
    assert text.index("长") < text.index("末项")


def test_the_application_has_every_field_of_the_official_form(
    paper: Paper, filing: Filing, fonts: FontSet
) -> None:
    (text,) = page_texts(render(paper("verification-application"), filing(MIXED), "pdf", fonts=fonts))
    # A cell over two rows comes after its neighbours in the text of a page: it is looked for by itself.
    assert text.count("申报审验人数（人）") == 1
    assert text.replace("申报审验人数", "").count("审验人数") == 1
    in_order = [
        "继续教育验证申报表", "申报单位（盖章）：", "填表时间：2021年10月28日", "其中", "高级（人）", "中级（人）", "初级（人）",
        "说明：", "审验结果", "其中", "高级", "中级", "初级", *["完成（人）", "未完成（人）"] * 4,
        "审验时间：2021年11月26日（章）",
    ]  # fmt: skip
    place = 0
    for label in in_order:
        found = text.find(label, place)
        assert found >= 0, f"{label} is missing after {text[:place][-20:]!r}"
        place = found + len(label)


def test_the_application_counts_people_as_the_golden_case_does(
    paper: Paper, filing: Filing, fonts: FontSet
) -> None:
    data = filing(MIXED)
    (text,) = page_texts(render(paper("verification-application"), data, "pdf", fonts=fonts))
    assert "初级（人）6231说明" in text
    assert "未完成（人）42113001审验时间" in text


def test_people_without_a_verdict_stand_in_neither_column_and_the_remark_names_them(
    paper: Paper, filing: Filing, fonts: FontSet
) -> None:
    data = filing([*MIXED, ("senior", "needs_fact"), ("junior", "not_judged"), ("junior", "not_judged")])
    (text,) = page_texts(render(paper("verification-application"), data, "pdf", fonts=fonts))
    assert "初级（人）9333说明" in text
    assert "未完成（人）42113001审验时间" in text
    assert "另有3人（1人待补充认定所需材料，2人未作审验结论）未计入完成、未完成人数。" in text


def test_results_stay_blank_until_somebody_was_judged(paper: Paper, filing: Filing, fonts: FontSet) -> None:
    data = filing([("senior", None), ("junior", None)], verified_on=None)
    (text,) = page_texts(render(paper("verification-application"), data, "pdf", fonts=fonts))
    assert "初级（人）2101说明" in text
    assert "未完成（人）审验时间：年月日（章）" in text


def test_papers_of_a_demo_folder_are_marked(
    paper: Paper, person: Person, filing: Filing, fonts: FontSet
) -> None:
    card, application = paper("registration-card"), paper("verification-application")
    assert "示例" in rules_of(render(card, person(sample=True), "pdf", fonts=fonts))
    assert "示例" in rules_of(render(application, filing(MIXED, sample=True), "pdf", fonts=fonts))
    assert "示例" not in rules_of(render(card, person(), "pdf", fonts=fonts))


def test_a_photo_takes_the_place_of_its_label(paper: Paper, person: Person, fonts: FontSet) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (50, 70), "steelblue").save(stream, "JPEG")
    pdf = render(paper("registration-card"), person(photo=stream.getvalue()), "pdf", fonts=fonts)
    assert "照片" not in rules_of(pdf)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert len(document.pages[0].get_images()) == 1


@pytest.mark.parametrize("name", ["registration-card", "verification-application"])
def test_files_claim_pdf_a_2b_and_embed_their_fonts(
    name: str, paper: Paper, person: Person, filing: Filing, fonts: FontSet
) -> None:
    data = person() if name == "registration-card" else filing(MIXED)
    with pikepdf.open(io.BytesIO(render(paper(name), data, "pdf", fonts=fonts))) as document:
        metadata = document.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")
        used = document.pages[0].Resources.Font
        assert used
        for font in used.values():
            assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor or (
                "/FontFile3" in font.DescendantFonts[0].FontDescriptor
            )


@pytest.mark.parametrize("name", ["registration-card", "verification-application"])
def test_the_page_looks_as_it_did(
    name: str, paper: Paper, person: Person, filing: Filing, fonts: FontSet
) -> None:
    """Compares a small picture of the page; `XUESHI_PICTURES=write` stores a new one after a look at it."""
    data = person() if name == "registration-card" else filing(MIXED)
    other = person(entries=()) if name == "registration-card" else filing([], verified_on=None)
    picture, changed = (small(render_pages(paper(name), shown, fonts=fonts)[0]) for shown in (data, other))
    stored = PICTURES / f"{name}.png"
    if os.environ.get("XUESHI_PICTURES") == "write":
        picture.save(stored, optimize=True)
    with Image.open(stored) as before:
        assert difference(picture, before) < 5
        assert difference(changed, before) > 5


def small(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("L").resize((331, 468))


def difference(one: Image.Image, other: Image.Image) -> float:
    """The greatest mean difference of grey in any square of about 8 pixels, in percent of full scale."""
    apart = ImageChops.difference(one, other.convert("L")).resize((41, 58), Image.Resampling.BOX)
    return apart.getextrema()[1] / 2.55
