"""The unit's register workbook: its sheets and columns, made from the instrument's own words; empty or filled.

Columns of facts come from the rule pack, so that a unit is asked exactly what the rules of its instrument read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from xueshi.hours import show_hours
from xueshi.register.repository import NewPerson, NewRecord, NewUnit
from xueshi.regulations.pack import RulePack

UNIT, PEOPLE, RECORDS, GUIDE = "单位", "人员", "学习记录", "填表说明"
UNIT_COLUMNS = ("统一社会信用代码", "单位名称", "地区代码", "行业系统")
PEOPLE_COLUMNS = (
    "序号", "姓名", "性别", "身份证号", "政治面貌", "工作岗位", "职称", "职称级别", "取得职称日期", "入职日期",
)  # fmt: skip
RECORD_COLUMNS = (
    "身份证号", "姓名", "类别", "学习内容", "学习形式", "开始日期", "结束日期", "学习成绩", "证书编号", "申报学时",
)  # fmt: skip
OPTIONAL = frozenset(
    {"行业系统", "序号", "政治面貌", "工作岗位", "职称", "职称级别", "取得职称日期", "入职日期",
     "姓名", "学习形式", "开始日期", "学习成绩", "证书编号", "申报学时"}
)  # fmt: skip
"""Columns whose cells may be blank; 姓名 is required on the sheet of people only."""
LEVELS = {"高级": "senior", "中级": "intermediate", "初级": "junior"}
SEXES = ("男", "女")
YES, NO, NONE = "是", "否", "无"
OWN_COLUMN = frozenset({"start", "end"})
"""Facts that the workbook asks for in columns of its own."""
ROWS_WITH_LISTS = 2000
MADE_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""Date of creation written into the file, so that the same content gives the same bytes."""


@dataclass(frozen=True)
class FactColumn:
    """One column of the record sheet: the fact, its heading, type, and for words Chinese → code."""

    fact: str
    heading: str
    type: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class IntakeKind:
    """A kind of record that has rules: code and the facts they read."""

    code: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class IntakeVocabulary:
    """What a workbook of one instrument and year may say."""

    pack: RulePack
    year: int
    first: date
    last: date
    """First and last day of the statistics year."""
    kinds: Mapping[str, IntakeKind]
    """By Chinese label: the kinds that some rule of the instrument takes."""
    without_rules: frozenset[str]
    """Chinese labels of kinds that the engine knows and this instrument gives no hours for."""
    columns: tuple[FactColumn, ...]

    @classmethod
    def from_pack(cls, pack: RulePack, year: int) -> IntakeVocabulary:
        """Make the vocabulary of a resolved rule pack for one statistics year."""
        kinds: dict[str, IntakeKind] = {}
        columns: dict[str, FactColumn] = {}
        for info in pack.kinds_with_rules():
            kinds[info.label] = IntakeKind(info.kind, tuple(fact.name for fact in info.facts))
            for fact in info.facts:
                if fact.name in OWN_COLUMN or fact.type in ("list", "years"):
                    continue
                heading = fact.label if fact.label not in RECORD_COLUMNS else f"{fact.label}（认定）"
                if fact.unit:
                    heading = f"{heading}（{fact.unit}）"
                words = {label: code for code, label in fact.values.items()} if fact.type == "word" else {}
                columns.setdefault(fact.name, FactColumn(fact.name, heading, fact.type, words))
        order = list(pack.facts)
        first, last = pack.year_window(year)
        return cls(
            pack=pack,
            year=year,
            first=first,
            last=last,
            kinds=kinds,
            without_rules=frozenset(pack.kinds.values()) - set(kinds),
            columns=tuple(sorted(columns.values(), key=lambda column: order.index(column.fact))),
        )

    @property
    def record_headings(self) -> tuple[str, ...]:
        """All headings of the record sheet."""
        return (*RECORD_COLUMNS, *(column.heading for column in self.columns))

    def label_of(self, kind: str) -> str:
        """Return the Chinese label of a kind."""
        return self.pack.kinds.get(kind, kind)


