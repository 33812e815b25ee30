"""What stands behind a figure of a yearly table: exactly the people (or classes, units, areas) that it counts.

Pure: the same amounts that the table was summed from are listed here line by line, so that a list and its figure
cannot disagree; `recount` does the sum again from the list alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xueshi.documents.statistics import (
    TOTAL,
    PersonStudy,
    UnitFund,
    amount_of,
    classes_of,
    fund_amount,
    participation_rate,
)
from xueshi.documents.types import FigureLine, FigureList, TableColumn, YearTable
from xueshi.errors import InputError

PEOPLE_HEADINGS = ("单位", "姓名", "身份证号")
CLASS_HEADINGS = (*PEOPLE_HEADINGS, "班次")
UNIT_HEADINGS = ("单位",)


@dataclass(frozen=True)
class Who:
    """How a person or unit stands in a list: names, and the identity number as it may be shown (masked)."""

    unit: str
    name: str = ""
    identity: str = ""


def figure_list(
    table: YearTable,
    key: str,
    row: str | None,
    people: Sequence[PersonStudy],
    funds: Sequence[UnitFund],
    names: Mapping[str, Who],
    row_label: str = TOTAL,
) -> FigureList:
    """Return the list behind one figure: column `key` of the row `row` (None: the totals).

    `names` gives who a person (`PersonStudy.who`) or unit (`UnitFund.unit`) is. Raises InputError naming the columns
    that there are.
    """
    column = column_of(table, key)
    key = column.key
    chosen = [person for person in people if row is None or person.group == row]
    kind = key.partition(".")[0]
    if kind == "fund":
        stated = [
            FigureLine((names[fund.unit].unit,), amount)
            for fund in funds
            if (row is None or fund.unit == row) and (amount := fund_amount(fund, key)) is not None
        ]
        return FigureList(column, row_label, UNIT_HEADINGS, tuple(stated), "sum")
    if kind == "classes":
        attended = [
            FigureLine((*_named(names, person), one), 1)
            for person in chosen
            for one in sorted(classes_of(person, key))
        ]
        return FigureList(column, row_label, CLASS_HEADINGS, tuple(attended), "distinct")
    lines = [
        FigureLine(_named(names, person), amount)
        for person in chosen
        if (amount := amount_of(person, key, table.columns))
    ]
    counted: Literal["sum", "ratio"] = "ratio" if key == "rate" else "sum"
    return FigureList(column, row_label, PEOPLE_HEADINGS, tuple(lines), counted, len(chosen))


def column_of(table: YearTable, key: str) -> TableColumn:
    """Return a column by its key or its Chinese heading. Raises InputError naming those that there are."""
    for column in table.columns[1:]:
        if key in (column.key, column.label):
            return column
    known = "、".join(f"{column.key}（{column.label}）" for column in table.columns[1:])
    raise InputError(f"《{table.title}》没有指标“{key}”；可用：{known}")


def row_of(groups: Sequence[tuple[str, str]], row: str) -> tuple[str | None, str]:
    """Return (key, label) of a row by its key or heading; (None, 合计) for the totals. Raises InputError."""
    if row in ("", "total", TOTAL):
        return None, TOTAL
    for key, label in groups:
        if row in (key, label):
            return key, label
    raise InputError(
        f"统计表没有“{row}”这一行；可用：{'、'.join(f'{key or label}（{label}）' for key, label in groups)}、{TOTAL}"
    )


def recount(found: FigureList) -> int | None:
    """Return the figure that a list's lines give by themselves; None for an amount that nobody stated."""
    if found.counted == "distinct":
        return len({line.cells[-1] for line in found.lines})
    if found.counted == "ratio":
        return participation_rate(sum(line.amount for line in found.lines), found.of)
    if not found.lines and found.column.key.partition(".")[0] == "fund":
        return None
    return sum(line.amount for line in found.lines)


def _named(names: Mapping[str, Who], person: PersonStudy) -> tuple[str, str, str]:
    who = names.get(person.who, Who(""))
    return who.unit, who.name, who.identity
