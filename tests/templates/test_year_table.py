"""The yearly statistics table, as a workbook and as a page for signature."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

import openpyxl
import pypdfium2
import pytest

from xueshi.documents.statistics import PersonStudy, table_columns, table_groups, year_table
from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import PersonYear, YearTable
from xueshi.errors import RenderError
from xueshi_templates.fonts import FontSet
from xueshi_templates.render import render

Paper = Callable[[str], DocumentTemplate]


@pytest.fixture
def table(paper: Paper) -> YearTable:
    template = paper("yearly-statistics")
    people = [
        PersonStudy("senior", "met", {"public": 2000, "professional": 6960}, {"training": 2}),
        PersonStudy("senior", None),
        PersonStudy("junior", "not_met", {"elective": 800}, {"distance": 1}),
    ]
    return year_table(
        people,
        columns=table_columns(template),
        groups=table_groups(template),
        region="chongqing",
        area="500102",
        area_name="涪陵区",
        year=2021,
        title="2021年度专业技术人员继续教育年度统计表",
        period_start=date(2020, 11, 1),
        period_end=date(2021, 10, 31),
        reporting_body="重庆市涪陵区人力资源和社会保障局",
        made_on=date(2021, 12, 20),
        notes=("未申报单位1个。",),
        clause=template.clause,
    )


def cells(body: bytes, sheet: str) -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(body))
    return [[cell for cell in row if cell is not None] for row in book[sheet].iter_rows(values_only=True)]


def test_the_workbook_has_head_columns_rows_notes_and_definitions(paper: Paper, table: YearTable) -> None:
    body = render(paper("yearly-statistics"), table, "xlsx")
    rows = cells(body, "统计表")
    assert rows[0] == ["2021年度专业技术人员继续教育年度统计表"]
    assert rows[1] == ["填报单位（盖章）：重庆市涪陵区人力资源和社会保障局", "填报日期：2021年12月20日"]
    assert rows[2] == ["统计起止时间：2020年11月1日至2021年10月31日", "单位：人、人次、学时、%"]
    assert rows[3][:4] == ["职称级别", "专业技术人员数（人）", "参加继续教育人数（人）", "参加学习比率（%）"]
    assert [row[0] for row in rows[4:9]] == ["高级", "中级", "初级", "未定级", "合计"]
    assert rows[4][:10] == ["高级", 2, 1, 50, 1, 20, 1, 69.6, 0, 0]
    assert rows[5][:4] == ["中级", 0, 0, "—"]
    assert rows[8][:4] == ["合计", 3, 2, 66.67]
    assert rows[9] == ["未申报单位1个。"]
    assert rows[10] == ["依据：渝人发〔2007〕170号第十一条、第十二条，附件3"]
    defined = cells(body, "指标说明")
    assert defined[0] == ["指标", "单位", "说明"]
    assert [row[0] for row in defined[1:]] == [column.label for column in table.columns]
    assert all(row[2] for row in defined[1:])


def test_the_workbook_is_the_same_bytes_each_time(
    paper: Paper, table: YearTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = render(paper("yearly-statistics"), table, "xlsx")
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    assert render(paper("yearly-statistics"), table, "xlsx") == first


def test_a_text_that_looks_like_a_formula_stays_text(paper: Paper, table: YearTable) -> None:
    template = paper("yearly-statistics")
    harmful = YearTable(**{**vars(table), "reporting_body": "局", "notes": ('=HYPERLINK("x")',)})
    book = openpyxl.load_workbook(io.BytesIO(render(template, harmful, "xlsx")))
    found = [cell for row in book["统计表"].iter_rows() for cell in row if cell.value == '=HYPERLINK("x")']
    assert [cell.data_type for cell in found] == ["s"]


def test_the_page_shows_the_same_figures(paper: Paper, table: YearTable, fonts: FontSet) -> None:
    document = pypdfium2.PdfDocument(render(paper("yearly-statistics"), table, "pdf", fonts=fonts))
    text = re.sub(r"\s+", "", document[0].get_textpage().get_text_range())
    document.close()
    for shown in (
        "专业技术人员数",
        "参加学习比率",
        "统计起止时间：2020年11月1日至2021年10月31日",
        "未申报单位1个。",
    ):
        assert shown in text
    assert "高级2150.00120169.600" in text
    assert "合计3266.67" in text


def test_a_person_is_no_workbook(paper: Paper, person: Callable[..., PersonYear]) -> None:
    with pytest.raises(RenderError, match="不能生成 xlsx"):
        render(paper("registration-card"), person(), "xlsx")
