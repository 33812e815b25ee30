"""A list that a command prints, as a file: CSV for scripts and any spreadsheet, XLSX for officers."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from xueshi.errors import InputError
from xueshi.register.cell_text import guarded

WIDEST = 60


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV (UTF-8 with its mark, so that Excel reads Chinese); no cell begins a formula."""
    _refuse_existing(path)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(list(rows[0]) if rows else [])
        writer.writerows([_guarded(value) for value in row.values()] for row in rows)


def write_xlsx(path: Path, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as a workbook, row by row; text stays text, numbers are numbers."""
    _refuse_existing(path)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        head = book.add_format({"bold": True, "bg_color": "#DDE6F0", "border": 1, "valign": "vcenter"})
        sheet = book.add_worksheet(_sheet_name(title))
        headings = list(rows[0]) if rows else []
        for column, heading in enumerate(headings):
            longest = max([len(heading), *(len(str(row[heading])) for row in rows[:200])])
            sheet.set_column(column, column, min(WIDEST, longest * 2 + 2))
        sheet.freeze_panes(1, 0)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(headings) - 1)
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, head)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row.values()):
                if isinstance(value, int | Decimal) and not isinstance(value, bool):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_string(number, column, str(value))


def _guarded(value: Any) -> Any:
    return guarded(value) if isinstance(value, str) else value


def _sheet_name(title: str) -> str:
    """Return a title as Excel allows it for a sheet: at most 31 characters and none of seven signs."""
    return "".join("-" if sign in "[]:*?/\\" else sign for sign in title)[:31] or "表"


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise InputError(f"{path} 已存在；请换一个文件名，或先移走它")
