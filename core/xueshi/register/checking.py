"""Checking a register workbook cell by cell: everything that is wrong at once, each with place, cause and repair."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from python_calamine import CalamineError, CalamineWorkbook
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.errors import RuleError
from xueshi.hours import parse_hours
from xueshi.jurisdictions import area_contains
from xueshi.register.identity import mask_identity, normal
from xueshi.register.repository import NewPerson, NewRecord, NewUnit
from xueshi.register.workbook import (
    LEVELS,
    NONE,
    PEOPLE,
    PEOPLE_COLUMNS,
    RECORDS,
    SEXES,
    UNIT,
    UNIT_COLUMNS,
    FactColumn,
    IntakeVocabulary,
)  # fmt: skip

Value = TypeVar("Value")
NO_RULE = frozenset({"no_rule", "no_row"})
"""Ledger codes of a record that no rule of the instrument covers."""
_DATE = re.compile(r"^(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?$")


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a workbook: where, why, what to do. Identity numbers in it are masked."""

    file: str
    sheet: str
    cell: str
    cause: str
    repair: str

    def __str__(self) -> str:
        place = "".join((f"“{self.sheet}”" if self.sheet else "", self.cell))
        return f"{self.file}{'：' + place if place else ''}：{self.cause}。{self.repair}"


@dataclass(frozen=True)
class Limits:
    """How large a workbook may be."""

    megabytes: int = 20
    rows: int = 20_000


@dataclass
class CheckedWorkbook:
    """A workbook as read: its unit and people where everything is right, and the problems where not."""

    file: str
    unit: NewUnit | None = None
    people: list[NewPerson] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, sheet: str, cell: str, cause: str, repair: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, sheet, cell, cause, repair))


def check_workbook(
    path: Path, vocabulary: IntakeVocabulary, area: str, limits: Limits | None = None
) -> CheckedWorkbook:
    """Read a workbook and check every cell; `people` may be used only when there is no problem."""
    checked = CheckedWorkbook(path.name)
    book = _open(path, checked, limits or Limits())
    if book is None:
        return checked
    sheets = {
        name: _Sheet.read(book, name, headings, checked)
        for name, headings in (
            (UNIT, UNIT_COLUMNS),
            (PEOPLE, PEOPLE_COLUMNS),
            (RECORDS, vocabulary.record_headings),
        )
    }
    if sum(len(sheet.rows) for sheet in sheets.values()) > (limits or Limits()).rows:
        checked.add(
            "", "", f"超过{(limits or Limits()).rows}行", "请按部门拆成几个工作簿，或请管理员调高上限"
        )
        return checked
    _read_unit(sheets[UNIT], checked, area)
    people = _read_people(sheets[PEOPLE], checked, vocabulary)
    records = _read_records(sheets[RECORDS], vocabulary, people)
    checked.people = [
        NewPerson(**{**person.__dict__, "records": tuple(records.get(number, ()))})
        for number, person in people.items()
    ]
    if not checked.problems:
        _check_coverage(checked, vocabulary)
    return checked


def _open(path: Path, checked: CheckedWorkbook, limits: Limits) -> CalamineWorkbook | None:
    if not path.is_file():
        checked.add("", "", "文件不存在", "请核对文件路径")
        return None
    size = path.stat().st_size
    if size == 0:
        checked.add("", "", "文件是空的（0 字节）", "请重新保存或重新下载后再导入")
        return None
    if size > limits.megabytes * 1024 * 1024:
        checked.add("", "", f"文件超过{limits.megabytes} MB", "请删去图片和多余的工作表，或按部门拆分")
        return None
    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        checked.add("", "", f"不是可读的 Excel 工作簿（{error}）", "请用 Excel 另存为 .xlsx 后再导入")
        return None


