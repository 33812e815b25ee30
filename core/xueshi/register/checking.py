"""Checking a register workbook cell by cell: everything that is wrong at once, each with place, cause and repair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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
from xueshi.register.sheets import (
    CheckedWorkbook,
    Limits,
    OpenBook,
    Problem,
    Row,
    Sheet,
    UnitRegister,
    letters,
    near,
    open_book,
)
from xueshi.register.workbook import (
    CODE,
    GUIDE,
    LEVELS,
    LISTS,
    PEOPLE,
    PEOPLE_COLUMNS,
    PROBLEMS,
    RECORDS,
    SEXES,
    UNIT,
    UNIT_COLUMNS,
    IntakeVocabulary,
)

NO_RULE = frozenset({"no_rule", "no_row"})
"""Ledger codes of a record that no rule of the instrument covers."""
Watch = Callable[[int, int], None]
"""Told now and then how many rows of how many were read."""
TELL_EVERY = 500
SHOWN_HIDDEN = 5


def check_workbook(
    path: Path,
    vocabulary: IntakeVocabulary,
    area: str,
    limits: Limits | None = None,
    watch: Watch = lambda _done, _of: None,
) -> CheckedWorkbook:
    """Read a workbook and check every cell; `people` may be used only when there is no problem, `sound` ones always.

    Several units stand in one workbook where the sheet of people says in a column 统一社会信用代码 whose each one is.
    """
    limits = limits or Limits()
    checked = CheckedWorkbook(path.name, most=limits.problems)
    book = open_book(path, checked, limits)
    if book is not None:
        _Check(book, checked, vocabulary, area, watch).run()
    checked.close_list()
    return checked


@dataclass
class _Entry:
    """A person at a unit as read, with the rows that speak of them."""

    code: str
    row: int
    person: NewPerson
    records: list[NewRecord] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    sound: bool = True


class _Check:
    """One pass over a workbook: units, people, records, each row once; then whether the law covers what is claimed."""

    def __init__(
        self, book: OpenBook, checked: CheckedWorkbook, vocabulary: IntakeVocabulary, area: str, watch: Watch
    ) -> None:
        self.book = book
        self.checked = checked
        self.vocabulary = vocabulary
        self.area = area
        self.watch = watch
        self.units: dict[str, UnitRegister] = {}
        self.unit_rows: dict[str, int] = {}
        self.entries: dict[tuple[str, str], _Entry] = {}
        self.by_number: dict[str, list[_Entry]] = {}
        self.several = False
        self.done = self.total = 0

    def run(self) -> None:
        """Check all sheets and gather the registers of the units."""
        scans = self.book.file.sheets
        read = [own for own in map(self.book.file.named, (UNIT, PEOPLE, RECORDS)) if own is not None]
        self.total = sum(max(0, scans[name].rows - 1) for name in read)
        if self.total > self.book.limits.rows:
            cause = f"超过{self.book.limits.rows}行（共 {self.total} 行）"
            self.checked.add("", "", cause, "请按部门拆成几个工作簿，或请管理员调高上限")
            return
        self._note_unseen()
        people = Sheet.read(self.book, PEOPLE, PEOPLE_COLUMNS, self.checked, optional=(CODE,))
        self.several = CODE in people.places
        units = Sheet.read(self.book, UNIT, UNIT_COLUMNS, self.checked)
        self._units(units)
        self._people(people)
        records = Sheet.read(
            self.book, RECORDS, self.vocabulary.record_headings, self.checked, optional=(CODE,)
        )
        self._records(records)
        self._judge_entries(records)
        self._gather()

    def _note_unseen(self) -> None:
        """Note what the eye does not see in Excel: hidden rows and columns that are read, sheets that are not."""
        file = self.book.file
        own = [file.named(name) for name in (UNIT, PEOPLE, RECORDS)]
        for name, scan in file.sheets.items():
            if name not in own:
                if scan.rows and name.strip() not in (GUIDE, LISTS, PROBLEMS):
                    self.checked.notes.append(f"工作表“{name}”不属于模板，没有读入")
                continue
            if name in file.hidden:
                self.checked.notes.append(f"工作表“{name}”被隐藏，已照常读入")
            if scan.hidden_rows:
                shown = "、".join(str(row) for row in scan.hidden_rows[:SHOWN_HIDDEN])
                more = "等" if len(scan.hidden_rows) > SHOWN_HIDDEN else ""
                self.checked.notes.append(
                    f"“{name}”有 {len(scan.hidden_rows)} 行被隐藏或筛去（第{shown}{more}行），已照常读入"
                )
            hidden = [first for first, _ in scan.hidden_columns if first <= scan.last_column]
            if hidden:
                shown = "、".join(letters(column - 1) for column in hidden)
                self.checked.notes.append(f"“{name}”的 {shown} 列被隐藏，已照常读入")

    def _step(self) -> None:
        self.done += 1
        if self.done % TELL_EVERY == 0:
            self.watch(self.done, self.total)

    def _units(self, sheet: Sheet) -> None:
        if not sheet.places:
            return
        rows = list(sheet.rows())
        if not rows or (len(rows) > 1 and not self.several):
            repair = f"一个工作簿只填一个单位；几个单位合报的，请在“{PEOPLE}”表加“{CODE}”一列"
            self.checked.add(UNIT, "", f"应有一个单位，现有 {len(rows)} 个", repair)
            return
        for row in rows:
            unit = _unit_of(row, self.area)
            if unit.credit_code in self.units and unit.credit_code:
                row.problem(CODE, f"{unit.credit_code} 出现两次", "一个单位只填一行")
            self.units.setdefault(unit.credit_code, UnitRegister(unit))
            self.unit_rows.setdefault(unit.credit_code, row.number)
            self._step()
        if not self.several and UNIT in self.checked.rejected:
            self.checked.blocked = True

    def _people(self, sheet: Sheet) -> None:
        order: dict[str, int] = {}
        only = next(iter(self.units), "")
        found = 0
        for row in sheet.rows():
            found += 1
            self._step()
            code = self._code_of(row) if self.several else only
            number = _identity(row)
            order[code] = order.get(code, 0) + 1
            if not number:
                continue
            twin = self.entries.get((code, number))
            if twin is not None:
                # Which of the two rows is meant nobody knows: neither is taken where only valid people are.
                twin.sound = False
                cause = f"{mask_identity(number)} 与第 {twin.row} 行是同一人"
                row.problem("身份证号", cause, "一人只填一行，请删去重复的一行")
                continue
            entry = _Entry(code, row.number, _person(row, number, order[code], self.vocabulary))
            self.entries[code, number] = entry
            self.by_number.setdefault(number, []).append(entry)
        if sheet.places and not found:
            self.checked.add(PEOPLE, "", "没有人员", "请至少填写一人")

    def _code_of(self, row: Row) -> str:
        row.required(CODE)
        code = row.plain(CODE).upper()
        if code and code not in self.units:
            row.problem(CODE, f"{code} 不在“{UNIT}”表中", f"请在“{UNIT}”表登记该单位，或核对代码")
        return code

    def _records(self, sheet: Sheet) -> None:
        by_name: dict[str, list[_Entry]] = {}
        for entry in self.entries.values():
            by_name.setdefault(entry.person.name, []).append(entry)
        for row in sheet.rows():
            self._step()
            row.required("身份证号")
            number = normal(row.plain("身份证号"))
            whose = self._entry_of(row, number)
            record = _read_record(row, self.vocabulary)
            if whose is None:
                # The row may well be of somebody of that name, whose year would be incomplete without it.
                for namesake in by_name.get(row.text("姓名"), ()):
                    namesake.sound = False
                continue
            whose.rows.append(row.number)
            if record is not None:
                whose.records.append(record)

    def _entry_of(self, row: Row, number: str) -> _Entry | None:
        """Return the person whom a row of the record sheet is about, or note why that is nobody."""
        if not number:
            return None
        found = self.by_number.get(number, [])
        code = row.plain(CODE).upper() if CODE in row.sheet.places else ""
        if code:
            found = [entry for entry in found if entry.code == code]
        if len(found) == 1:
            return found[0]
        if found:
            row.problem(
                "身份证号", f"{mask_identity(number)} 在几个单位登记", f"请在“{CODE}”列写明是哪个单位的记录"
            )
            for entry in found:
                entry.sound = False
        elif identity_fault(number) is None:
            cause = f"{mask_identity(number)} 不在“{PEOPLE}”表中"
            row.problem("身份证号", cause, f"请先在“{PEOPLE}”表中登记此人，或核对身份证号")
        else:
            row.problem("身份证号", f"{mask_identity(number)} 与“{PEOPLE}”表对不上", "请核对身份证号")
        return None

    def _judge_entries(self, sheet: Sheet) -> None:
        """Mark whose row or record is wrong; of the others see whether the instrument covers what they claim."""
        rejected = self.checked.rejected
        no_people, no_records = rejected.get(PEOPLE, set()), rejected.get(RECORDS, set())
        for entry in self.entries.values():
            entry.sound = (
                entry.sound and entry.row not in no_people and no_records.isdisjoint(entry.rows)
                and entry.code in self.units
            )  # fmt: skip
            if entry.sound and not self.checked.blocked:
                entry.sound = self._covered(entry, sheet)

    def _covered(self, entry: _Entry, sheet: Sheet) -> bool:
        """Refuse hours that are claimed for something no row of the instrument covers: the clerk can still correct it."""
        claims = {f"r{record.position}": record for record in entry.records if record.claimed}
        if not claims:
            return True
        vocabulary, person = self.vocabulary, entry.person
        request = PersonYearRequest(
            area=self.units[entry.code].unit.area,
            year=vocabulary.year,
            person={} if person.level is None else {"person.level": person.level},
            records=tuple(
                RecordFacts(f"r{record.position}", record.kind, record.facts, vocabulary.year, record.claimed)
                for record in entry.records
            ),
            earlier=(),
        )
        try:
            ledger = evaluate(vocabulary.pack, request, trace=False).ledger
        except RuleError as error:
            cause = f"{mask_identity(person.identity_number)}：{error}"
            self.checked.add(RECORDS, sheet.at("身份证号", entry.rows[0]), cause, "请核对此人的学习记录")
            return False
        wrong = [one for one in ledger if one.code in NO_RULE and one.record in claims]
        for line in wrong:
            self.checked.add(
                RECORDS,
                sheet.at("申报学时", claims[line.record].position),
                f"申报学时在{vocabulary.pack.number}中没有条款可依：{line.text}",
                "请核对所填情况，或删去申报学时",
            )
        return not wrong

    def _gather(self) -> None:
        """Give each unit its sound people, and mark the rows of the others as going back."""
        wrong_units = {
            code for code, row in self.unit_rows.items() if row in self.checked.rejected.get(UNIT, set())
        }
        for entry in self.entries.values():
            person = replace(entry.person, records=tuple(entry.records))
            if entry.code in self.units:
                self.units[entry.code].people.append(person)
            if entry.sound and entry.code not in wrong_units:
                self.units[entry.code].sound.append(person)
                continue
            self.checked.rejected.setdefault(PEOPLE, set()).add(entry.row)
            self.checked.rejected.setdefault(RECORDS, set()).update(entry.rows)
            if entry.code in self.unit_rows:
                self.checked.rejected.setdefault(UNIT, set()).add(self.unit_rows[entry.code])
        self.checked.rejected_people = len(self.checked.rejected.get(PEOPLE, ()))
        self.checked.registers = list(self.units.values())
        self.watch(self.total, self.total)


def _unit_of(row: Row, area: str) -> NewUnit:
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
    return NewUnit(code, row.text("单位名称"), own_area, row.text("行业系统") or None)


def _person(row: Row, number: str, order: int, vocabulary: IntakeVocabulary) -> NewPerson:
    """Read one person whose identity number is right."""
    sex = row.one_of("性别", SEXES)
    by_number = SEXES[0] if int(number[16]) % 2 else SEXES[1]
    if sex and sex != by_number:
        row.problem("性别", f"“{sex}”与身份证号不一致（应为{by_number}）", "请核对性别或身份证号")
    return NewPerson(
        identity_number=number,
        name=row.required("姓名"),
        sex=sex or by_number,
        order_in_unit=order,
        employed_since=row.day("入职日期") or vocabulary.first,
        born=ric.get_birth_date(number),
        political_status=row.text("政治面貌"),
        post=row.text("工作岗位"),
        title=row.text("职称"),
        level=LEVELS.get(row.one_of("职称级别", tuple(LEVELS))),
        title_since=row.day("取得职称日期"),
    )


def _identity(row: Row) -> str:
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


def _read_record(row: Row, vocabulary: IntakeVocabulary) -> NewRecord | None:
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


def rows_of(problems: Sequence[Problem]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield problems as table rows."""
    for problem in problems:
        yield problem.file, problem.sheet, problem.cell, problem.cause, problem.repair
