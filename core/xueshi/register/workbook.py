"""The register workbook as a file: empty for a unit to fill or filled, with lists, checks and guidance in its cells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from xueshi.register.cell_checks import CellChecks
from xueshi.register.intake_vocabulary import (
    CODE,
    GUIDE,
    LEFT,
    LEVELS,
    LISTS,
    NO,
    NONE,
    NOT_THERE,
    PEOPLE,
    PEOPLE_COLUMNS,
    PROBLEMS,
    RECORDS,
    REQUIRED,
    SEXES,
    THERE,
    UNIT,
    UNIT_COLUMNS,
    UNIT_FACTS,
    YES,
    FactColumn,
    IntakeKind,
    IntakeVocabulary,
)
from xueshi.register.rows.roster_rows import NewPerson, NewRecord
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.sheets import UnitRegister
from xueshi.register.unit_kinds import UNIT_KINDS

__all__ = [
    "CODE", "GUIDE", "LEFT", "LEVELS", "LISTS", "NO", "NONE", "PEOPLE", "PEOPLE_COLUMNS", "PROBLEMS", "RECORDS", "SEXES",
    "UNIT", "UNIT_COLUMNS", "UNIT_FACTS", "YES", "FactColumn", "IntakeKind", "IntakeVocabulary", "RegisterBook", "write_registers",
    "write_workbook",
]  # fmt: skip

MADE_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""Date of creation written into the file, so that the same content gives the same bytes."""
FACE = "宋体"
LARGE = 5_000
"""People from which on a workbook is written row by row, each text in its cell: memory stays flat, the file grows."""
WIDTHS = {
    CODE: 23, "单位名称": 32, "地区代码": 11, "行业系统": 16, "单位性质": 34, "行业主管部门": 14, "序号": 6, "姓名": 10, "性别": 6, "身份证号": 22, "政治面貌": 12,
    "工作岗位": 14, "职称": 16, "职称级别": 10, "取得职称日期": 14, "入职日期": 12, LEFT: 12, "类别": 24, "学习内容": 32, "学习形式": 12,
    "开始日期": 12, "结束日期": 12, "学习成绩": 10, "证书编号": 18, "申报学时": 10,
}  # fmt: skip
AS_TEXT = frozenset({CODE, "地区代码", "身份证号", "证书编号"})
AS_DAY = frozenset({"开始日期", "结束日期", "取得职称日期", "入职日期", LEFT})


def write_workbook(
    path: Path,
    vocabulary: IntakeVocabulary,
    unit: NewUnit | None = None,
    people: Sequence[NewPerson] = (),
) -> None:
    """Write the workbook of one unit, empty to fill or filled with people; lists, checks and notes stand in the cells."""
    registers = [] if unit is None else [UnitRegister(unit, list(people))]
    _write(path, vocabulary, registers, several=False)


def write_registers(path: Path, vocabulary: IntakeVocabulary, registers: Sequence[UnitRegister]) -> None:
    """Write one workbook for several units: people and records say in a column 统一社会信用代码 whose they are."""
    _write(path, vocabulary, registers, several=True)


def _write(
    path: Path, vocabulary: IntakeVocabulary, registers: Sequence[UnitRegister], *, several: bool
) -> None:
    large = sum(len(one.people) for one in registers) > LARGE
    with RegisterBook(path, vocabulary, row_by_row=large) as book:
        headings = (*UNIT_COLUMNS, *UNIT_FACTS)
        sheet = book.sheet(UNIT, headings)
        for row, one in enumerate(registers, start=1):
            book.cells(sheet, row, headings, _unit_cells(one.unit))
        own = (CODE,) if several else ()
        headings = (*own, *PEOPLE_COLUMNS, LEFT)
        sheet, row = book.sheet(PEOPLE, headings), 0
        for one in registers:
            code = (one.unit.credit_code,) if several else ()
            for person in one.people:
                row += 1
                book.cells(sheet, row, headings, (*code, *_person_cells(person)))
        headings = (*own, *vocabulary.record_headings)
        sheet, row = book.sheet(RECORDS, headings), 0
        for one in registers:
            code = (one.unit.credit_code,) if several else ()
            for person in one.people:
                for record in person.records:
                    row += 1
                    cells = (*code, *_record_cells(vocabulary, person, record))
                    book.cells(sheet, row, headings, cells)
        book.guide(several=several)


