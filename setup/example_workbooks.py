"""Write examples/workbooks anew: `make examples`; a test imports each of them and compares them with what this writes.

A unit's workbook as it is handed in, the same with three mistakes that units really make, and the marked copy that goes
back. Units and people are invented (`cli/xueshi_cli/samples.py`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from xueshi.register.checking import check_workbook
from xueshi.register.marking import mark_workbook
from xueshi.register.workbook import PEOPLE, RECORDS, IntakeVocabulary, write_workbook
from xueshi.registry import load
from xueshi_cli.demo_cast import sampled_region
from xueshi_cli.samples import make_units, read_samples

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "workbooks"
SEED = 2021
PEOPLE_OF_UNIT = 12
MISTAKES = (
    (PEOPLE, "身份证号", lambda number: number[:-1] + ("1" if number[-1] != "1" else "2")),
    (RECORDS, "类别", lambda _: "公需课"),
    (RECORDS, "开始日期", lambda _: "2031-02-30"),
)
"""Each in the first row of its sheet: a mistyped digit, a kind that is called otherwise, a day that is none."""


def write(folder: Path) -> list[Path]:
    """Write the three workbooks into a folder; returns their paths."""
    registry = load()
    region, files = sampled_region(registry)
    samples = read_samples(files, region)
    notice = next(one for one in registry.ask(region).notices(samples.year) if one.id == samples.notice)
    pack = registry.pack_for(notice.area, notice.year)
    vocabulary = IntakeVocabulary.from_pack(pack, notice.year)
    (made,) = make_units(
        samples,
        area=notice.area,
        window=pack.year_window(notice.year),
        units=1,
        people=PEOPLE_OF_UNIT,
        seed=SEED,
    )
    right = folder / f"{made.unit.name}.xlsx"
    wrong, marked = (folder / f"{right.stem}-{what}.xlsx" for what in ("有误", "有误-已标注"))
    write_workbook(right, vocabulary, made.unit, made.people)
    _spoil(right, wrong)
    mark_workbook(wrong, check_workbook(wrong, vocabulary, notice.area).problems, marked, vocabulary)
    return [right, wrong, marked]


def _spoil(right: Path, wrong: Path) -> None:
    book: Any = load_workbook(right)
    for sheet, heading, spoiled in MISTAKES:
        place = [cell.value for cell in book[sheet][1]].index(heading) + 1
        cell = book[sheet].cell(2, place)
        cell.value = spoiled(cell.value)
    book.save(wrong)


if __name__ == "__main__":
    for path in write(FOLDER):
        print(path)
    sys.exit(0)
