"""Checking a register workbook cell by cell: everything that is wrong at once, each with place, cause and repair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import InvalidOperation
from pathlib import Path

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.errors import RuleError
from xueshi.hours import parse_hours
from xueshi.jurisdictions import area_contains
from xueshi.register.fact_cells import BAD, read_fact
from xueshi.register.identity import mask_identity, normal
from xueshi.register.repository import NewPerson, NewRecord, NewUnit
from xueshi.register.sheets import CheckedWorkbook, Limits, Problem, Row, Sheet, near, open_book
from xueshi.register.workbook import (
    LEVELS,
    PEOPLE,
    PEOPLE_COLUMNS,
    RECORDS,
    SEXES,
    UNIT,
    UNIT_COLUMNS,
    IntakeVocabulary,
)  # fmt: skip

NO_RULE = frozenset({"no_rule", "no_row"})
"""Ledger codes of a record that no rule of the instrument covers."""


def check_workbook(
    path: Path, vocabulary: IntakeVocabulary, area: str, limits: Limits | None = None
) -> CheckedWorkbook:
    """Read a workbook and check every cell; `people` may be used only when there is no problem."""
    checked = CheckedWorkbook(path.name)
    book = open_book(path, checked, limits or Limits())
    if book is None:
        return checked
    sheets = {
        name: Sheet.read(book, name, headings, checked)
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
        _check_coverage(sheets[RECORDS], checked, vocabulary)
    return checked


def _read_unit(sheet: Sheet, checked: CheckedWorkbook, area: str) -> None:
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
    sheet: Sheet, checked: CheckedWorkbook, vocabulary: IntakeVocabulary
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


def _identity(row: Row) -> str:
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
    sheet: Sheet, vocabulary: IntakeVocabulary, people: Mapping[str, NewPerson]
) -> dict[str, list[NewRecord]]:
    records: dict[str, list[NewRecord]] = {}
    for row in sheet.rows:
        number = normal(row.required("身份证号"))
        if number and number not in people and identity_fault(number) is None:
            cause = f"{mask_identity(number)} 不在“{PEOPLE}”表中"
            row.problem("身份证号", cause, f"请先在“{PEOPLE}”表中登记此人，或核对身份证号")
        elif number and number not in people:
            row.problem("身份证号", f"{mask_identity(number)} 与“{PEOPLE}”表对不上", "请核对身份证号")
        record = read_record(row, vocabulary)
        if record is not None and number in people:
            records.setdefault(number, []).append(record)
    return records


def read_record(row: Row, vocabulary: IntakeVocabulary) -> NewRecord | None:
    """Read one record from a row with the headings of the record sheet; None, with its problems noted, where it is none."""
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
            found = read_fact(row, column)
            if found is not BAD:
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


def _kind(row: Row, vocabulary: IntakeVocabulary) -> str | None:
    label = row.required("类别")
    if label in vocabulary.kinds:
        return vocabulary.kinds[label].code
    if label in vocabulary.without_rules:
        cause = f"“{label}”在{vocabulary.pack.number}中没有认定学时的条款"
        row.problem("类别", cause, f"请改列有条款的类别，或删去此行；可填：{'；'.join(vocabulary.kinds)}")
    elif label:
        row.problem(
            "类别",
            f"没有“{label}”这一类别{near(label, list(vocabulary.kinds))}",
            f"可填：{'；'.join(vocabulary.kinds)}",
        )
    return None


def _claimed(row: Row) -> int | None:
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


def _check_coverage(sheet: Sheet, checked: CheckedWorkbook, vocabulary: IntakeVocabulary) -> None:
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
                    sheet.at("申报学时", claims[entry.record].position),
                    f"申报学时在{vocabulary.pack.number}中没有条款可依：{entry.text}",
                    "请核对所填情况，或删去申报学时",
                )


def rows_of(problems: Sequence[Problem]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield problems as table rows."""
    for problem in problems:
        yield problem.file, problem.sheet, problem.cell, problem.cause, problem.repair
