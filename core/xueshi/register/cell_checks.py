"""Checks that Excel itself makes while a cell is typed: drop-down lists of any length, days, numbers, lengths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from xueshi.register.intake_vocabulary import (
    CODE,
    DEPARTMENT,
    KIND,
    LEVELS,
    LISTS,
    NO,
    NONE,
    NOT_THERE,
    RECORDS,
    SEXES,
    THERE,
    UNIT,
    UNIT_KIND_CODES,
    YES,
    FactColumn,
    IntakeVocabulary,
)
from xueshi.register.sheets import NEWEST, OLDEST, letters

SHORT_LIST = 255
"""Characters that Excel takes for a list inside a check; a longer one stands on a hidden sheet under a name."""
LAST_ROW = 200_000
"""Row (from 0) up to which checks and lists reach; they are ranges and cost nothing."""


class OptionLists:
    """Drop-down lists of any length: a short one stands in the check itself, a long one on a hidden sheet under a name."""

    def __init__(self) -> None:
        self._long: dict[tuple[str, ...], str] = {}

    def source(self, words: Sequence[str]) -> Any:
        """Return what a check of the kind `list` names as its source."""
        if len(",".join(words)) <= SHORT_LIST and not any("," in word for word in words):
            return list(words)
        return f"={self._long.setdefault(tuple(words), f'options_{len(self._long) + 1}')}"

    def write(self, book: Any) -> None:
        """Write the long lists that were asked for; once, when all sheets are written."""
        if not self._long:
            return
        sheet = book.add_worksheet(LISTS)
        sheet.hide()
        # Row by row, as a book that is written with constant memory wants it.
        for row in range(max(map(len, self._long))):
            for column, words in enumerate(self._long):
                if row < len(words):
                    sheet.write_string(row, column, words[row])
        for column, (words, name) in enumerate(self._long.items()):
            place = letters(column)
            book.define_name(name, f"={LISTS}!${place}$1:${place}${len(words)}")


class CellChecks:
    """The checks of a workbook's columns by sheet and heading; gathers the lists that need a place of their own."""

    def __init__(self, vocabulary: IntakeVocabulary, last_row: int = LAST_ROW) -> None:
        self.last_row = last_row
        self._vocabulary = vocabulary
        self._facts = {column.heading: column for column in vocabulary.columns}
        self._lists = OptionLists()

    def of(self, sheet: str, heading: str, column: int) -> dict[str, Any] | None:
        """Return the check of a column (counted from 0) in XlsxWriter's words; None where anything may be typed."""
        first = f"{letters(column)}2"
        if heading in self._facts and sheet == RECORDS:
            return self._of_fact(self._facts[heading], first)
        if heading == CODE:
            return _length(18, heading, "18位统一社会信用代码，对照登记证书填写")
        if heading == "地区代码":
            return _length(6, heading, "单位所在地区的6位行政区划代码")
        if heading == "身份证号":
            return _length(18, heading, "18位身份证号，按文本填写")
        if heading == "性别":
            return self._list(SEXES, heading)
        if heading == KIND:
            return self._list(tuple(UNIT_KIND_CODES), heading)
        if heading == DEPARTMENT and sheet == UNIT:
            return self._list((THERE, NOT_THERE), heading)
        if heading == "职称级别":
            return self._list(tuple(LEVELS), heading)
        if heading == "类别":
            return self._list(tuple(self._vocabulary.kinds), heading)
        if heading == "结束日期":
            window = (self._vocabulary.first, self._vocabulary.last)
            return _day(
                *window,
                heading,
                f"须在{window[0].isoformat()} 至 {window[1].isoformat()} 之间，决定计入哪个年度",
            )
        if heading in ("开始日期", "取得职称日期", "入职日期"):
            return _day(OLDEST, NEWEST, heading, "写成 2021-05-10 的样子")
        if heading == "申报学时":
            return _number("decimal", heading, "小时数，不小于 0，最多两位小数")
        if heading == "序号":
            return _number("integer", heading, "1、2、3……")
        return None

    def write_lists(self, book: Any) -> None:
        """Write the long lists on a hidden sheet, each under the name that its check refers to."""
        self._lists.write(book)

    def _of_fact(self, column: FactColumn, first: str) -> dict[str, Any] | None:
        if column.type == "yes_no":
            return self._list((YES, NO, NONE), column.heading)
        if column.values:
            return self._list((*column.values, NONE), column.heading)
        if column.type in ("count", "number"):
            whole = f",{first}=INT({first})" if column.type == "count" else ""
            formula = f'=OR({first}="{NONE}",AND(ISNUMBER({first}),{first}>=0{whole}))'
            what = "不小于 0 的整数" if column.type == "count" else "不小于 0 的数，最多两位小数"
            return _told(
                {"validate": "custom", "value": formula}, column.heading, f"{what}；确实没有的填“{NONE}”"
            )
        if column.type == "list":
            how = "逐日填写，用顿号分开，如 8、6、8；或写明日期，如 2024-05-01：8、2024-05-02：6"
            return _told({"validate": "any"}, column.heading, how)
        if column.type == "date":
            formula = f'=OR({first}="{NONE}",ISNUMBER({first}))'
            how = f"写成 2021-05-10 的样子；确实没有的填“{NONE}”"
            return _told({"validate": "custom", "value": formula}, column.heading, how)
        return None

    def _list(self, words: Sequence[str], heading: str) -> dict[str, Any]:
        return _told(
            {"validate": "list", "source": self._lists.source(words)},
            heading,
            "请从下拉列表中选择",
            prompt=False,
        )


def _length(length: int, heading: str, how: str) -> dict[str, Any]:
    return _told({"validate": "length", "criteria": "==", "value": length}, heading, how)


def _day(first: date, last: date, heading: str, how: str) -> dict[str, Any]:
    check = {"validate": "date", "criteria": "between", "minimum": first, "maximum": last}
    # A day that is typed as text is read as well, where it is clear: Excel asks, it does not forbid.
    return _told({**check, "error_type": "warning"}, heading, how)


def _number(kind: str, heading: str, how: str) -> dict[str, Any]:
    return _told({"validate": kind, "criteria": ">=", "value": 0}, heading, how)


def _told(check: dict[str, Any], heading: str, how: str, *, prompt: bool = True) -> dict[str, Any]:
    """Add the words that Excel shows: beside the cell while it is filled, and when it refuses."""
    told = {**check, "error_title": "请核对", "error_message": f"{heading}：{how}"[:255]}
    return {**told, "input_title": heading[:32], "input_message": how[:255]} if prompt else told
