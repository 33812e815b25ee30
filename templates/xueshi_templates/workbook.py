"""Yearly tables as workbooks (.xlsx): exact figures, defined columns, the same bytes for the same data."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from xueshi.documents.template import DocumentTemplate
from xueshi.documents.types import DocumentData, FigureList, TableColumn, YearTable
from xueshi.errors import RenderError
from xueshi_templates.words import chinese_date

SAMPLE_MARK = "示例（演示数据，非正式文件）"
SCALES = {"学时": 100, "%": 100, "元": 100}
"""Units whose values come as whole hundredths."""
FACE = "宋体"
_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")
"""What Excel does not allow in a sheet's name."""
HEADING_ROW_HEIGHT = 48
WIDE_COLUMNS = 12
"""Up to so many columns stand at their full width."""


def table_workbook(template: DocumentTemplate, data: DocumentData, lists: Sequence[FigureList] = ()) -> bytes:
    """Return the workbook of a yearly table: the table with its head, and a sheet that defines every column.

    Values of the units 学时, % and 元 are whole hundredths and shown as decimals; a value of None is shown as “—”.
    With `lists` each figure that has one is a link to it, on a sheet for each column.
    """
    if not isinstance(data, YearTable):
        raise RenderError(f"《{template.title}》不是统计表，不能生成 xlsx。")
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    # The workbook bears the date of the table: with the clock's time no two files would be equal.
    made = datetime(data.made_on.year, data.made_on.month, data.made_on.day, tzinfo=UTC)
    book.set_properties({"title": data.title, "author": data.reporting_body, "created": made})
    looks = _looks(book)
    table, definitions = book.add_worksheet("统计表"), book.add_worksheet("指标说明")
    links = _write_lists(book, lists, looks)
    _write_table(table, template, data, looks, links)
    _write_definitions(definitions, data, looks)
    book.close()
    return stream.getvalue()


def _looks(book: xlsxwriter.Workbook) -> dict[str, Format]:
    plain: dict[str, Any] = {"font_name": FACE, "font_size": 11, "valign": "vcenter"}
    cell = {**plain, "border": 1, "align": "center"}
    return {
        "title": book.add_format({**plain, "font_size": 18, "bold": True, "align": "center"}),
        "line": book.add_format(plain),
        "right": book.add_format({**plain, "align": "right"}),
        "mark": book.add_format({**plain, "font_size": 9, "font_color": "#666666", "align": "right"}),
        "heading": book.add_format({**cell, "bold": True, "text_wrap": True, "bg_color": "#F2F2F2"}),
        "text": book.add_format({**cell, "text_wrap": True}),
        "count": book.add_format({**cell, "num_format": "0"}),
        "hours": book.add_format({**cell, "num_format": "0.##"}),
        "whole_hours": book.add_format({**cell, "num_format": "0"}),
        "percent": book.add_format({**cell, "num_format": "0.00"}),
        "note": book.add_format({**plain, "text_wrap": True, "valign": "top", "font_size": 10}),
        "link": book.add_format({**plain, "font_color": "#0563C1", "underline": 1}),
        "left": book.add_format({**plain, "border": 1, "text_wrap": True}),
    }


def _write_lists(
    book: xlsxwriter.Workbook, lists: Sequence[FigureList], looks: Mapping[str, Format]
) -> dict[tuple[str, str], str]:
    """Write a sheet for each column that has lists, its rows one below the other; returns where each list begins."""
    links: dict[tuple[str, str], str] = {}
    columns = dict.fromkeys(one.column.key for one in lists)
    for number, key in enumerate(columns, 1):
        of_column = [one for one in lists if one.column.key == key]
        column = of_column[0].column
        name = _SHEET_NAME.sub("", f"{number}.{column.label}")[:31]
        sheet = book.add_worksheet(name)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 4, 24)
        _fit_to_width(sheet)
        sheet.write_url(0, 0, "internal:'统计表'!A1", looks["link"], string="返回统计表")
        sheet.merge_range(1, 0, 1, 4, f"{column.label}：{column.definition}", looks["note"])
        sheet.set_row(1, 30)
        row = 3
        for one in of_column:
            links[key, one.row] = f"internal:'{name}'!A{row + 1}"
            sheet.write_string(row, 0, f"{column.label}　{one.row}", looks["line"])
            for place, heading in enumerate((*one.headings, column.unit or "数量")):
                sheet.write_string(row + 1, place, heading, looks["heading"])
            row += 2
            for line in one.lines:
                for place, text in enumerate(line.cells):
                    sheet.write_string(row, place, text, looks["left"])
                amount = TableColumn(column.key, "", "", "人" if one.counted == "ratio" else column.unit)
                _write_value(sheet, (row, len(line.cells)), amount, line.amount, looks)
                row += 1
            row += 1
    return links