@dataclass
class _Row:
    """One row of a sheet: cells by heading, and where they stand."""

    sheet: _Sheet
    number: int
    cells: Mapping[str, Any]

    def text(self, heading: str) -> str:
        """Return a cell as text without blanks at its ends; whole numbers without a decimal point."""
        value = self.cells.get(heading)
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        if isinstance(value, datetime):
            return value.date().isoformat()
        return str(value).strip()

    def at(self, heading: str) -> str:
        """Return the address of a cell, as Excel shows it."""
        return f"{_letters(self.sheet.places[heading])}{self.number}" if heading in self.sheet.places else ""

    def problem(self, heading: str, cause: str, repair: str) -> None:
        """Note a problem of one cell."""
        self.sheet.checked.add(self.sheet.name, self.at(heading), f"{heading}：{cause}", repair)

    def required(self, heading: str) -> str:
        """Return a cell that must not be blank."""
        text = self.text(heading)
        if not text and heading in self.sheet.places:
            self.problem(heading, "没有填写", f"请填写{heading}")
        return text

    def day(self, heading: str) -> date | None:
        """Return a cell as a day; a blank one gives None."""
        value = self.cells.get(heading)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = self.text(heading)
        if not text:
            return None
        found = read_day(text)
        if found is None:
            self.problem(heading, f"“{text}”不是日期", "请写成 2021-05-10 的样子")
        return found

    def one_of(self, heading: str, words: Sequence[str]) -> str:
        """Return a cell that must hold one of the words, or be blank."""
        text = self.text(heading)
        if text and text not in words:
            self.problem(heading, f"“{text}”不在可填的值中{_near(text, words)}", f"可填：{'、'.join(words)}")
            return ""
        return text


@dataclass
class _Sheet:
    """One sheet: its rows that are not blank, and in which column each heading stands."""

    name: str
    checked: CheckedWorkbook
    places: dict[str, int] = field(default_factory=dict)
    rows: list[_Row] = field(default_factory=list)

    @classmethod
    def read(
        cls, book: CalamineWorkbook, name: str, headings: Sequence[str], checked: CheckedWorkbook
    ) -> _Sheet:
        """Read a sheet and check its headings."""
        sheet = cls(name, checked)
        if name not in book.sheet_names:
            near = _near(name, book.sheet_names)
            checked.add(name, "", f"缺少工作表“{name}”{near}", "请使用下发的模板，不要删除或改名工作表")
            return sheet
        table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        if not table:
            checked.add(name, "", "工作表是空的", "请使用下发的模板，保留第一行的栏目名")
            return sheet
        for place, heading in enumerate(str(cell).strip() for cell in table[0]):
            if not heading:
                continue
            cell = f"{_letters(place)}1"
            if heading not in headings:
                repair = "请改回模板的栏目名，或删去此列"
                checked.add(name, cell, f"没有“{heading}”这一栏{_near(heading, headings)}", repair)
            elif heading in sheet.places:
                checked.add(name, cell, f"“{heading}”出现两次", "请删去其中一列")
            else:
                sheet.places[heading] = place
        missing = [heading for heading in headings if heading not in sheet.places]
        if missing:
            checked.add(name, "第1行", f"缺少栏目：{'、'.join(missing)}", "请使用下发的模板，不要删除栏目")
        for number, values in enumerate(table[1:], start=2):
            if any(value not in (None, "") for value in values):
                cells = {heading: values[place] for heading, place in sheet.places.items()}
                sheet.rows.append(_Row(sheet, number, cells))
        return sheet


def _read_unit(sheet: _Sheet, checked: CheckedWorkbook, area: str) -> None:
    if not sheet.places:
        return
    if len(sheet.rows) != 1:
        checked.add(UNIT, "", f"应有一个单位，现有 {len(sheet.rows)} 个", "一个工作簿只填一个单位")
        return
    row = sheet.rows[0]
    code, name, own_area = (row.required(heading) for heading in UNIT_COLUMNS[:3])
    if code:
        try:
            code = uscc.validate(code)
        except InvalidChecksum:
            row.problem(UNIT_COLUMNS[0], f"“{code}”的校验码不对", "请对照登记证书核对18位代码")
        except ValidationError:
            row.problem(UNIT_COLUMNS[0], f"“{code}”不是18位统一社会信用代码", "请对照登记证书核对18位代码")
    if own_area and not area_contains(area, own_area):
        row.problem(
            UNIT_COLUMNS[2], f"“{own_area}”不在本次办理的地区 {area}", "请核对地区代码，或到所属地区办理"
        )
    checked.unit = NewUnit(code, name, own_area, row.text(UNIT_COLUMNS[3]) or None)


