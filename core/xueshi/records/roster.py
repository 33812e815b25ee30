"""An organiser's roster (班次名单): one workbook for a class, its facts once, its attendees by identity number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from xueshi.register.fact_cells import BAD, read_fact
from xueshi.register.identity import mask_identity, normal
from xueshi.register.row_reading import identity_fault, read_record
from xueshi.register.rows.roster_rows import NewRecord
from xueshi.register.sheets import CheckedWorkbook, Limits, Problem, Row, Sheet, open_book
from xueshi.register.workbook import MADE_AT, NO, YES, FactColumn, IntakeVocabulary

CLASS, ATTENDEES, GUIDE = "班次", "学员", "填表说明"
CODE = "班次编号"
CLASS_COLUMNS = (CODE, "类别", "学习内容", "学习形式", "开始日期", "结束日期", "申报学时")
ATTENDEE_COLUMNS = ("身份证号", "姓名", "学习成绩", "证书编号")
EACH_ONES_OWN = frozenset({"passed"})
"""Facts that differ from attendee to attendee and stand on his row."""
ROWS_WITH_LISTS = 5000


@dataclass(frozen=True)
class Attendee:
    """One attendee as the organiser wrote him: row, identity number in clear (in memory only), what is his own."""

    row: int
    identity_number: str
    name: str
    facts: Mapping[str, object]
    result: str
    certificate: str


@dataclass
class CheckedRoster:
    """A roster as read: the class and its attendees, and what is wrong with either."""

    checked: CheckedWorkbook
    code: str = ""
    record: NewRecord | None = None
    attendees: list[Attendee] = field(default_factory=list)
    bad_rows: int = 0
    """Attendees whose row holds a problem."""

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong, in the order of the sheets."""
        return self.checked.problems

    @property
    def class_is_right(self) -> bool:
        """Tell whether the class itself can be registered, whatever is wrong with single attendees."""
        return bool(self.code) and self.record is not None and not self._problems_elsewhere

    @property
    def _problems_elsewhere(self) -> bool:
        return any(problem.sheet != ATTENDEES or not problem.cell for problem in self.problems)

    def wrong(self, attendee: Attendee, heading: str, cause: str, repair: str) -> None:
        """Note what the register says against an attendee, and leave him out."""
        place = dict(zip(ATTENDEE_COLUMNS, "ABCD", strict=True))
        self.checked.add(ATTENDEES, f"{place[heading]}{attendee.row}", f"{heading}：{cause}", repair)
        self.attendees.remove(attendee)
        self.bad_rows += 1


def class_columns(vocabulary: IntakeVocabulary) -> tuple[FactColumn, ...]:
    """Return the facts that a class states for all its attendees."""
    return tuple(column for column in vocabulary.columns if column.fact not in EACH_ONES_OWN)


def own_columns(vocabulary: IntakeVocabulary) -> tuple[FactColumn, ...]:
    """Return the facts that each attendee states."""
    return tuple(column for column in vocabulary.columns if column.fact in EACH_ONES_OWN)


def read_roster(path: Path, vocabulary: IntakeVocabulary, limits: Limits | None = None) -> CheckedRoster:
    """Read a roster and check every cell."""
    checked = CheckedWorkbook(path.name)
    found = CheckedRoster(checked)
    book = open_book(path, checked, limits or Limits())
    if book is None:
        return found
    # A roster handed out before the rules asked for a fact lacks its column: it is read as blank.
    facts = [column.heading for column in class_columns(vocabulary)]
    classes = Sheet.read(book, CLASS, CLASS_COLUMNS, checked, optional=facts)
    own = own_columns(vocabulary)
    people = Sheet.read(
        book, ATTENDEES, ATTENDEE_COLUMNS, checked, optional=[column.heading for column in own]
    )
    listed = list(classes.rows)
    people.rows = list(people.rows)
    if classes.places and len(listed) != 1:
        checked.add(CLASS, "", f"应有一个班次，现有 {len(listed)} 个", "一个工作簿只报一个班次")
    elif listed:
        found.code = listed[0].required(CODE)
        found.record = read_record(listed[0], vocabulary)
    if people.places and not people.rows:
        checked.add(ATTENDEES, "", "没有学员", "请至少填写一人")
    _read_attendees(people, found, own)
    return found


