"""Bad days of an intake desk: each unusable or odd file has its own outcome, in words that an officer can act on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from bad_files import changed_archive, compound_file, lying_archive, stored
from openpyxl import load_workbook
from workbook_rig import WorkbookRig

from xueshi.register.checking import check_workbook
from xueshi.register.marking import mark_workbook
from xueshi.register.sheets import CheckedWorkbook, Limits, Problem
from xueshi.register.workbook import PEOPLE, RECORDS, UNIT

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> WorkbookRig:
    return WorkbookRig(tmp_path_factory.mktemp("workbooks"))


def check(rig: WorkbookRig, path: Path, **limits: int) -> CheckedWorkbook:
    return check_workbook(path, rig.vocabulary, rig.area, Limits(**limits))


def refused(rig: WorkbookRig, path: Path, **limits: int) -> Problem:
    """Return the one problem of a file that is refused as a whole; its marked copy is the list alone."""
    checked = check(rig, path, **limits)
    assert checked.blocked
    assert len(checked.problems) == 1, "\n".join(map(str, checked.problems))
    marked = path.with_name("marked.xlsx")
    mark_workbook(path, checked.problems, marked, rig.vocabulary, limits=Limits(**limits))
    book = load_workbook(marked)
    assert book.sheetnames == ["问题清单"]
    assert book["问题清单"]["C2"].value == checked.problems[0].cause
    return checked.problems[0]


def part_of(path: Path, sheet: str) -> str:
    """Return the part that holds a sheet: the engine writes them in order."""
    return f"xl/worksheets/sheet{load_workbook(path, read_only=True).sheetnames.index(sheet) + 1}.xml"


def edited(rig: WorkbookRig, sheet: str, edit: Callable[[str], str], name: str = "edited.xlsx") -> Path:
    """Return a copy of the rig's workbook with the XML of a sheet edited."""
    source = rig.write("source.xlsx")
    change = {part_of(source, sheet): lambda body: edit(body.decode()).encode()}
    return changed_archive(source, rig.folder / name, edit=change)


def column_of(rig: WorkbookRig, sheet: str, heading: str) -> str:
    cell = next(one for one in load_workbook(rig.write("source.xlsx"))[sheet][1] if one.value == heading)
    return str(cell.column_letter)


# ------------------------------------------------------------ files that are refused as a whole


def test_a_workbook_behind_a_password(rig: WorkbookRig) -> None:
    path = rig.folder / "password.xlsx"
    compound_file(path, {"EncryptionInfo": b"\4\0\4\0", "EncryptedPackage": b"?" * 8192})
    problem = refused(rig, path)
    assert problem.cause == "文件设有打开密码，无法读取"
    assert "取消打开密码" in problem.repair


def test_a_workbook_of_excel_97(rig: WorkbookRig) -> None:
    problem = refused(rig, compound_file(rig.folder / "old.xls", {"Workbook": b"\x09\x08"}))
    assert "旧格式（.xls）" in problem.cause
    assert "另存为" in problem.repair


def test_an_old_word_file(rig: WorkbookRig) -> None:
    assert (
        "不是 Excel 工作簿"
        in refused(rig, compound_file(rig.folder / "w.xlsx", {"WordDocument": b"w"})).cause
    )


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml"])
def test_a_workbook_with_macros(rig: WorkbookRig, part: str) -> None:
    path = changed_archive(rig.write(), rig.folder / "macros.xlsm", add={part: b"Sub AutoOpen()"})
    problem = refused(rig, path)
    assert problem.cause == "工作簿带有宏"
    assert "另存为不带宏" in problem.repair


def test_a_workbook_that_only_says_it_has_macros(rig: WorkbookRig) -> None:
    def enable(body: bytes) -> bytes:
        plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
        return body.replace(plain, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")

    path = changed_archive(rig.write(), rig.folder / "x.xlsx", edit={"[Content_Types].xml": enable})
    assert refused(rig, path).cause == "工作簿带有宏"


def test_a_file_of_200_megabytes_is_not_even_opened(
    rig: WorkbookRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rig.folder / "huge.xlsx"
    with path.open("wb") as file:
        file.truncate(200 * MEGABYTE)

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a file that is too large was opened")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", opened)
        patched.setattr(Path, "read_bytes", opened)
        checked = check(rig, path)
    assert checked.problems[0].cause == "文件超过40 MB（约 200 MB）"
    assert "拆分" in checked.problems[0].repair
    path.unlink()


def test_a_zip_bomb_is_known_by_its_directory(rig: WorkbookRig) -> None:
    path = changed_archive(
        rig.write(), rig.folder / "bomb.xlsx", add={"xl/media/image1.emf": bytes(40 * MEGABYTE)}
    )
    assert path.stat().st_size < MEGABYTE
    assert "压缩包异常" in refused(rig, path).cause
    assert "xl/media/image1.emf" in refused(rig, path).cause


def test_a_book_that_inflates_beyond_the_limit(rig: WorkbookRig) -> None:
    filling = b"".join(number.to_bytes(4, "big") for number in range(400_000))
    path = changed_archive(rig.write(), rig.folder / "bomb.xlsx", add={"xl/media/image1.emf": filling})
    assert "解开后有 1 MB，上限 1 MB" in refused(rig, path, unpacked_megabytes=1).cause
    assert check(rig, path).problems == []


def test_a_zip_bomb_that_lies_in_its_directory(rig: WorkbookRig) -> None:
    source = rig.write("source.xlsx")
    path = lying_archive(source, rig.folder / "bomb.xlsx", part_of(source, RECORDS), 30 * MEGABYTE)
    with ZipFile(path) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) < MEGABYTE
    assert "比目录所称的大" in refused(rig, path).cause


