"""A workbook as sheets, rows and cells: headings checked once, every cell read with its address, problems gathered."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from xueshi.register.cell_text import heading_key, narrow, read_day, seen
from xueshi.register.identity import mask_identity
from xueshi.register.rows.roster_rows import NewPerson
from xueshi.register.rows.unit_rows import NewUnit
from xueshi.register.sheet_scan import SheetScan, number_of
from xueshi.register.workbook_file import FileRefusedError, Limits, WorkbookFile, examine

__all__ = [
    "CheckedWorkbook", "Limits", "OpenBook", "Problem", "Row", "Sheet", "UnitRegister", "letters", "near", "open_book",
]  # fmt: skip

_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{6}(?:19|20)\d{9}[\dXx](?![0-9A-Za-z])")
"""What reads like an identity number, wherever it was typed: a shifted column must not print it."""
_CELL = re.compile(r"^([A-Z]+)(\d+)$")
WIDEST = 400
"""Columns that are read; no workbook of ours has a quarter of it."""
OLDEST, NEWEST = date(1940, 1, 1), date(2100, 12, 31)
"""First and last day that can stand in a register of people at work."""
BLANK_BETWEEN = 5_000
"""Blank rows that may stand between filled ones, beyond the limit of rows: the reader fills a whole rectangle."""


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

    @property
    def row(self) -> int:
        """Return the row that is wrong; 0 where the sheet or the file as a whole is, or its headings."""
        match = _CELL.match(self.cell)
        return int(match[2]) if match and int(match[2]) > 1 else 0


@dataclass
class UnitRegister:
    """A unit of a workbook with its people as they were read."""

    unit: NewUnit
    people: list[NewPerson] = field(default_factory=list)
    sound: list[NewPerson] = field(default_factory=list)
    """Those of them of whom nothing is wrong, in any row."""


@dataclass
class CheckedWorkbook:
    """A workbook as read: its units and people where everything is right, and the problems where not."""

    file: str
    registers: list[UnitRegister] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What an officer should know although nothing is wrong: hidden rows that were read, sheets that were not."""
    rejected: dict[str, set[int]] = field(default_factory=dict)
    """Rows by sheet that go back where the valid people only are taken: those of people of whom anything is wrong."""
    rejected_people: int = 0
    places: dict[str, int] = field(default_factory=dict)
    """In which column of the sheet of people each heading stands, from 0."""
    most: int = Limits.problems
    unlisted: int = 0
    """Problems beyond `most`, counted only."""
    blocked: bool = False
    """Something concerns the whole file or a whole sheet: not even the valid people can be taken."""

    @property
    def unit(self) -> NewUnit | None:
        """The unit of a workbook that has one; the first of several; None where none could be read."""
        return self.registers[0].unit if self.registers else None

    @property
    def people(self) -> list[NewPerson]:
        """All people as read, in the order of the workbook's units."""
        return [person for register in self.registers for person in register.people]

    def add(self, sheet: str, cell: str, cause: str, repair: str) -> None:
        """Note a problem."""
        shown = _IDENTITY.sub(lambda found: mask_identity(found.group()), cause)
        problem = Problem(self.file, sheet, cell, shown, repair)
        if problem.row:
            self.rejected.setdefault(sheet, set()).add(problem.row)
        else:
            self.blocked = True
        if len(self.problems) < self.most:
            self.problems.append(problem)
        else:
            self.unlisted += 1

    def close_list(self) -> None:
        """Say how many problems were not listed, once all are known."""
        if self.unlisted:
            cause = f"另有 {self.unlisted} 处问题未列出"
            self.problems.append(Problem(self.file, "", "", cause, "请先改正所列各处，再检查一次"))


@dataclass(frozen=True)
class OpenBook:
    """A workbook that was found safe, open for reading."""

    reader: CalamineWorkbook
    file: WorkbookFile
    limits: Limits

    def rows(self, name: str) -> Iterator[tuple[int, list[Any]]]:
        """Yield a sheet's rows with their numbers (from 1), each from column A on; `why_not_read` must be empty."""
        own = self.file.named(name)
        if own is None or not self.file.sheets[own].last_row:
            return
        sheet = self.reader.get_sheet_by_name(own)
        # The reader begins at the first filled column, and at row 1 whatever is filled.
        left = [""] * (sheet.start[1] if sheet.start else 0)
        for number, row in enumerate(sheet.iter_rows(), start=1):
            yield number, [*left, *row] if left else row

    def why_not_read(self, name: str) -> tuple[str, str, str] | None:
        """Return cell, cause and repair where a sheet reaches too far to be read; None when it can be."""
        scan = self.file.sheets[self.file.named(name) or name]
        if scan.last_column > WIDEST:
            cell = f"{letters(scan.last_column - 1)}1"
            return (
                cell,
                f"内容一直到 {letters(scan.last_column - 1)} 列，超出表格范围",
                "请删去表格右侧多余的内容",
            )
        if scan.last_row > self.limits.rows + BLANK_BETWEEN:
            return (
                "",
                f"内容一直到第 {scan.last_row} 行，中间多为空行",
                "请删去表格下方多余的内容（整行删除）",
            )
        return None


