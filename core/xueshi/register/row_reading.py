"""One row of a register workbook read as a unit, a person or a record of study, what is wrong with it noted by cell."""

from __future__ import annotations

from datetime import date
from decimal import InvalidOperation

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError

from xueshi.hours import parse_hours
from xueshi.jurisdictions import area_contains
from xueshi.register.fact_cells import BAD, read_fact
from xueshi.register.identity import mask_identity, normal
from xueshi.register.intake_vocabulary import (
    CODE,
    DEPARTMENT,
    KIND,
    LEFT,
    LEVELS,
    NOT_THERE,
    SEXES,
    THERE,
    UNIT_COLUMNS,
    UNIT_KIND_CODES,
    IntakeVocabulary,
)
from xueshi.register.rows.roster_rows import NewPerson, NewRecord
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.sheets import Row, near


def read_unit(row: Row, area: str) -> NewUnit:
    """Read one unit and note what is wrong with it; its code may be wrong, then it is noted."""
    for heading in UNIT_COLUMNS[:3]:
        row.required(heading)
    code, own_area = row.plain(CODE).upper(), row.plain("地区代码")
    if code:
        try:
            code = uscc.validate(code)
        except InvalidChecksum:
            row.problem(CODE, f"“{code}”的校验码不对", "请对照登记证书核对18位代码")
        except ValidationError:
            row.problem(CODE, f"“{code}”不是18位统一社会信用代码", "请对照登记证书核对18位代码")
    if own_area and not area_contains(area, own_area):
        cause = f"“{own_area}”不在本次办理的地区 {area}"
        row.problem("地区代码", cause, "请核对地区代码，或到所属地区办理")
    kind = row.one_of(KIND, tuple(UNIT_KIND_CODES))
    department = row.one_of(DEPARTMENT, (THERE, NOT_THERE))
    return NewUnit(
        code,
        row.text("单位名称"),
        own_area,
        row.text("行业系统") or None,
        UNIT_KIND_CODES.get(kind, ""),
        department == THERE if department else None,
    )


def read_person(row: Row, number: str, order: int, vocabulary: IntakeVocabulary) -> NewPerson:
    """Read one person whose identity number is right."""
    sex = row.one_of("性别", SEXES)
    by_number = SEXES[0] if int(number[16]) % 2 else SEXES[1]
    since = row.day("入职日期")
    if sex and sex != by_number:
        row.problem("性别", f"“{sex}”与身份证号不一致（应为{by_number}）", "请核对性别或身份证号")
    return NewPerson(
        identity_number=number,
        name=row.required("姓名"),
        sex=sex or by_number,
        order_in_unit=order,
        employed_since=since or vocabulary.first,
        born=ric.get_birth_date(number),
        political_status=row.text("政治面貌"),
        post=row.text("工作岗位"),
        title=row.text("职称"),
        level=LEVELS.get(row.one_of("职称级别", tuple(LEVELS))),
        title_since=row.day("取得职称日期"),
        since_stated=since is not None,
        left=_left(row, since, vocabulary),
        row=row.number,
    )


def _left(row: Row, since: date | None, vocabulary: IntakeVocabulary) -> date | None:
    """Read the last day at the unit; it lies in or before the year, and not before the first."""
    left = row.day(LEFT)
    if left is None:
        return None
    if left > vocabulary.last:
        cause = f"{left} 在{vocabulary.year}统计年度（至 {vocabulary.last}）之后"
        row.problem(LEFT, cause, "本年度末仍在本单位的不填；请在离开的年度填写")
    elif since is not None and left < since:
        row.problem(LEFT, f"{left} 早于入职日期 {since}", "请核对两个日期")
    return left


def read_identity(row: Row) -> str:
    """Return a valid identity number, or note what is wrong with it."""
    value = row.cells.get("身份证号")
    if isinstance(value, float):
        row.problem("身份证号", "按数字填写，末几位已丢失", "请把此列设为文本格式后重新填写")
        return ""
    row.required("身份证号")
    number = normal(row.plain("身份证号"))
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


def read_record(row: Row, vocabulary: IntakeVocabulary) -> NewRecord | None:
    """Read one record of study; None where its kind is wrong. What is wrong with it is noted cell by cell."""
    kind = _kind(row, vocabulary)
    content = row.required("学习内容")
    start, end = row.day("开始日期"), row.day("结束日期")
    if "结束日期" in row.sheet.places and not row.text("结束日期"):
        row.problem("结束日期", "没有填写", "请填写结束日期；它决定学时计入哪个年度")
    window = f"{vocabulary.first.isoformat()} 至 {vocabulary.last.isoformat()}"
    if end is not None and not vocabulary.first <= end <= vocabulary.last:
        cause = f"{end.isoformat()} 不在{vocabulary.year}统计年度内（{window}）"
        row.problem("结束日期", cause, "请核对日期；不属于本年度的学习请登记到所属年度")
    elif end is not None and vocabulary.today is not None and end > vocabulary.today:
        cause = f"{end.isoformat()} 还没有到（今天是 {vocabulary.today.isoformat()}）"
        row.problem("结束日期", cause, "请在学习结束后登记（补交用 --add），或核对日期")
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
    text = row.plain("申报学时")
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