def test_an_archive_that_was_cut_off(rig: WorkbookRig) -> None:
    path = rig.folder / "cut.xlsx"
    whole = rig.write().read_bytes()
    for kept in (len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:kept])
        problem = refused(rig, path)
        assert "不完整或已损坏" in problem.cause
        assert "重新下载" in problem.repair


def test_an_archive_with_a_wrong_checksum(rig: WorkbookRig) -> None:
    path = rig.folder / "flipped.xlsx"
    raw = bytearray(rig.write().read_bytes())
    raw[200] ^= 0xFF
    path.write_bytes(raw)
    assert "损坏" in refused(rig, path).cause


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_text_table_that_was_renamed(rig: WorkbookRig, encoding: str) -> None:
    path = rig.folder / "table.xlsx"
    path.write_bytes("姓名,身份证号\n张三,990102\n".encode(encoding) * 1000)
    problem = refused(rig, path)
    assert "改了扩展名的文本文件（CSV）" in problem.cause
    assert "改扩展名不能转换格式" in problem.repair


def test_a_web_page_that_was_renamed(rig: WorkbookRig) -> None:
    path = rig.folder / "export.xlsx"
    path.write_text("<html><table><tr><td>姓名</td></tr></table></html>")
    assert "网页" in refused(rig, path).cause


@pytest.mark.parametrize(
    ("part", "cause"),
    [
        ("word/document.xml", "Word 文档"),
        ("xl/workbook.bin", ".xlsb"),
        ("content.xml", "OpenDocument"),
        ("photo.jpg", "是压缩包，不是 Excel 工作簿"),
    ],
)
def test_another_kind_of_archive(rig: WorkbookRig, part: str, cause: str) -> None:
    assert cause in refused(rig, stored(rig.folder / "other.xlsx", {part: b"<x/>"})).cause


def test_entities_are_not_expanded(rig: WorkbookRig) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'

    def laugh(text: str) -> str:
        return text.replace("<worksheet", f"{bomb}<worksheet", 1)

    assert "XML" in refused(rig, edited(rig, RECORDS, laugh)).cause