def _read_attendees(sheet: Sheet, found: CheckedRoster, own: Sequence[FactColumn]) -> None:
    seen: dict[str, int] = {}
    for row in sheet.rows:
        before = len(found.problems)
        number = _identity(row)
        if number and number in seen:
            cause = f"{mask_identity(number)} 与第 {seen[number]} 行是同一人"
            row.problem("身份证号", cause, "一人只填一行，请删去重复的一行")
        facts = {}
        for column in own:
            if row.text(column.heading) != "":
                value = read_fact(row, column)
                if value is not BAD:
                    facts[column.fact] = value
        if len(found.problems) > before or not number:
            found.bad_rows += 1
            continue
        seen[number] = row.number
        found.attendees.append(
            Attendee(row.number, number, row.text("姓名"), facts, row.text("学习成绩"), row.text("证书编号"))
        )


def _identity(row: Row) -> str:
    value = row.cells.get("身份证号")
    if isinstance(value, float):
        row.problem("身份证号", "按数字填写，末几位已丢失", "请把此列设为文本格式后重新填写")
        return ""
    number = normal(row.required("身份证号"))
    fault = identity_fault(number) if number else None
    if fault is not None:
        row.problem("身份证号", f"{mask_identity(number)} {fault[0]}", fault[1])
        return ""
    return number


def write_roster(path: Path, vocabulary: IntakeVocabulary) -> None:
    """Write an empty roster for an organiser to fill; lists stand in the cells."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"created": MADE_AT.replace(tzinfo=None), "title": "班次名单"})
        facts = class_columns(vocabulary)
        classes = _sheet(book, CLASS, (*CLASS_COLUMNS, *(column.heading for column in facts)), (CODE,))
        _list(classes, CLASS_COLUMNS.index("类别"), tuple(vocabulary.kinds), 1)
        for place, column in enumerate(facts, start=len(CLASS_COLUMNS)):
            _fact_list(classes, place, column, 1)
        own = own_columns(vocabulary)
        people = _sheet(
            book,
            ATTENDEES,
            (*ATTENDEE_COLUMNS, *(column.heading for column in own)),
            ("身份证号", "证书编号"),
        )
        for place, column in enumerate(own, start=len(ATTENDEE_COLUMNS)):
            _fact_list(people, place, column, ROWS_WITH_LISTS)
        _guide(book, vocabulary)


def _sheet(book: Any, name: str, headings: Sequence[str], text: Sequence[str]) -> Any:
    sheet = book.add_worksheet(name)
    head = book.add_format(
        {"bold": True, "bg_color": "#DDE6F0", "border": 1, "text_wrap": True, "valign": "vcenter"}
    )
    as_text = book.add_format({"num_format": "@"})
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, head)
        width = 24 if heading in ("身份证号", "学习内容", "类别") else 13
        sheet.set_column(column, column, width, as_text if heading in text else None)
    sheet.freeze_panes(1, 0)
    return sheet


def _fact_list(sheet: Any, place: int, column: FactColumn, rows: int) -> None:
    if column.type == "yes_no":
        _list(sheet, place, (YES, NO), rows)
    elif column.values:
        _list(sheet, place, tuple(column.values), rows)


def _list(sheet: Any, column: int, words: Sequence[str], rows: int) -> None:
    if len(",".join(words)) <= 255:
        sheet.data_validation(1, column, rows, column, {"validate": "list", "source": list(words)})


def _guide(book: Any, vocabulary: IntakeVocabulary) -> None:
    sheet = book.add_worksheet(GUIDE)
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 20, wrap)
    sheet.set_column(1, 1, 90, wrap)
    lines = (
        ("依据", f"《{vocabulary.pack.title}》（{vocabulary.pack.number}）"),
        (
            "统计年度",
            f"{vocabulary.year}年度：{vocabulary.first.isoformat()} 至 {vocabulary.last.isoformat()}",
        ),
        ("班次", "一个工作簿一个班次，班次的情况只填一次；班次编号由主办单位自编，不得重复。"),
        ("学员", "每人一行，按身份证号识别；须是在册的专业技术人员。姓名用于核对。"),
        ("再次上报", "同一班次再报，已登记的人不重复登记；补报遗漏的人时，仍用原班次编号，班次情况不变。"),
        ("类别", "；".join(vocabulary.kinds)),
    )
    for row, (what, how) in enumerate(lines):
        sheet.write_string(row, 0, what)
        sheet.write_string(row, 1, how)
