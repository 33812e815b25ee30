"""The marked workbook: what was handed in, written afresh, with every faulty cell coloured and told, and a list of all.

Written row by row from the values that were read, so that a workbook of 100,000 rows costs seconds and little memory.
Headings, drop-down lists and checks stand in it again; formulas have become their values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from xueshi.register.sheet_scan import number_of
from xueshi.register.sheets import CheckedWorkbook, Limits, OpenBook, Problem, open_book
from xueshi.register.workbook import (
    CODE,
    GUIDE,
    LISTS,
    PEOPLE,
    PROBLEMS,
    RECORDS,
    UNIT,
    IntakeVocabulary,
    RegisterBook,
)

LIST = PROBLEMS
RED = "#FFC7CE"
ROW_BY_ROW = 20_000
"""Filled rows from which on the copy is written row by row."""
TEXT_WIDTH, LINE = 64, 15
"""Width of the columns of text in the list, in narrow signs (a Chinese one takes two), and the height of a line."""
_CELL = re.compile(r"^([A-Z]+)(\d+)$")
Rows = Mapping[str, set[int]]


def mark_workbook(
    path: Path,
    problems: Sequence[Problem],
    target: Path,
    vocabulary: IntakeVocabulary,
    *,
    only: Rows | None = None,
    limits: Limits | None = None,
) -> None:
    """Write the marked workbook; one that cannot be opened gives a workbook with the list alone.

    `only` keeps the given rows of each sheet, closed up, and lists where each stood: what goes back of a workbook of
    which the valid people were taken.
    """
    limits = limits or Limits()
    source = open_book(path, CheckedWorkbook(path.name), limits)
    filled = 0 if source is None else sum(scan.rows for scan in source.file.sheets.values())
    with RegisterBook(target, vocabulary, row_by_row=filled > ROW_BY_ROW) as book:
        _Marking(book, source, problems, only).write()


class _Marking:
    def __init__(
        self, book: RegisterBook, source: OpenBook | None, problems: Sequence[Problem], only: Rows | None
    ) -> None:
        self.book = book
        self.source = source
        self.only = only
        self.sheets = {} if source is None else {name.strip(): name for name in source.file.sheets}
        self.problems = problems
        self.several = False
        self.told: dict[tuple[str, int, int], list[Problem]] = {}
        for problem in problems:
            place = _place(problem)
            if place is not None:
                self.told.setdefault((problem.sheet, *place), []).append(problem)
        self.moved = {
            name: {row: new for new, row in enumerate(sorted(rows), start=2)}
            for name, rows in (only or {}).items()
        }

    def write(self) -> None:
        """Write the list, then each sheet."""
        self._list()
        if self.source is None:
            return
        for name, own in self.sheets.items():
            if name in (LIST, LISTS, GUIDE) or self.source.why_not_read(name) is not None:
                continue
            if name in (UNIT, PEOPLE, RECORDS):
                self._copy(name, own)
            elif self.only is None:
                self._copy_foreign(own)
        self.book.guide(several=self.several)

    def _list(self) -> None:
        book = self.book
        sheet = book.book.add_worksheet(LIST)
        headings = ["工作表", "单元格", "问题", "改法"] + ([] if self.only is None else ["原单元格"])
        for column, (heading, width) in enumerate(
            zip(headings, (12, 10, TEXT_WIDTH, TEXT_WIDTH, 10), strict=False)
        ):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, heading, book.look(bold=True, border=1, bg_color="#DDE6F0"))
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        text = book.look(text_wrap=True, valign="top", border=1)
        link = book.look(font_color="#0563C1", underline=1, valign="top", border=1)
        for row, problem in enumerate(self.problems, start=1):
            cell = self._cell(problem)
            longest = max(len(problem.cause), len(problem.repair))
            sheet.set_row(row, LINE * -(-longest * 2 // TEXT_WIDTH))
            sheet.write_string(row, 0, problem.sheet, text)
            if cell and problem.sheet in self.sheets:
                sheet.write_url(row, 1, f"internal:'{self.sheets[problem.sheet]}'!{cell}", link, cell)
            else:
                sheet.write_string(row, 1, problem.cell, text)
            sheet.write_string(row, 2, problem.cause, text)
            sheet.write_string(row, 3, problem.repair, text)
            if self.only is not None:
                sheet.write_string(row, 4, problem.cell, text)
        if self.problems:
            sheet.autofilter(0, 0, len(self.problems), len(headings) - 1)

    def _cell(self, problem: Problem) -> str:
        """Return where a problem's cell stands in the new workbook; empty where it is not in it."""
        match = _CELL.match(problem.cell)
        if match is None or self.only is None or int(match[2]) == 1:
            return problem.cell if match else ""
        row = self.moved.get(problem.sheet, {}).get(int(match[2]))
        return f"{match[1]}{row}" if row else ""

    def _copy(self, name: str, own: str) -> None:
        """Copy a sheet of the template: its headings as they are, with the checks that belong to them."""
        rows = self._rows(own)
        _, first = next(rows, (1, []))
        headings = [str(cell) for cell in first]
        self.several = self.several or (name == PEOPLE and CODE in headings)
        sheet = self.book.sheet(own, headings)
        for column, heading in enumerate(headings):
            self._write(sheet, name, 1, 0, column, heading, heading)
        for number, cells in rows:
            new = number if self.only is None else self.moved.get(name, {}).get(number, 0)
            if not new:
                continue
            for column, value in enumerate(cells):
                if value == "" and (name, number, column) not in self.told:
                    continue
                heading = headings[column] if column < len(headings) else ""
                self._write(sheet, name, number, new - 1, column, heading, value)

    def _write(
        self, sheet: Any, name: str, number: int, row: int, column: int, heading: str, value: Any
    ) -> None:
        told = self.told.get((name, number, column))
        if told is None:
            if number > 1:
                self.book.cell(sheet, row, column, heading, value)
            return
        self.book.cell(sheet, row, column, heading, value, bg_color=RED)
        text = "\n".join(f"{one.cause}。{one.repair}" for one in told)
        sheet.write_comment(
            row, column, text, {"author": "学时", "width": 320, "height": 120, "font_size": 9}
        )

    def _copy_foreign(self, own: str) -> None:
        """Copy the values of a sheet that is not of the template: it is not read, but it is the unit's."""
        sheet = self.book.book.add_worksheet(own)
        for number, cells in self._rows(own):
            for column, value in enumerate(cells):
                self.book.cell(sheet, number - 1, column, "", value)

    def _rows(self, own: str) -> Iterator[tuple[int, list[Any]]]:
        if self.source is None:
            return iter(())
        return ((number, [_value(cell) for cell in cells]) for number, cells in self.source.rows(own.strip()))


def _place(problem: Problem) -> tuple[int, int] | None:
    """Return row (from 1) and column (from 0) of a problem's cell."""
    match = _CELL.match(problem.cell)
    if match is None:
        return None
    return int(match[2]), number_of(match[1]) - 1


def _value(cell: Any) -> Any:
    return cell if isinstance(cell, str | bool | int | float | date) else str(cell)
