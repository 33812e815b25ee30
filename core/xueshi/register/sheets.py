"""A workbook as sheets, rows and cells: headings checked once, every cell read with its address, problems gathered."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from xueshi.register.identity import mask_identity
from xueshi.register.repository import NewPerson, NewUnit

_IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{6}(?:19|20)\d{9}[\dXx](?![0-9A-Za-z])")
"""What reads like an identity number, wherever it was typed: a shifted column must not print it."""
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
        shown = _IDENTITY.sub(lambda found: mask_identity(found.group()), cause)
        self.problems.append(Problem(self.file, sheet, cell, shown, repair))


def open_book(path: Path, checked: CheckedWorkbook, limits: Limits) -> CalamineWorkbook | None:
    """Open a workbook; None, with the problem noted, where it is none or too large."""
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
class Row:
    """One row of a sheet: cells by heading, and where they stand."""

    sheet: Sheet
    number: int
    cells: Mapping[str, Any]

    def text(self, heading: str) -> str:
        """Return a cell as text without blanks at its ends; whole numbers without a decimal point."""
        value = self.cells.get(heading)
        if value is None:
            return ""
        if isinstance(value, float):
            # As Excel shows it: 15 digits, so that a formula's 3.3000000000000003 is 3.3.
            return str(int(value)) if value.is_integer() else f"{value:.15g}"
        if isinstance(value, datetime):
            return value.date().isoformat()
        return str(value).strip()

    def at(self, heading: str) -> str:
        """Return the address of a cell, as Excel shows it."""
        return self.sheet.at(heading, self.number)

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
            self.problem(heading, f"“{text}”不在可填的值中{near(text, words)}", f"可填：{'、'.join(words)}")
            return ""
        return text


@dataclass
class Sheet:
    """One sheet: its rows that are not blank, and in which column each heading stands."""

    name: str
    checked: CheckedWorkbook
    places: dict[str, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def at(self, heading: str, row: int) -> str:
        """Return the address of the cell of a heading in a row; empty where the heading is missing."""
        return f"{letters(self.places[heading])}{row}" if heading in self.places else ""

    @classmethod
    def read(
        cls, book: CalamineWorkbook, name: str, headings: Sequence[str], checked: CheckedWorkbook
    ) -> Sheet:
        """Read a sheet and check its headings."""
        sheet = cls(name, checked)
        if name not in book.sheet_names:
            guess = near(name, book.sheet_names)
            checked.add(name, "", f"缺少工作表“{name}”{guess}", "请使用下发的模板，不要删除或改名工作表")
            return sheet
        table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        if not table:
            checked.add(name, "", "工作表是空的", "请使用下发的模板，保留第一行的栏目名")
            return sheet
        for place, heading in enumerate(str(cell).strip() for cell in table[0]):
            if not heading:
                continue
            cell = f"{letters(place)}1"
            if heading not in headings:
                repair = "请改回模板的栏目名，或删去此列"
                checked.add(name, cell, f"没有“{heading}”这一栏{near(heading, headings)}", repair)
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
                sheet.rows.append(Row(sheet, number, cells))
        return sheet


def read_day(text: str) -> date | None:
    """Read a day as officers write it: 2021-05-10, 2021.5.10, 2021/5/10, 2021年5月10日."""
    match = _DATE.match(text.strip())
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


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