def test_a_sheet_that_is_no_longer_xml(rig: WorkbookRig) -> None:
    assert "已损坏" in refused(rig, edited(rig, RECORDS, lambda text: text[: len(text) // 2])).cause


@pytest.mark.parametrize(
    ("cell", "cause"), [("XFD2", "内容一直到 XFD 列"), ("A1048576", "内容一直到第 1048576 行")]
)
def test_a_stray_cell_at_the_end_of_the_sheet_does_not_fill_the_memory(
    rig: WorkbookRig, cell: str, cause: str
) -> None:
    row = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

    def stray(text: str) -> str:
        return text.replace("</sheetData>", f'<row r="{row}"><c r="{cell}"><v>1</v></c></row></sheetData>')

    found = check(rig, edited(rig, RECORDS, stray)).problems
    assert any(cause in one.cause and "多余的内容" in one.repair for one in found)


# ------------------------------------------------------------ cells that reading alone would lose


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!"])
def test_a_formula_that_holds_an_error_names_its_cell(rig: WorkbookRig, error: str) -> None:
    column = column_of(rig, RECORDS, "申报学时")

    def spoil(book: Any) -> None:
        cell = book[RECORDS][f"{column}2"]
        cell.value, cell.data_type = error, "e"

    (problem,) = check(rig, rig.spoiled(spoil)).problems
    assert (problem.sheet, problem.cell) == (RECORDS, f"{column}2")
    assert f"公式出错，显示为 {error}" in problem.cause
    assert "直接填写结果" in problem.repair


def test_a_required_cell_with_an_error_is_told_once(rig: WorkbookRig) -> None:
    def spoil(book: Any) -> None:
        cell = book[PEOPLE]["B2"]
        cell.value, cell.data_type = "#NAME?", "e"

    (problem,) = check(rig, rig.spoiled(spoil)).problems
    assert "#NAME?" in problem.cause


def test_a_formula_without_a_stored_result(rig: WorkbookRig) -> None:
    column = column_of(rig, RECORDS, "申报学时")

    def spoil(book: Any) -> None:
        book[RECORDS][f"{column}2"].value = "=4+4"

    (problem,) = check(rig, rig.spoiled(spoil)).problems
    assert problem.cell == f"{column}2"
    assert "公式没有保存计算结果" in problem.cause


def test_a_formula_with_its_result_is_read(rig: WorkbookRig) -> None:
    column = column_of(rig, RECORDS, "申报学时")

    def calculate(text: str) -> str:
        start = text.index(f'<c r="{column}2"')
        end = text.index("</c>", start)
        return f'{text[:start]}<c r="{column}2"><f>4+4</f><v>8</v>{text[end:]}'

    checked = check(rig, edited(rig, RECORDS, calculate))
    assert checked.problems == []
    assert checked.people[0].records[0].claimed == 800


def test_a_formula_that_gives_an_empty_text_is_a_blank_cell(rig: WorkbookRig) -> None:
    column = column_of(rig, RECORDS, "证书编号")

    def blank(text: str) -> str:
        start = text.index(f'<c r="{column}2"')
        end = text.index("</c>", start)
        return f'{text[:start]}<c r="{column}2" t="str"><f>""</f><v></v>{text[end:]}'

    assert check(rig, edited(rig, RECORDS, blank)).problems == []


# ------------------------------------------------------------ days, digits and blanks as they are typed


def test_days_are_read_where_only_one_can_be_meant(rig: WorkbookRig) -> None:
    last = rig.vocabulary.last
    serial = (last - type(last)(1899, 12, 30)).days
    wide = f"{last:%Y-%m-%d}".translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789-"})
    for typed in (
        f"{last:%Y%m%d}",
        int(f"{last:%Y%m%d}"),
        serial,
        str(serial),
        wide,
        f" {last} ",
        f"{last} 00:00:00",
    ):
        checked = check(rig, rig.with_cell(RECORDS, "结束日期", typed))
        assert checked.problems == [], typed
        assert checked.people[0].records[0].end == last, typed


@pytest.mark.parametrize(
    ("typed", "cause"),
    [
        ("2021年5月", "只有年月，没有写明哪一日"),
        ("2021.5", "只有年月，没有写明哪一日"),
        ("21.5.10", "的年份应写四位"),
        ("5/10/2021", "看不出哪个是月、哪个是日"),
        ("2021.5.10-12", "不是日期"),
        ("20210230", "不是日期"),
        ("2021", "不是日期"),
        ("去年五月", "不是日期"),
    ],
)
def test_a_day_that_is_not_clear_names_its_cell(rig: WorkbookRig, typed: object, cause: str) -> None:
    (problem,) = check(rig, rig.with_cell(RECORDS, "开始日期", typed)).problems
    assert problem.cell == f"{column_of(rig, RECORDS, '开始日期')}2"
    assert f"“{typed}”{cause}" in problem.cause
    assert "请写成 2021-05-10 的样子" in problem.repair


def test_a_month_that_excel_took_for_a_day_of_1905(rig: WorkbookRig) -> None:
    (problem,) = check(rig, rig.with_cell(RECORDS, "开始日期", 2021.5)).problems
    assert "“1905-07-13”不像是要填的日期" in problem.cause
    assert "只写年月" in problem.repair


def test_a_bare_number_is_no_day_where_the_book_counts_from_1904(rig: WorkbookRig) -> None:
    source = rig.with_cell(RECORDS, "开始日期", "44326")

    def from_1904(body: bytes) -> bytes:
        return body.replace(b"<workbookPr", b'<workbookPr date1904="1"', 1)

    path = changed_archive(source, rig.folder / "mac.xlsx", edit={"xl/workbook.xml": from_1904})
    assert any("“44326”不是日期" in one.cause for one in check(rig, path).problems)


def test_full_width_digits_and_stray_blanks_are_read(rig: WorkbookRig) -> None:
    number = rig.people[0].identity_number
    wide = {ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789X."}

    def widen(book: Any) -> None:
        for sheet in (PEOPLE, RECORDS):
            for row in book[sheet].iter_rows(min_row=2):
                for cell in row:
                    if cell.value == number:
                        cell.value = f" {number.translate(wide)}\u200b "
        book[UNIT]["A2"].value = f"{rig.unit.credit_code.translate(wide)}  "
        book[UNIT]["C2"].value = rig.unit.area.translate(wide)
        book[PEOPLE]["B2"].value = f"{rig.people[0].name}\u3000 "
        book[PEOPLE]["C2"].value = f" {rig.people[0].sex} "
        book[RECORDS][f"{column_of(rig, RECORDS, '申报学时')}2"].value = "８．５"

    checked = check(rig, rig.spoiled(widen))
    assert checked.problems == []
    assert checked.unit == rig.unit
    assert checked.people[0].identity_number == number
    assert checked.people[0].name == rig.people[0].name
    assert checked.people[0].records[0].claimed == 850


def test_headings_may_be_broken_into_lines(rig: WorkbookRig) -> None:
    def break_up(book: Any) -> None:
        for sheet in (PEOPLE, RECORDS):
            for cell in book[sheet][1]:
                cell.value = f" {cell.value[:2]}\n{cell.value[2:]}".replace("（", "(").replace("）", ")")

    assert check(rig, rig.spoiled(break_up)).problems == []


# ------------------------------------------------------------ sheets that were rearranged


def test_merged_headings_name_their_range(rig: WorkbookRig) -> None:
    def merge(book: Any) -> None:
        book[PEOPLE].merge_cells("E1:F1")

    found = check(rig, rig.spoiled(merge)).problems
    assert any("栏目行有合并单元格 E1:F1" in one.cause and one.cell == "E1" for one in found)


def test_merged_cells_below_name_their_range(rig: WorkbookRig) -> None:
    def merge(book: Any) -> None:
        book[PEOPLE].merge_cells("F2:F4")

    checked = check(rig, rig.spoiled(merge))
    (problem,) = checked.problems
    assert "合并单元格 F2:F4" in problem.cause
    assert "取消合并" in problem.repair
    assert {2, 3, 4} <= checked.rejected[PEOPLE], "nobody of the three is taken as valid"


def test_a_title_above_the_headings(rig: WorkbookRig) -> None:
    def title(book: Any) -> None:
        book[PEOPLE].insert_rows(1)
        book[PEOPLE]["A1"].value = "2021年度继续教育登记表"

    found = check(rig, rig.spoiled(title)).problems
    assert "第1行不是栏目名，栏目名在第2行" in found[0].cause
    assert "删去上面的标题行" in found[0].repair
    assert not any("没有“2021年度" in one.cause for one in found)


def test_headings_that_come_again_further_down(rig: WorkbookRig) -> None:
    def again(book: Any) -> None:
        sheet = book[PEOPLE]
        sheet.append([cell.value for cell in sheet[1]])

    (problem,) = check(rig, rig.spoiled(again)).problems
    assert "这一行又是栏目名" in problem.cause
    assert problem.cell == f"A{len(rig.people) + 2}"


def test_what_is_hidden_is_read_and_said(rig: WorkbookRig) -> None:
    def hide(book: Any) -> None:
        book[PEOPLE].row_dimensions[3].hidden = True
        book[PEOPLE].column_dimensions["F"].hidden = True
        book[RECORDS].sheet_state = "hidden"
        book.create_sheet("备忘")["A1"].value = "勿删"

    checked = check(rig, rig.spoiled(hide))
    assert checked.problems == []
    assert len(checked.people) == len(rig.people)
    assert checked.notes == [
        f"“{PEOPLE}”有 1 行被隐藏或筛去（第3行），已照常读入",
        f"“{PEOPLE}”的 F 列被隐藏，已照常读入",
        f"工作表“{RECORDS}”被隐藏，已照常读入",
        "工作表“备忘”不属于模板，没有读入",
    ]


def test_a_blank_behind_the_name_of_a_sheet_does_not_hide_it(rig: WorkbookRig) -> None:
    def rename(book: Any) -> None:
        book[PEOPLE].title = f"{PEOPLE} "

    assert check(rig, rig.spoiled(rename)).problems == []


def test_rows_of_blanks_are_no_rows(rig: WorkbookRig) -> None:
    def blanks(book: Any) -> None:
        book[PEOPLE].append(["  "] * 10)

    assert check(rig, rig.spoiled(blanks)).problems == []


def test_problems_beyond_the_limit_are_counted(rig: WorkbookRig) -> None:
    def spoil(book: Any) -> None:
        for row in range(2, len(rig.people) + 2):
            book[PEOPLE].cell(row, 2).value = None

    found = check(rig, rig.spoiled(spoil), problems=2).problems
    assert len(found) == 3
    assert found[-1].cause == f"另有 {len(rig.people) - 2} 处问题未列出"