def write_workbook(
    path: Path,
    vocabulary: IntakeVocabulary,
    unit: NewUnit | None = None,
    people: Sequence[NewPerson] = (),
) -> None:
    """Write a workbook, empty for a unit to fill or filled with people; lists and notes stand in the cells."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"created": MADE_AT.replace(tzinfo=None), "title": "继续教育登记表"})
        _unit_sheet(book, unit)
        _people_sheet(book, people)
        _record_sheet(book, vocabulary, people)
        _guide_sheet(book, vocabulary)


def _sheet(
    book: Any, name: str, headings: Sequence[str], widths: Mapping[str, int], text: Sequence[str]
) -> Any:
    sheet = book.add_worksheet(name)
    head = book.add_format(
        {"bold": True, "bg_color": "#DDE6F0", "border": 1, "text_wrap": True, "valign": "vcenter"}
    )
    as_text = book.add_format({"num_format": "@"})
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, head)
        sheet.set_column(column, column, widths.get(heading, 12), as_text if heading in text else None)
    sheet.freeze_panes(1, 0)
    return sheet


def _unit_sheet(book: Any, unit: NewUnit | None) -> None:
    sheet = _sheet(
        book, UNIT, UNIT_COLUMNS, {"统一社会信用代码": 24, "单位名称": 30}, ("统一社会信用代码", "地区代码")
    )
    if unit is not None:
        for column, value in enumerate((unit.credit_code, unit.name, unit.area, unit.sector or "")):
            sheet.write_string(1, column, value)


def _people_sheet(book: Any, people: Sequence[NewPerson]) -> None:
    sheet = _sheet(book, PEOPLE, PEOPLE_COLUMNS, {"身份证号": 22, "职称": 16}, ("身份证号",))
    _list(sheet, PEOPLE_COLUMNS.index("性别"), SEXES)
    _list(sheet, PEOPLE_COLUMNS.index("职称级别"), tuple(LEVELS))
    levels = {code: label for label, code in LEVELS.items()}
    for row, person in enumerate(people, start=1):
        cells = (
            person.order_in_unit, person.name, person.sex, person.identity_number, person.political_status, person.post,
            person.title, levels.get(person.level or "", ""), person.title_since, person.employed_since,
        )  # fmt: skip
        _cells(sheet, row, cells)


def _record_sheet(book: Any, vocabulary: IntakeVocabulary, people: Sequence[NewPerson]) -> None:
    headings = vocabulary.record_headings
    sheet = _sheet(
        book, RECORDS, headings, {"身份证号": 22, "学习内容": 30, "类别": 22}, ("身份证号", "证书编号")
    )
    _list(sheet, RECORD_COLUMNS.index("类别"), tuple(vocabulary.kinds))
    for place, column in enumerate(vocabulary.columns, start=len(RECORD_COLUMNS)):
        if column.type == "yes_no":
            _list(sheet, place, (YES, NO))
        elif column.values:
            _list(sheet, place, tuple(column.values))
    row = 0
    for person in people:
        for record in person.records:
            row += 1
            _cells(sheet, row, _record_cells(vocabulary, person, record))


def _record_cells(vocabulary: IntakeVocabulary, person: NewPerson, record: NewRecord) -> tuple[Any, ...]:
    claimed = "" if record.claimed is None else show_hours(record.claimed)
    facts = tuple(_shown(column, record.facts.get(column.fact, "")) for column in vocabulary.columns)
    return (
        person.identity_number, person.name, vocabulary.label_of(record.kind), record.content, record.form,
        record.start, record.end, record.result, record.certificate, claimed, *facts,
    )  # fmt: skip


def _shown(column: FactColumn, value: object) -> Any:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return YES if value else NO
    for label, code in column.values.items():
        if code == value:
            return label
    return value


def _guide_sheet(book: Any, vocabulary: IntakeVocabulary) -> None:
    sheet = book.add_worksheet(GUIDE)
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True, "valign": "top"})
    sheet.set_column(0, 0, 30, wrap)
    sheet.set_column(1, 1, 90, wrap)
    headings = {column.fact: column.heading for column in vocabulary.columns}
    lines = [
        ("依据", f"《{vocabulary.pack.title}》（{vocabulary.pack.number}）"),
        (
            "统计年度",
            f"{vocabulary.year}年度：{vocabulary.first.isoformat()} 至 {vocabulary.last.isoformat()}",
        ),
        ("空白与“无”", "不知道的留空，将来可补；确实没有的填“无”（如未参加考试的成绩）。"),
        ("身份证号", "单元格为文本格式；只用于识别同一人，入库即加密。"),
        ("申报学时", "填小时数，最多两位小数；由系统按条款核定，申报数不是认定数。"),
        ("类别", "以下每一类别需填的栏目："),
    ]
    lines += [
        (label, "、".join(headings[fact] for fact in kind.facts if fact in headings) or "无其他栏目")
        for label, kind in vocabulary.kinds.items()
    ]
    for row, (what, how) in enumerate(lines):
        sheet.write_string(row, 0, what, bold)
        sheet.write_string(row, 1, how, wrap)


def _cells(sheet: Any, row: int, cells: Sequence[Any]) -> None:
    for column, value in enumerate(cells):
        if value is None or value == "":
            continue
        if isinstance(value, date):
            sheet.write_string(row, column, value.isoformat())
        elif isinstance(value, int):
            sheet.write_number(row, column, value)
        else:
            sheet.write_string(row, column, str(value))


def _list(sheet: Any, column: int, words: Sequence[str]) -> None:
    """Offer a list in a column; Excel takes at most 255 characters, a longer list stands in the guide only."""
    if len(",".join(words)) <= 255:
        sheet.data_validation(1, column, ROWS_WITH_LISTS, column, {"validate": "list", "source": list(words)})