class RegisterBook:
    """A workbook being written: sheets with headings, formats and checks; closed, it holds the hidden lists too."""

    def __init__(self, path: Path, vocabulary: IntakeVocabulary, *, row_by_row: bool = False) -> None:
        self.vocabulary = vocabulary
        options = {
            "constant_memory": row_by_row,
            # What a unit typed stays text: nothing in it is taken for a formula or a link.
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        self.book: Any = xlsxwriter.Workbook(str(path), options)
        self.book.set_properties({"created": MADE_AT.replace(tzinfo=None), "title": "继续教育登记表"})
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._plain: dict[tuple[str, bool], Any] = {}
        """The formats of unmarked cells by heading and whether the cell holds a day: looked up for every cell."""
        self._facts = {column.heading: column for column in vocabulary.columns}
        self._checks = CellChecks(vocabulary)

    def __enter__(self) -> RegisterBook:
        """Begin."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Write the file, unless something went wrong."""
        if kind is None:
            self._checks.write_lists(self.book)
            self.book.close()

    def look(self, **given: Any) -> Any:
        """Return a cell format; the same look is made once."""
        key = tuple(sorted(given.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"font_name": FACE, "font_size": 11, **given})
        return self._formats[key]

    def sheet(self, name: str, headings: Sequence[str]) -> Any:
        """Begin a sheet: frozen headings (required ones darker), widths, formats, and the checks of its cells."""
        sheet = self.book.add_worksheet(name)
        sheet.set_row(0, 46)
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, self._head(name, heading))
            width = WIDTHS.get(heading, max(9, min(18, len(heading) * 2)))
            sheet.set_column(column, column, width, self._cell(heading))
            check = self._checks.of(name, heading, column)
            if check is not None:
                sheet.data_validation(1, column, self._checks.last_row, column, check)
        kept = headings.index("姓名") + 1 if "姓名" in headings else 0
        sheet.freeze_panes(1, kept)
        sheet.set_landscape()
        sheet.set_paper(9)
        # A sheet of forty columns on one page could not be read: two pages side by side, names on both.
        wide = len(headings) > len(PEOPLE_COLUMNS) + 2
        sheet.fit_to_pages(2 if wide else 1, 0)
        sheet.repeat_rows(0)
        if wide and kept:
            sheet.repeat_columns(0, kept - 1)
        return sheet

    def cells(self, sheet: Any, row: int, headings: Sequence[str], values: Sequence[Any]) -> None:
        """Write one row, each value as what it is; a blank one is left out."""
        for column, (heading, value) in enumerate(zip(headings, values, strict=True)):
            self.cell(sheet, row, column, heading, value)

    def cell(self, sheet: Any, row: int, column: int, heading: str, value: Any, **look: Any) -> None:
        """Write one cell; `look` is added to the look of its column."""
        day = isinstance(value, date)
        if look:
            form = self._cell(heading, day=day, **look)
        else:
            known = self._plain.get((heading, day))
            form = known or self._plain.setdefault((heading, day), self._cell(heading, day=day))
        if isinstance(value, date):
            sheet.write_datetime(row, column, value, form)
        elif value is None or value == "":
            if look:
                sheet.write_blank(row, column, None, form)
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value, form)
        elif isinstance(value, int | float | Decimal):
            sheet.write_number(row, column, value, form)
        else:
            sheet.write_string(row, column, str(value), form)

    def guide(self, *, several: bool = False) -> None:
        """Write the sheet of guidance: what the workbook is for, how to fill it, and each kind with its columns."""
        sheet = self.book.add_worksheet(GUIDE)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 96)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.merge_range(
            0, 0, 0, 1, "继续教育登记表填表说明", self.look(bold=True, font_size=16, align="center")
        )
        sheet.set_row(0, 30)
        name, text = (
            self.look(bold=True, valign="top", border=1),
            self.look(text_wrap=True, valign="top", border=1),
        )
        lines = guidance(self.vocabulary, several=several)
        for row, (what, how) in enumerate(lines, start=1):
            sheet.write_string(row, 0, what, name)
            sheet.write_string(row, 1, how, text)
        headings = {column.fact: column.heading for column in self.vocabulary.columns}
        row = len(lines) + 2
        title = self.look(bold=True, border=1, bg_color="#DDE6F0")
        sheet.write_string(row, 0, "类别", title)
        sheet.write_string(row, 1, "除各类别都要填的栏目外，还需填写", title)
        for label, kind in self.vocabulary.kinds.items():
            row += 1
            asked = "、".join(headings[fact] for fact in kind.facts if fact in headings)
            sheet.write_string(row, 0, label, name)
            sheet.write_string(row, 1, asked or "无其他栏目", text)

    def _head(self, name: str, heading: str) -> Any:
        required = heading in REQUIRED.get(name, ())
        return self.look(
            bold=True,
            bg_color="#9DC3E6" if required else "#DDE6F0",
            border=1,
            text_wrap=True,
            valign="vcenter",
            align="center",
        )

    def _cell(self, heading: str, *, day: bool = False, **look: Any) -> Any:
        column = self._facts.get(heading)
        if day:
            return self.look(num_format="yyyy-mm-dd", align="center", **look)
        if heading in AS_TEXT or (column is not None and column.type in ("id", "word")):
            return self.look(num_format="@", **look)
        if heading in AS_DAY or (column is not None and column.type == "date"):
            return self.look(num_format="yyyy-mm-dd", align="center", **look)
        return self.look(**look)