def _read_people(
    sheet: _Sheet, checked: CheckedWorkbook, vocabulary: IntakeVocabulary
) -> dict[str, NewPerson]:
    people: dict[str, NewPerson] = {}
    rows: dict[str, int] = {}
    if sheet.places and not sheet.rows:
        checked.add(PEOPLE, "", "没有人员", "请至少填写一人")
    for order, row in enumerate(sheet.rows, start=1):
        number = _identity(row)
        if not number:
            continue
        if number in people:
            cause = f"{mask_identity(number)} 与第 {rows[number]} 行是同一人"
            row.problem("身份证号", cause, "一人只填一行，请删去重复的一行")
            continue
        rows[number] = row.number
        born = ric.get_birth_date(number)
        sex = row.one_of("性别", SEXES)
        by_number = SEXES[0] if int(number[16]) % 2 else SEXES[1]
        if sex and sex != by_number:
            row.problem("性别", f"“{sex}”与身份证号不一致（应为{by_number}）", "请核对性别或身份证号")
        employed = row.day("入职日期")
        people[number] = NewPerson(
            identity_number=number,
            name=row.required("姓名"),
            sex=sex or by_number,
            order_in_unit=order,
            employed_since=employed or vocabulary.first,
            born=born,
            political_status=row.text("政治面貌"),
            post=row.text("工作岗位"),
            title=row.text("职称"),
            level=LEVELS.get(row.one_of("职称级别", tuple(LEVELS))),
            title_since=row.day("取得职称日期"),
        )
    return people


def _identity(row: _Row) -> str:
    """Return a valid identity number, or note what is wrong with it."""
    value = row.cells.get("身份证号")
    if isinstance(value, float):
        row.problem("身份证号", "按数字填写，末几位已丢失", "请把此列设为文本格式后重新填写")
        return ""
    number = normal(row.required("身份证号"))
    if not number:
        return ""
    fault = identity_fault(number)
    if fault is not None:
        row.problem("身份证号", f"{mask_identity(number)} {fault[0]}", fault[1])
        return ""
    return number


def identity_fault(number: str) -> tuple[str, str] | None:
    """Return what is wrong with an identity number (GB 11643) and the repair; None when nothing is.

    The area code is not looked up: codes change, a number is for life, and a table that is behind would refuse people.
    """
    if len(number) != 18:
        return f"有 {len(number)} 位，应为18位", "请核对身份证号"
    if not (number[:17].isdecimal() and number.isascii()):
        return "含有不该有的字符", "只能是17位数字加一位数字或X"
    if number[17] != ric.calc_check_digit(number):
        return "的校验码不对", "请对照身份证核对，多半有一位写错"
    try:
        ric.get_birth_date(number)
    except InvalidComponent:
        return "中的出生日期不存在", "请对照身份证核对第7至14位"
    return None


def _read_records(
    sheet: _Sheet, vocabulary: IntakeVocabulary, people: Mapping[str, NewPerson]
) -> dict[str, list[NewRecord]]:
    records: dict[str, list[NewRecord]] = {}
    for row in sheet.rows:
        number = normal(row.required("身份证号"))
        if number and number not in people and identity_fault(number) is None:
            cause = f"{mask_identity(number)} 不在“{PEOPLE}”表中"
            row.problem("身份证号", cause, f"请先在“{PEOPLE}”表中登记此人，或核对身份证号")
        elif number and number not in people:
            row.problem("身份证号", f"{mask_identity(number)} 与“{PEOPLE}”表对不上", "请核对身份证号")
        record = _read_record(row, vocabulary)
        if record is not None and number in people:
            records.setdefault(number, []).append(record)
    return records


def _read_record(row: _Row, vocabulary: IntakeVocabulary) -> NewRecord | None:
    kind = _kind(row, vocabulary)
    content = row.required("学习内容")
    start, end = row.day("开始日期"), row.day("结束日期")
    if "结束日期" in row.sheet.places and not row.text("结束日期"):
        row.problem("结束日期", "没有填写", "请填写结束日期；它决定学时计入哪个年度")
    window = f"{vocabulary.first.isoformat()} 至 {vocabulary.last.isoformat()}"
    if end is not None and not vocabulary.first <= end <= vocabulary.last:
        cause = f"{end.isoformat()} 不在{vocabulary.year}统计年度内（{window}）"
        row.problem("结束日期", cause, "请核对日期；不属于本年度的学习请登记到所属年度")
    if start is not None and end is not None and start > end:
        row.problem("开始日期", f"{start.isoformat()} 晚于结束日期 {end.isoformat()}", "请核对两个日期")
    claimed = _claimed(row)
    facts: dict[str, object] = {}
    for column in vocabulary.columns:
        if row.text(column.heading) != "":
            found = _fact(row, column)
            if found is not _BAD:
                facts[column.fact] = found
    if kind is None:
        return None
    read = vocabulary.kinds[vocabulary.label_of(kind)].facts
    dates = {"start": start, "end": end}
    facts |= {name: day.isoformat() for name, day in dates.items() if name in read and day is not None}
    return NewRecord(
        position=row.number,
        kind=kind,
        facts=facts,
        content=content,
        claimed=claimed,
        form=row.text("学习形式"),
        result=row.text("学习成绩"),
        certificate=row.text("证书编号"),
        start=start,
        end=end,
    )


