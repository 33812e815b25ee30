"""Cells that hold a fact: read by the fact's type, words by their Chinese labels, 无 as stated none."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from xueshi.register.cell_text import narrow, read_day
from xueshi.register.sheets import Row, near
from xueshi.register.workbook import NO, NONE, YES, FactColumn

BAD = object()
"""What a wrong cell reads as, after its problem was noted."""


def read_fact(row: Row, column: FactColumn) -> object:
    """Return the value of a fact's cell: None where the cell says 无, `BAD` where it is wrong."""
    text = row.text(column.heading)
    try:
        return parse_fact(text, column, serial_days=row.sheet.serial_days)
    except ValueError as error:
        row.problem(column.heading, f"“{text}”{error}", "请更正；不知道的留空，确实没有的填“无”")
        return BAD


def parse_fact(text: str, column: FactColumn, *, serial_days: bool = True) -> object:
    """Return what a text states for a fact, None for 无. Raises ValueError that says what it should be."""
    if text == NONE:
        return None
    if column.type == "date":
        return read_day(text, serial=serial_days).isoformat()
    return _READERS[column.type](text, column)


def _yes_no(text: str, _column: FactColumn) -> object:
    if text not in (YES, NO):
        raise ValueError(f"应为“{YES}”或“{NO}”")
    return text == YES


def _count(text: str, _column: FactColumn) -> object:
    text = narrow(text)
    if not text.isdecimal():
        raise ValueError("应为不小于 0 的整数")
    return int(text)


def _number(text: str, _column: FactColumn) -> object:
    try:
        value = Decimal(narrow(text))
    except InvalidOperation as error:
        raise ValueError("应为数字") from error
    if not value.is_finite() or value < 0 or value * 100 != int(value * 100):
        raise ValueError("应为不小于 0 的数，最多两位小数")
    return int(value) if value == int(value) else f"{value:f}"


def _word(text: str, column: FactColumn) -> object:
    if not column.values:
        return text
    if text not in column.values:
        raise ValueError(f"不在可填的值中{near(text, list(column.values))}；可填：{'、'.join(column.values)}")
    return column.values[text]


_READERS: dict[str, Callable[[str, FactColumn], object]] = {
    "yes_no": _yes_no,
    "count": _count,
    "number": _number,
    "word": _word,
    "id": lambda text, _column: text,
}
