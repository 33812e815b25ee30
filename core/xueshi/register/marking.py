"""The marked workbook: a copy of what was handed in, with every faulty cell coloured and told, and a list of all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils.exceptions import InvalidFileException

from xueshi.register.sheets import Problem

LIST = "问题清单"
RED = PatternFill("solid", fgColor="FFC7CE")
_CELL = re.compile(r"^[A-Z]+\d+$")


def mark_workbook(path: Path, problems: Sequence[Problem], target: Path) -> None:
    """Write a marked copy of a workbook; one that cannot be opened gives a workbook with the list alone."""
    try:
        book = load_workbook(path)
    except (InvalidFileException, BadZipFile, OSError, KeyError, ValueError):
        book = Workbook()
        book.remove(book.worksheets[0])
    for problem in problems:
        if problem.sheet in book.sheetnames and _CELL.match(problem.cell):
            cell = book[problem.sheet][problem.cell]
            earlier = f"{cell.comment.text}\n" if cell.comment else ""
            cell.fill = copy(RED)
            cell.comment = Comment(
                f"{earlier}{problem.cause}。{problem.repair}", "学时", width=320, height=120
            )
    if LIST in book.sheetnames:
        del book[LIST]
    sheet = book.create_sheet(LIST, 0)
    sheet.append(["工作表", "单元格", "问题", "改法"])
    for problem in problems:
        sheet.append([problem.sheet, problem.cell, problem.cause, problem.repair])
        if problem.sheet in book.sheetnames and _CELL.match(problem.cell):
            link = sheet.cell(sheet.max_row, 2)
            link.hyperlink = f"#'{problem.sheet}'!{problem.cell}"
            link.font = Font(underline="single", color="0563C1")
    for column, width in zip("ABCD", (12, 10, 60, 60), strict=True):
        sheet.column_dimensions[column].width = width
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    book.active = 0
    book.save(target)