def _kind(row: _Row, vocabulary: IntakeVocabulary) -> str | None:
    label = row.required("类别")
    if label in vocabulary.kinds:
        return vocabulary.kinds[label].code
    if label in vocabulary.without_rules:
        cause = f"“{label}”在{vocabulary.pack.number}中没有认定学时的条款"
        row.problem("类别", cause, f"请改列有条款的类别，或删去此行；可填：{'；'.join(vocabulary.kinds)}")
    elif label:
        row.problem(
            "类别",
            f"没有“{label}”这一类别{_near(label, list(vocabulary.kinds))}",
            f"可填：{'；'.join(vocabulary.kinds)}",
        )
    return None


def _claimed(row: _Row) -> int | None:
    text = row.text("申报学时")
    if not text:
        return None
    try:
        hours = parse_hours(text)
    except (ValueError, InvalidOperation):
        row.problem("申报学时", f"“{text}”不是学时数", "请填数字，最多两位小数，如 9.5")
        return None
    if hours < 0:
        row.problem("申报学时", f"“{text}”是负数", "请填不小于 0 的数")
    return int(hours)


_BAD = object()


def _fact(row: _Row, column: FactColumn) -> object:
    """Return the value of a fact's cell: None where the cell says 无, `_BAD` where it is wrong."""
    text = row.text(column.heading)
    if text == NONE:
        return None
    try:
        return _READERS[column.type](text, column)
    except ValueError as error:
        row.problem(column.heading, f"“{text}”{error}", "请更正；不知道的留空，确实没有的填“无”")
        return _BAD


def _yes_no(text: str, _column: FactColumn) -> object:
    if text not in ("是", "否"):
        raise ValueError("应为“是”或“否”")
    return text == "是"


def _count(text: str, _column: FactColumn) -> object:
    if not text.isdecimal():
        raise ValueError("应为不小于 0 的整数")
    return int(text)


def _number(text: str, _column: FactColumn) -> object:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("应为数字") from error
    if not value.is_finite() or value < 0 or value * 100 != int(value * 100):
        raise ValueError("应为不小于 0 的数，最多两位小数")
    return int(value) if value == int(value) else text


def _word(text: str, column: FactColumn) -> object:
    if not column.values:
        return text
    if text not in column.values:
        raise ValueError(
            f"不在可填的值中{_near(text, list(column.values))}；可填：{'、'.join(column.values)}"
        )
    return column.values[text]


def _day(text: str, _column: FactColumn) -> object:
    day = read_day(text)
    if day is None:
        raise ValueError("应为日期，如 2021-05-10")
    return day.isoformat()


_READERS: dict[str, Callable[[str, FactColumn], object]] = {
    "yes_no": _yes_no,
    "count": _count,
    "number": _number,
    "word": _word,
    "date": _day,
    "id": lambda text, _column: text,
}


def _check_coverage(checked: CheckedWorkbook, vocabulary: IntakeVocabulary) -> None:
    """Refuse hours that are claimed for something no row of the instrument covers: the clerk can still correct it."""
    for person in checked.people:
        claims = {f"r{record.position}": record for record in person.records if record.claimed}
        if not claims:
            continue
        request = PersonYearRequest(
            area=checked.unit.area if checked.unit else "",
            year=vocabulary.year,
            person={} if person.level is None else {"person.level": person.level},
            records=tuple(
                RecordFacts(f"r{record.position}", record.kind, record.facts, vocabulary.year, record.claimed)
                for record in person.records
            ),
            earlier=(),
        )
        try:
            ledger = evaluate(vocabulary.pack, request, trace=False).ledger
        except RuleError as error:
            checked.add(
                RECORDS, "", f"{mask_identity(person.identity_number)}：{error}", "请核对此人的学习记录"
            )
            continue
        for entry in ledger:
            if entry.code in NO_RULE and entry.record in claims:
                checked.add(
                    RECORDS,
                    f"第{claims[entry.record].position}行",
                    f"申报学时没有条款可依：{entry.text}",
                    "请核对所填情况，或删去申报学时",
                )


def read_day(text: str) -> date | None:
    """Read a day as officers write it: 2021-05-10, 2021.5.10, 2021/5/10, 2021年5月10日."""
    match = _DATE.match(text.strip())
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def _near(word: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(word, known, 1, cutoff=0.5)
    return f"；是否为“{found[0]}”" if found else ""


def _letters(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def rows_of(problems: Sequence[Problem]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield problems as table rows."""
    for problem in problems:
        yield problem.file, problem.sheet, problem.cell, problem.cause, problem.repair