def guidance(vocabulary: IntakeVocabulary, *, several: bool) -> list[tuple[str, str]]:
    """Return what a unit must know to fill the workbook, as pairs of matter and text."""
    number = "" if vocabulary.pack.number == "none" else f"（{vocabulary.pack.number}）"
    first, last = vocabulary.first, vocabulary.last
    units = (
        f"“{UNIT}”表每个单位一行；“{PEOPLE}”表每人写明所在单位的{CODE}。一人在两个单位的，两处各填一行，"
        f"其学习记录也写明{CODE}。"
        if several
        else f"“{UNIT}”表只填一行。一个工作簿一个单位。"
    )
    return [
        ("依据", f"《{vocabulary.pack.title}》{number}"),
        (
            "统计年度",
            f"{vocabulary.year}年度：{first.isoformat()} 至 {last.isoformat()}；按结束日期归入年度。",
        ),
        (
            "填写次序",
            f"先填“{UNIT}”，再填“{PEOPLE}”（每人一行），后填“{RECORDS}”（每项学习一行，按身份证号对应到人）。",
        ),
        ("单位", units),
        (
            "单位性质、行业主管部门",
            "不填的，按用人单位、以行业系统为准。自由职业的专业技术人员由存放其人事档案的人力资源服务机构登记，"
            f"单位性质选“{UNIT_KINDS['hr_agency']}”；在册单位的性质须更改的，由人社部门办理。",
        ),
        (
            "栏目",
            "深色栏目必填，浅色的按情况填写。不要增删、改名或合并栏目和工作表，不要在栏目名上方加标题行。",
        ),
        (
            "上次登记过的人员",
            "仍在本单位的照常列入；已离开的（退休、调走、去世等）也列一行，在“离开日期”填写在本单位的最后一天，次年起不再列。"
            "漏列的不能入库：系统不会自行认为谁已离开。",
        ),
        ("空白与“无”", "不知道的留空，将来可补；确实没有的填“无”（如未参加考试的成绩）。"),
        ("身份证号", "18位，单元格为文本格式；只用于识别同一人，入库即加密。"),
        ("日期", "写成 2021-05-10 的样子；2021.5.10、2021年5月10日、20210510 也能读出。只有年月的读不出。"),
        ("申报学时", "填小时数，最多两位小数；由系统按条款核定，申报数不是认定数。"),
        (
            "交回之前",
            "全部正确才能入库。有误的会退回标注后的工作簿：红色单元格的批注写明问题和改法，改好后可直接再交。",
        ),
        ("不能接收的", "带宏的工作簿、设有打开密码的文件、旧格式（.xls）、改了扩展名的文件。"),
    ]


def _unit_cells(unit: NewUnit) -> tuple[Any, ...]:
    department = {None: "", True: THERE, False: NOT_THERE}[unit.has_department]
    return (
        unit.credit_code, unit.name, unit.area, unit.sector or "", UNIT_KINDS.get(unit.kind, ""), department,
    )  # fmt: skip


def _person_cells(person: NewPerson) -> tuple[Any, ...]:
    levels = {code: label for label, code in LEVELS.items()}
    return (
        person.order_in_unit, person.name, person.sex, person.identity_number, person.political_status, person.post,
        person.title, levels.get(person.level or "", ""), person.title_since, person.employed_since, person.left,
    )  # fmt: skip


def _record_cells(vocabulary: IntakeVocabulary, person: NewPerson, record: NewRecord) -> tuple[Any, ...]:
    claimed = "" if record.claimed is None else Decimal(record.claimed) / 100
    facts = tuple(_shown(column, record.facts.get(column.fact, "")) for column in vocabulary.columns)
    return (
        person.identity_number, person.name, vocabulary.label_of(record.kind), record.content, record.form,
        record.start, record.end, record.result, record.certificate, claimed, *facts,
    )  # fmt: skip


def _shown(column: FactColumn, value: object) -> Any:
    """Return a fact as its cell shows it: the label of a code, 无 for stated none, a number as a number."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return YES if value else NO
    for label, code in column.values.items():
        if code == value:
            return label
    if column.type in ("number", "count") and isinstance(value, str) and value:
        return Decimal(value)
    if column.type == "date" and isinstance(value, str) and value:
        return date.fromisoformat(value)
    return value
