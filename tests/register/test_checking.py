"""Every mistake that units make in a workbook gets its own message: where, why, what to do."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from stdnum.cn import ric
from workbook_rig import WorkbookRig

from xueshi.register.checking import check_workbook, identity_fault
from xueshi.register.identity import mask_identity
from xueshi.register.sheets import Limits, Problem
from xueshi.register.workbook import PEOPLE, RECORDS, UNIT


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> WorkbookRig:
    return WorkbookRig(tmp_path_factory.mktemp("workbooks"))


def problems(rig: WorkbookRig, path: Path, **limits: int) -> list[Problem]:
    return check_workbook(path, rig.vocabulary, rig.area, Limits(**limits)).problems


def only(rig: WorkbookRig, path: Path) -> Problem:
    found = problems(rig, path)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def test_a_correct_workbook_comes_back_as_it_was_written(rig: WorkbookRig) -> None:
    checked = check_workbook(rig.write(), rig.vocabulary, rig.area)
    assert checked.problems == []
    assert checked.unit == rig.unit
    assert [person.identity_number for person in checked.people] == [
        one.identity_number for one in rig.people
    ]
    for read, written in zip(checked.people, rig.people, strict=True):
        assert (read.name, read.sex, read.born, read.level) == (
            written.name,
            written.sex,
            written.born,
            written.level,
        )
        for record, original in zip(read.records, written.records, strict=True):
            assert (record.kind, record.content, record.claimed) == (
                original.kind,
                original.content,
                original.claimed,
            )
            assert {key: record.facts[key] for key in original.facts} == original.facts


def test_the_same_content_gives_the_same_bytes(rig: WorkbookRig) -> None:
    assert rig.write("one.xlsx").read_bytes() == rig.write("two.xlsx").read_bytes()


def test_an_empty_file(rig: WorkbookRig) -> None:
    path = rig.folder / "empty.xlsx"
    path.touch()
    assert "文件是空的" in only(rig, path).cause


def test_a_file_that_is_no_workbook(rig: WorkbookRig) -> None:
    path = rig.folder / "letter.xlsx"
    path.write_text("您好")
    assert "不是可读的 Excel 工作簿" in only(rig, path).cause
    assert "另存为" in only(rig, path).repair


def test_a_file_that_is_not_there(rig: WorkbookRig) -> None:
    assert "文件不存在" in only(rig, rig.folder / "nowhere.xlsx").cause


def test_a_file_that_is_too_large(rig: WorkbookRig) -> None:
    assert "超过0 MB" in problems(rig, rig.write(), megabytes=0)[0].cause
    assert "超过3行" in problems(rig, rig.write(), rows=3)[0].cause


@pytest.mark.parametrize("sheet", [UNIT, PEOPLE, RECORDS])
def test_a_missing_sheet(rig: WorkbookRig, sheet: str) -> None:
    def drop(book: Any) -> None:
        del book[sheet]

    found = problems(rig, rig.spoiled(drop))
    assert any(f"缺少工作表“{sheet}”" in one.cause for one in found)


def test_a_renamed_sheet_is_guessed(rig: WorkbookRig) -> None:
    def rename(book: Any) -> None:
        book[RECORDS].title = "学习记录表"

    assert any("是否为“学习记录表”" in one.cause for one in problems(rig, rig.spoiled(rename)))


def test_an_unknown_column_names_the_nearest(rig: WorkbookRig) -> None:
    def rename(book: Any) -> None:
        for cell in book[RECORDS][1]:
            if cell.value == "学习内容":
                cell.value = "学习的内容"

    found = problems(rig, rig.spoiled(rename))
    assert any("没有“学习的内容”这一栏；是否为“学习内容”" in one.cause for one in found)
    assert any("缺少栏目：学习内容" in one.cause for one in found)


def test_a_column_twice(rig: WorkbookRig) -> None:
    def double(book: Any) -> None:
        book[PEOPLE].cell(1, 30).value = "姓名"

    assert "“姓名”出现两次" in only(rig, rig.spoiled(double)).cause


def test_a_wrong_identity_number(rig: WorkbookRig) -> None:
    number = rig.people[0].identity_number
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    found = problems(rig, rig.with_cell(PEOPLE, "身份证号", wrong))
    assert (found[0].sheet, found[0].cell) == (PEOPLE, "D2")
    assert "校验码不对" in found[0].cause
    assert wrong not in str(found), "identity numbers are masked"
    assert mask_identity(wrong) in found[0].cause


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        ("12345", "有 5 位，应为18位"),
        ("99010219900230001X", "出生日期不存在"),
        ("99010219900１010011", "含有不该有的字符"),
    ],
)
def test_what_is_wrong_with_a_number_is_said(number: str, cause: str) -> None:
    if len(number) == 18 and number.isascii():
        number = number[:17] + ric.calc_check_digit(number)
    fault = identity_fault(number)
    assert fault is not None
    assert cause in fault[0]


def test_a_number_of_an_area_that_no_longer_exists_is_right() -> None:
    stem = "51230119680101001"
    assert identity_fault(stem + ric.calc_check_digit(stem + "0")) is None


def test_an_identity_number_that_excel_rounded(rig: WorkbookRig) -> None:
    found = problems(rig, rig.with_cell(PEOPLE, "身份证号", 5.0010219900101e17))
    assert "末几位已丢失" in found[0].cause
    assert "文本格式" in found[0].repair


def test_the_same_person_twice(rig: WorkbookRig) -> None:
    path = rig.with_cell(PEOPLE, "身份证号", rig.people[0].identity_number, row=3)
    assert any("与第 2 行是同一人" in one.cause for one in problems(rig, path))


def test_a_sex_that_contradicts_the_number(rig: WorkbookRig) -> None:
    other = "男" if rig.people[0].sex == "女" else "女"
    assert "与身份证号不一致" in only(rig, rig.with_cell(PEOPLE, "性别", other)).cause


def test_a_level_that_does_not_exist(rig: WorkbookRig) -> None:
    problem = only(rig, rig.with_cell(PEOPLE, "职称级别", "副高级"))
    assert "是否为“高级”" in problem.cause
    assert "可填：高级、中级、初级" in problem.repair


def test_a_missing_name(rig: WorkbookRig) -> None:
    problem = only(rig, rig.with_cell(PEOPLE, "姓名", None))
    assert (problem.cell, problem.cause) == ("B2", "姓名：没有填写")


def test_a_record_of_somebody_who_is_not_listed(rig: WorkbookRig) -> None:
    stem = "99010219700101001"
    path = rig.with_cell(RECORDS, "身份证号", stem + ric.calc_check_digit(stem + "0"))
    assert f"不在“{PEOPLE}”表中" in only(rig, path).cause


def test_a_date_outside_the_statistics_year(rig: WorkbookRig) -> None:
    problem = problems(rig, rig.with_cell(RECORDS, "结束日期", "2031-05-10"))[0]
    assert "2031-05-10 不在" in problem.cause
    assert rig.vocabulary.first.isoformat() in problem.cause
    assert rig.vocabulary.last.isoformat() in problem.cause


@pytest.mark.parametrize("shown", ["{0:%Y.%m.%d}", "{0:%Y/%m/%d}", "{0:%Y}年{0.month}月{0.day}日"])
def test_dates_are_read_as_officers_write_them(rig: WorkbookRig, shown: str) -> None:
    assert problems(rig, rig.with_cell(RECORDS, "结束日期", shown.format(rig.vocabulary.last))) == []


def test_a_date_cell_of_excel(rig: WorkbookRig) -> None:
    last = rig.vocabulary.last
    path = rig.with_cell(RECORDS, "结束日期", datetime(last.year, last.month, last.day))  # noqa: DTZ001 - a cell has no zone
    assert problems(rig, path) == []


def test_a_date_that_is_none(rig: WorkbookRig) -> None:
    assert "“2021-02-30”不是日期" in only(rig, rig.with_cell(RECORDS, "开始日期", "2021-02-30")).cause


def test_a_study_that_ends_before_it_begins(rig: WorkbookRig) -> None:
    path = rig.with_cell(RECORDS, "开始日期", (rig.vocabulary.last).isoformat())
    found = problems(rig, path)
    assert any("晚于结束日期" in one.cause for one in found)


def test_a_missing_end(rig: WorkbookRig) -> None:
    assert "决定学时计入哪个年度" in only(rig, rig.with_cell(RECORDS, "结束日期", None)).repair


def test_an_unknown_kind_names_the_nearest(rig: WorkbookRig) -> None:
    label = next(iter(rig.vocabulary.kinds))
    problem = only(rig, rig.with_cell(RECORDS, "类别", label[:-1]))
    assert f"是否为“{label}”" in problem.cause
    assert label in problem.repair


def test_a_kind_that_the_instrument_gives_nothing_for(rig: WorkbookRig) -> None:
    label = sorted(rig.vocabulary.without_rules)[0]
    problem = only(rig, rig.with_cell(RECORDS, "类别", label))
    assert f"“{label}”在{rig.vocabulary.pack.number}中没有认定学时的条款" in problem.cause


def test_an_hour_claim_that_no_rule_covers(rig: WorkbookRig) -> None:
    """The kind has rules, what is recorded fits none of them, and hours are claimed."""
    label = next(label for label, kind in rig.vocabulary.kinds.items() if kind.code == "conference")

    def change(book: Any) -> None:
        sheet = book[RECORDS]
        headings = [cell.value for cell in sheet[1]]
        for heading, value in (("类别", label), ("级别", "市级"), ("申报学时", 6)):
            sheet.cell(2, headings.index(heading) + 1).value = value

    problem = only(rig, rig.spoiled(change))
    assert f"申报学时在{rig.vocabulary.pack.number}中没有条款可依" in problem.cause
    assert (problem.sheet, problem.cell) == (RECORDS, "J2")
    assert "删去申报学时" in problem.repair


def test_an_identity_number_in_the_wrong_column_is_not_shown(rig: WorkbookRig) -> None:
    number = rig.people[0].identity_number
    for heading in ("职称级别", "入职日期", "性别"):
        found = problems(rig, rig.with_cell(PEOPLE, heading, number))
        assert mask_identity(number) in found[0].cause
        assert number not in str(found)


def test_a_formulas_last_digits_are_read_as_excel_shows_them(rig: WorkbookRig) -> None:
    column = next(column for column in rig.vocabulary.columns if column.type == "number")

    def change(book: Any) -> None:
        sheet = book[RECORDS]
        headings = [cell.value for cell in sheet[1]]
        sheet.cell(2, headings.index(column.heading) + 1).value = 1.1 * 100

    checked = check_workbook(rig.spoiled(change), rig.vocabulary, rig.area)
    assert checked.problems == []
    assert checked.people[0].records[0].facts[column.fact] == 110


@pytest.mark.parametrize(
    ("value", "cause"), [("许多", "不是学时数"), ("1.234", "不是学时数"), (-1, "是负数")]
)
def test_hours_that_are_none(rig: WorkbookRig, value: object, cause: str) -> None:
    assert cause in only(rig, rig.with_cell(RECORDS, "申报学时", value)).cause


def test_wrong_values_of_facts_are_told_apart(rig: WorkbookRig) -> None:
    by_type = {
        column.type: column for column in rig.vocabulary.columns if column.type != "word" or column.values
    }
    for kind, expected in (
        ("yes_no", "“是”或“否”"),
        ("count", "整数"),
        ("number", "数字"),
        ("word", "可填的值"),
    ):
        problem = only(rig, rig.with_cell(RECORDS, by_type[kind].heading, "大概"))
        assert expected in problem.cause


def test_none_is_not_blank(rig: WorkbookRig) -> None:
    column = next(column for column in rig.vocabulary.columns if column.fact == "passed")
    stated = check_workbook(rig.with_cell(RECORDS, column.heading, "无"), rig.vocabulary, rig.area)
    blank = check_workbook(rig.with_cell(RECORDS, column.heading, None), rig.vocabulary, rig.area)
    assert stated.people[0].records[0].facts["passed"] is None
    assert "passed" not in blank.people[0].records[0].facts


def test_a_unit_code_with_a_wrong_check_digit(rig: WorkbookRig) -> None:
    code = rig.unit.credit_code
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    problem = only(rig, rig.with_cell(UNIT, "统一社会信用代码", wrong))
    assert (problem.cell, "校验码不对" in problem.cause) == ("A2", True)


def test_a_unit_of_another_area(rig: WorkbookRig) -> None:
    assert "不在本次办理的地区" in only(rig, rig.with_cell(UNIT, "地区代码", "990100")).cause


def test_two_units_in_one_workbook(rig: WorkbookRig) -> None:
    assert "应有一个单位，现有 2 个" in only(rig, rig.with_cell(UNIT, "单位名称", "又一家", row=3)).cause


def test_all_problems_come_at_once(rig: WorkbookRig) -> None:
    def change(book: Any) -> None:
        book[UNIT].cell(2, 1).value = "不是代码"
        book[PEOPLE].cell(2, 2).value = None
        book[RECORDS].cell(2, 4).value = None

    assert {one.sheet for one in problems(rig, rig.spoiled(change))} == {UNIT, PEOPLE, RECORDS}