def _write_table(
    sheet: Worksheet,
    template: DocumentTemplate,
    data: YearTable,
    looks: Mapping[str, Format],
    links: Mapping[tuple[str, str], str],
) -> None:
    words = template.fields
    last = max(len(data.columns) - 1, 3)
    row = 0
    if data.sample:
        sheet.merge_range(row, 0, row, last, SAMPLE_MARK, looks["mark"])
        row += 1
    sheet.merge_range(row, 0, row, last, data.title, looks["title"])
    sheet.set_row(row, 32)
    half = last // 2
    sheet.merge_range(
        row + 1,
        0,
        row + 1,
        half,
        f"{words.get('reporting_body', '填报单位（盖章）：')}{data.reporting_body}",
        looks["line"],
    )
    _span(
        sheet,
        row + 1,
        (half + 1, last),
        f"{words.get('made_on', '填表日期：')}{chinese_date(data.made_on)}",
        looks["right"],
    )
    period = f"{chinese_date(data.period_start)}至{chinese_date(data.period_end)}"
    sheet.merge_range(
        row + 2, 0, row + 2, half, f"{words.get('period', '统计期间：')}{period}", looks["line"]
    )
    _span(sheet, row + 2, (half + 1, last), str(words.get("units", "")), looks["right"])
    row += 3
    # On the one page of a signed copy many columns must be narrow, or nobody can read them.
    many = len(data.columns) > WIDE_COLUMNS
    sheet.set_row(row, HEADING_ROW_HEIGHT * (2 if many else 1))
    for place, column in enumerate(data.columns):
        heading = f"{column.label}（{column.unit}）" if column.unit else column.label
        sheet.write_string(row, place, heading, looks["heading"])
        sheet.set_column(place, place, (8 if many else 14) if place else (10 if many else 16))
    first_row = row + 1
    rows = [*data.rows, data.totals] if data.totals else list(data.rows)
    for offset, values in enumerate(rows):
        for place, column in enumerate(data.columns):
            at = (first_row + offset, place)
            link = links.get((column.key, str(values.get(data.columns[0].key))))
            if link is not None:
                # The number written over it keeps the link.
                sheet.write_url(*at, link, looks["count"], string="")
            _write_value(sheet, at, column, values.get(column.key), looks)
    row = first_row + len(rows)
    for note in (*data.notes, *([f"依据：{data.clause}"] if data.clause else [])):
        sheet.merge_range(row, 0, row, last, note, looks["note"])
        sheet.set_row(row, 15 * (1 + len(note) // (7 * (last + 1))))
        row += 1
    for place, words_below in enumerate(_strings(words.get("signatures", ()))):
        sheet.write_string(row + 1, place * 2, words_below, looks["line"])
    sheet.freeze_panes(first_row, 1)
    _fit_to_width(sheet)
    sheet.repeat_rows(first_row - 1)
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _write_definitions(sheet: Worksheet, data: YearTable, looks: Mapping[str, Format]) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 2, 90)
    _fit_to_width(sheet)
    for place, heading in enumerate(("指标", "单位", "说明")):
        sheet.write_string(0, place, heading, looks["heading"])
    for row, column in enumerate(data.columns, 1):
        sheet.write_string(row, 0, column.label, looks["left"])
        sheet.write_string(row, 1, column.unit or "—", looks["text"])
        sheet.write_string(row, 2, column.definition, looks["left"])
        sheet.set_row(row, 16 * (1 + len(column.definition) // 42))


def _write_value(
    sheet: Worksheet,
    at: tuple[int, int],
    column: TableColumn,
    value: str | int | None,
    looks: Mapping[str, Format],
) -> None:
    if value is None:
        sheet.write_string(*at, "—", looks["text"])
    elif isinstance(value, str):
        sheet.write_string(*at, value, looks["text"])
    elif column.unit in SCALES:
        look = "percent" if column.unit in ("%", "元") else ("whole_hours" if value % 100 == 0 else "hours")
        sheet.write_number(*at, Decimal(value) / SCALES[column.unit], looks[look])
    else:
        sheet.write_number(*at, value, looks["count"])


def _fit_to_width(sheet: Worksheet) -> None:
    """Print on landscape A4, as many pages long as it takes, one wide."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _span(sheet: Worksheet, row: int, columns: tuple[int, int], text: str, look: Format) -> None:
    """Write over several columns; XlsxWriter refuses to merge a single one."""
    first, last = columns
    if first < last:
        sheet.merge_range(row, first, row, last, text, look)
    else:
        sheet.write_string(row, first, text, look)


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()
