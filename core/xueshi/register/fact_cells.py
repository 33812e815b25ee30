"""Cells that hold a fact: read by the fact's type, words by their Chinese labels, 无 as stated none."""

from __future__ import annotations

import re
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
    value = _READERS[column.type](text, column)
    if column.range is not None and column.type != "list":
        least, most = column.range
        if not least <= Decimal(str(value)) <= most:
            raise ValueError(f"应在{least}至{most}之间")
    return value


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


def _list(text: str, _column: FactColumn) -> object:
    """Read `8、6、8`, hours day by day, or `2024-05-01：8、2024-05-02：6` with their days."""
    parts = [part.strip() for part in _APART.split(narrow(text)) if part.strip()]
    dated = [_DATED.fullmatch(part) for part in parts]
    if not parts or (any(dated) and not all(dated)):
        raise ValueError("应为逐日学时，如 8、6、8，或 2024-05-01：8、2024-05-02：6")
    if not any(dated):
        return [_hours_of_day(part) for part in parts]
    days = {read_day(match[1], serial=False).isoformat(): _hours_of_day(match[2]) for match in dated if match}
    if len(days) < len(parts):
        raise ValueError("中有一天写了两次")
    return days


def _hours_of_day(text: str) -> object:
    hours = _number(text, _HOURS)
    if Decimal(str(hours)) > _DAY:
        raise ValueError(f"中“{text}”多于一天的{_DAY}小时")
    return hours


_APART = re.compile(r"[、,，;；\n]")
_DATED = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})\s*[:：=]\s*(.+)")
_HOURS = FactColumn("daily_hours", "每日学时", "list", {})
_DAY = 24

_READERS: dict[str, Callable[[str, FactColumn], object]] = {
    "yes_no": _yes_no,
    "count": _count,
    "number": _number,
    "word": _word,
    "id": lambda text, _column: text,
    "list": _list,
}
