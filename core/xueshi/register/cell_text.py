"""What people type into a cell, in the one spelling that is read: full-width digits, stray blanks, dates of many forms."""

from __future__ import annotations

import re
from datetime import date, timedelta

_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
"""Full-width signs, as a Chinese keyboard types digits, letters and points, and their narrow twins."""
_UNSEEN = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0x202A, 0x202F)))
"""Characters without width that come along when a number is copied from a web page or a chat."""
_DAY = re.compile(
    r"^(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})[日号]?(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.0+)?)?)?$"
)
_EIGHT_DIGITS = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_SERIAL = re.compile(r"^\d{5}$")
_MONTH = re.compile(r"^\d{4}(?:[-./年]\d{1,2}月?)$")
_SHORT_YEAR = re.compile(r"^\d{2}[-./年]\d{1,2}[-./月]\d{1,2}[日号]?$")
_YEAR_LAST = re.compile(r"^\d{1,2}[-./]\d{1,2}[-./]\d{4}$")
FIRST_SERIAL, LAST_SERIAL = 18_264, 73_415
"""Excel's numbers of 1950-01-01 and 2100-12-31: a five-digit number in a column of dates can be nothing else."""
_EPOCH = date(1899, 12, 30)


def seen(text: str) -> str:
    """Return a text as its writer sees it: without blanks at its ends and without characters that have no width."""
    return text.translate(_UNSEEN).strip()


def narrow(text: str) -> str:
    """Return a number, code or date in narrow signs: `９９０１` → `9901`."""
    return seen(text).translate(_WIDE).strip()


def heading_key(text: str) -> str:
    """Return a heading as it is compared: line breaks, blanks and the width of brackets do not count."""
    return "".join(narrow(text).split())


def read_day(text: str, *, serial: bool = True) -> date:
    """Read a day as officers write it, where only one day can be meant.

    2021-05-10, 2021.5.10, 2021/5/10, 2021年5月10日, 20210510, with a time behind, and (with `serial`) Excel's own
    number 44326. Raises ValueError that says why a text is none: month without day, year of two digits, order unclear.
    """
    plain = narrow(text)
    match = _DAY.match(plain) or _EIGHT_DIGITS.match(plain)
    if match is not None:
        try:
            return date(*(int(part) for part in match.groups()))
        except ValueError:
            raise ValueError("不是日期") from None
    if serial and _SERIAL.match(plain) and FIRST_SERIAL <= int(plain) <= LAST_SERIAL:
        return _EPOCH + timedelta(days=int(plain))
    if _MONTH.match(plain):
        raise ValueError("只有年月，没有写明哪一日")
    if _SHORT_YEAR.match(plain):
        raise ValueError("的年份应写四位")
    if _YEAR_LAST.match(plain):
        raise ValueError("看不出哪个是月、哪个是日")
    raise ValueError("不是日期")


def guarded(text: str) -> str:
    """Return a text that a spreadsheet shows and never runs: what would begin a formula in a CSV gets an apostrophe."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