def open_book(path: Path, checked: CheckedWorkbook, limits: Limits) -> OpenBook | None:
    """Open a workbook; None, with the problem noted, where it is none, unsafe or too large."""
    try:
        file = examine(path, limits)
        return OpenBook(CalamineWorkbook.from_path(str(path)), file, limits)
    except FileRefusedError as refused:
        checked.add("", "", refused.cause, refused.repair)
    except (CalamineError, OSError, ValueError):
        checked.add("", "", "不是可读的 Excel 工作簿，或内容已损坏", "请用 Excel 另存为 .xlsx 后再导入")
    return None


@dataclass
class Row:
    """One row of a sheet: cells by heading, and where they stand."""

    sheet: Sheet
    number: int
    cells: Mapping[str, Any]
    told: set[str] = field(default_factory=set)
    """Headings whose cell was found wrong while the file was scanned: nothing more is said of them."""

    def text(self, heading: str) -> str:
        """Return a cell as text without blanks at its ends; whole numbers without a decimal point."""
        value = self.cells.get(heading)
        if isinstance(value, str):
            return seen(value) if value else ""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, float):
            # As Excel shows it: 15 digits, so that a formula's 3.3000000000000003 is 3.3.
            return str(int(value)) if value.is_integer() else f"{value:.15g}"
        if isinstance(value, datetime):
            return value.date().isoformat()
        return seen(str(value))

    def plain(self, heading: str) -> str:
        """Return a number, code or date in narrow signs."""
        return narrow(self.text(heading))

    def at(self, heading: str) -> str:
        """Return the address of a cell, as Excel shows it."""
        return self.sheet.at(heading, self.number)

    def problem(self, heading: str, cause: str, repair: str) -> None:
        """Note a problem of one cell."""
        if heading not in self.told:
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
        if isinstance(value, date):
            return self._likely(heading, value.date() if isinstance(value, datetime) else value)
        text = self.text(heading)
        if not text:
            return None
        try:
            return read_day(text, serial=self.sheet.serial_days)
        except ValueError as error:
            self.problem(heading, f"“{text}”{error}", "请写成 2021-05-10 的样子")
            return None

    def _likely(self, heading: str, day: date) -> date | None:
        """Return a day of Excel's, or tell that it is none that anybody meant: 2021.5 in a cell of days is one of 1905."""
        if OLDEST <= day <= NEWEST:
            return day
        repair = "请写成 2021-05-10 的样子；只写年月（如 2021.5）会被 Excel 当成另一天"
        self.problem(heading, f"“{day.isoformat()}”不像是要填的日期", repair)
        return None

    def one_of(self, heading: str, words: Sequence[str]) -> str:
        """Return a cell that must hold one of the words, or be blank."""
        text = self.text(heading)
        if text and text not in words:
            self.problem(heading, f"“{text}”不在可填的值中{near(text, words)}", f"可填：{'、'.join(words)}")
            return ""
        return text


