"""Checking a register workbook cell by cell: everything that is wrong at once, each with place, cause and repair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from xueshi.assessment.evaluate import evaluate
from xueshi.assessment.types import PersonYearRequest, RecordFacts
from xueshi.errors import RuleError
from xueshi.register.identity import mask_identity, normal
from xueshi.register.row_reading import identity_fault, read_identity, read_person, read_record, read_unit
from xueshi.register.rows.roster_rows import NewPerson, NewRecord
from xueshi.register.sheets import (
    CheckedWorkbook,
    Limits,
    OpenBook,
    Problem,
    Row,
    Sheet,
    UnitRegister,
    letters,
    open_book,
)
from xueshi.register.workbook import (
    CODE,
    GUIDE,
    LISTS,
    PEOPLE,
    PEOPLE_COLUMNS,
    PROBLEMS,
    RECORDS,
    UNIT,
    UNIT_COLUMNS,
    UNIT_FACTS,
    IntakeVocabulary,
)

NO_RULE = frozenset({"no_rule", "not_of_item", "no_row"})
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
        units = Sheet.read(self.book, UNIT, UNIT_COLUMNS, self.checked, optional=UNIT_FACTS)
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
        rows = list(sheet.rows)
        if not rows or (len(rows) > 1 and not self.several):
            repair = f"一个工作簿只填一个单位；几个单位合报的，请在“{PEOPLE}”表加“{CODE}”一列"
            self.checked.add(UNIT, "", f"应有一个单位，现有 {len(rows)} 个", repair)
            return
        for row in rows:
            unit = read_unit(row, self.area)
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
        for row in sheet.rows:
            found += 1
            self._step()
            code = self._code_of(row) if self.several else only
            number = read_identity(row)
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
            entry = _Entry(code, row.number, read_person(row, number, order[code], self.vocabulary))
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
        for row in sheet.rows:
            self._step()
            row.required("身份证号")
            number = normal(row.plain("身份证号"))
            whose = self._entry_of(row, number)
            record = read_record(row, self.vocabulary)
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


def rows_of(problems: Sequence[Problem]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield problems as table rows."""
    for problem in problems:
        yield problem.file, problem.sheet, problem.cell, problem.cause, problem.repair