@dataclass
class Sheet:
    """One sheet: in which column each heading stands, and its rows as they are read, one after the other."""

    name: str
    checked: CheckedWorkbook
    places: dict[str, int] = field(default_factory=dict)
    serial_days: bool = True
    scan: SheetScan = field(default_factory=SheetScan)
    rows: Iterable[Row] = ()
    """Its rows that are not blank; of a workbook they are read as they are asked for, once."""

    def at(self, heading: str, row: int) -> str:
        """Return the address of the cell of a heading in a row; empty where the heading is missing."""
        return f"{letters(self.places[heading])}{row}" if heading in self.places else ""

    @classmethod
    def read(
        cls,
        book: OpenBook,
        name: str,
        headings: Sequence[str],
        checked: CheckedWorkbook,
        optional: Iterable[str] = (),
    ) -> Sheet:
        """Check a sheet's headings and make it ready for reading; `optional` headings may be missing."""
        sheet = cls(name, checked, serial_days=not book.file.counts_from_1904)
        own = book.file.named(name)
        if own is None:
            guess = near(name, list(book.file.sheets))
            checked.add(name, "", f"缺少工作表“{name}”{guess}", "请使用下发的模板，不要删除或改名工作表")
            return sheet
        sheet.scan = book.file.sheets[own]
        far = book.why_not_read(name)
        if far is not None:
            checked.add(name, *far)
            return sheet
        rows = book.rows(name)
        first = next(rows, None)
        if first is None:
            checked.add(name, "", "工作表是空的", "请使用下发的模板，保留第一行的栏目名")
            return sheet
        known = {heading_key(heading): heading for heading in (*headings, *optional)}
        second = None
        if not any(heading_key(str(cell)) in known for cell in first[1]):
            second = next(rows, None)
        if second is not None and any(heading_key(str(cell)) in known for cell in second[1]):
            checked.add(
                name, "第1行", "第1行不是栏目名，栏目名在第2行", "请删去上面的标题行，使栏目名成为第1行"
            )
            return sheet
        sheet._place(first[1], known)
        missing = [heading for heading in headings if heading not in sheet.places]
        if missing:
            checked.add(name, "第1行", f"缺少栏目：{'、'.join(missing)}", "请使用下发的模板，不要删除栏目")
        sheet._tell_merged()
        sheet.rows = sheet._read(rows)
        return sheet

    def _read(self, rows: Iterator[tuple[int, list[Any]]]) -> Iterator[Row]:
        """Yield the rows that are not blank. A row that repeats the headings is told and left out."""
        by_column = {place: heading for heading, place in self.places.items()}
        faults: dict[int, list[tuple[str, str]]] = {}
        for (line, column), cause in self.scan.faults.items():
            if column - 1 in by_column:
                faults.setdefault(line, []).append((by_column[column - 1], cause))
        for number, values in rows:
            wrong = faults.get(number)
            if wrong is None and all(_blank(value) for value in values):
                continue
            cells = {
                heading: values[place] if place < len(values) else ""
                for heading, place in self.places.items()
            }
            row = Row(self, number, cells)
            if self._repeats_headings(row):
                self.checked.add(self.name, f"A{number}", "这一行又是栏目名", "请删去此行，栏目名只在第1行")
                continue
            for heading, cause in wrong or ():
                row.problem(heading, cause, "请改正公式，或直接填写结果（可用“选择性粘贴—数值”）")
                row.told.add(heading)
            yield row

    def _place(self, cells: Sequence[Any], known: Mapping[str, str]) -> None:
        for place, cell in enumerate(cells):
            shown = seen(str(cell))
            if not shown:
                continue
            heading = known.get(heading_key(shown))
            at = f"{letters(place)}1"
            if heading is None:
                guess = near(shown, list(known.values()))
                self.checked.add(
                    self.name, at, f"没有“{shown}”这一栏{guess}", "请改回模板的栏目名，或删去此列"
                )
            elif heading in self.places:
                self.checked.add(self.name, at, f"“{heading}”出现两次", "请删去其中一列")
            else:
                self.places[heading] = place

    def _tell_merged(self) -> None:
        """Tell merged cells in columns that are read: only the first cell of a range holds its value."""
        columns = set(self.places.values())
        for area in self.scan.merged:
            first, _, last = area.partition(":")
            start, end = _CELL.match(first), _CELL.match(last)
            if start is None or end is None:
                continue
            span = range(number_of(start[1]) - 1, number_of(end[1]))
            if columns.isdisjoint(span) and start[2] != "1":
                continue
            where = "栏目行有合并单元格" if start[2] == "1" else "合并单元格"
            cause = f"{where} {area}，只有左上角一格有值"
            self.checked.add(self.name, first, cause, "请取消合并，并在每一格填写")
            self.checked.rejected.setdefault(self.name, set()).update(range(int(start[2]), int(end[2]) + 1))

    def _repeats_headings(self, row: Row) -> bool:
        same: int = sum(value == heading for heading, value in row.cells.items())
        return same >= 2 and same * 2 >= sum(not _blank(value) for value in row.cells.values())


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not seen(value))


def near(word: str, known: Sequence[str]) -> str:
    """Return the nearest valid word as a question to append to a message; empty when none is near."""
    found = difflib.get_close_matches(word, known, 1, cutoff=0.5)
    return f"；是否为“{found[0]}”" if found else ""


def letters(place: int) -> str:
    """Return the letters of a column counted from 0, as Excel shows them: 0 → A, 26 → AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
